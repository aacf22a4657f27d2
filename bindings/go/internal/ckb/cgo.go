// SPDX-License-Identifier: Apache-2.0

// Package ckb is the private raw layer: libkb's functions as SWIG makes them.
//
// Nothing here is freed by the garbage collector. A handle (Ctx, Host, Step, Plan, Task, Cluster) ends with Drop, and may be closed
// before that; an Event or Result ends with DeleteEvent or DeleteResult. After that the value may not be used.
package ckb

//go:generate sh ../../generate.sh

/*
#cgo !libkb_vendored pkg-config: libkb
#include <libkb.h>

// Go's vet takes a number that becomes a pointer for a mistake; these are addresses of C's.
static kb_bytes *to_bytes(long long p) { return (kb_bytes *)(intptr_t)p; }
static kb_err *to_err(long long p) { return (kb_err *)(intptr_t)p; }
static char *to_text(long long p) { return (char *)(intptr_t)p; }
*/
import "C"

// Err is a copy of a kb_err.
type Err struct {
	Code                       int
	ID, Host, Step, Cause, Fix string
	Evidence                   []string
	IsClosed                   bool // the handle was, and libkb was not asked
}

func (e *Err) Error() string { return e.Cause }

// Outcome is the result of a call that can fail.
type Outcome[T any] struct {
	value T
	err   error
}

// Get takes it apart.
func (o Outcome[T]) Get() (T, error) { return o.value, o.err }

// Handle is what Close and Drop take.
type Handle interface{ Swigcptr() uintptr }

// Close ends the use of a handle: libkb frees what stands behind it as soon as no call is inside, and every call from now on is an
// error. A context's runs are cancelled. Any goroutine.
func Close(h Handle) { CloseHandle(uint64(h.Swigcptr())) }

// Hold makes one Drop more due: until then what stands behind a context stays. Of a handle that was not dropped yet.
func Hold(h Handle) { HoldHandle(uint64(h.Swigcptr())) }

// Drop gives the handle back. What libkb has behind it is freed when its children are gone too. Any goroutine, once.
func Drop(h Handle) { DropHandle(uint64(h.Swigcptr())) }

// Failures are negative: a code of libkb's, handle.h's CALL_CLOSED, or minus an address, and no address is below this.
const firstAddress = 4096
const callClosed = -4000

func failed(n int64) error {
	switch {
	case n >= 0:
		return nil
	case n > -firstAddress:
		return bare(int(n))
	}
	err := C.to_err(C.longlong(-n))
	defer C.kb_err_free(err)
	e := &Err{
		Code:  int(C.kb_err_code(err)),
		ID:    C.GoString(C.kb_err_id(err)),
		Host:  C.GoString(C.kb_err_host(err)),
		Step:  C.GoString(C.kb_err_step(err)),
		Cause: C.GoString(C.kb_err_cause(err)),
		Fix:   C.GoString(C.kb_err_fix(err)),
	}
	for i := C.size_t(0); i < C.kb_err_evidence_count(err); i++ {
		e.Evidence = append(e.Evidence, C.GoString(C.kb_err_evidence(err, i)))
	}
	return e
}

func bare(code int) error {
	switch code {
	case callClosed:
		return &Err{Code: C.KB_EINVAL, Cause: "the handle is closed", IsClosed: true}
	case C.KB_EBUSY:
		return &Err{Code: code, Cause: "the context is in use by another thread"}
	}
	return &Err{Code: code, Cause: C.GoString(C.kb_err_name(C.kb_status(code)))}
}

// Only is the outcome of a call that tells nothing.
func Only(err error) Outcome[struct{}] { return Outcome[struct{}]{err: err} }

func outcome[T any](n int64, take func(int64) T) (o Outcome[T]) {
	if o.err = failed(n); o.err == nil {
		o.value = take(n)
	}
	return o
}

func number(n int64) int64 { return n }

func borrowedText(n int64) string { return C.GoString(C.to_text(C.longlong(n))) }

// ownedBytes copies and frees; nil for none.
func ownedBytes(n int64) []byte {
	if n == 0 {
		return nil
	}
	b := C.to_bytes(C.longlong(n))
	defer C.kb_bytes_free(b)
	return C.GoBytes(C.kb_bytes_data(b), C.int(C.kb_bytes_size(b)))
}

// optional marks a text that is there, so that an empty one differs from none.
func optional(text *string) string {
	if text == nil {
		return ""
	}
	return "=" + *text
}
