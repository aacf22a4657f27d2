// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"example.org/libkb/internal/ckb"
)

// Code says what a caller would do next about an error. It is an error itself: errors.Is(err, kb.ErrUnreachable).
type Code int

// The codes. The values are fixed for ever.
const (
	OK             Code = 0
	ErrInvalid     Code = -1  // the input is wrong: mend the call or the file
	ErrTooBig      Code = -2  // an input or an answer is over its bound
	ErrNoMemory    Code = -3  // out of memory
	ErrIO          Code = -4  // a local file or descriptor failed
	ErrUnreachable Code = -5  // no connection, or it was lost: may be tried again
	ErrTrust       Code = -6  // the host key is unknown, changed, revoked or not the pinned one
	ErrAuth        Code = -7  // the host refused the login
	ErrPrivilege   Code = -8  // logged in, but no way to become root
	ErrProtocol    Code = -9  // the peer does not talk as it should
	ErrTimeout     Code = -10 // the deadline passed
	ErrCanceled    Code = -11 // the caller cancelled it
	ErrBusy        Code = -12 // the plan runs already
	ErrLocked      Code = -13 // another controller or job holds the host, apt or dpkg
	ErrConflict    Code = -14 // the host holds a state that is not ours to change
	ErrStep        Code = -15 // the step ran on the host and failed there
	ErrVerify      Code = -16 // the step ran, and the host still differs from what was asked
	ErrIntegrity   Code = -17 // a checksum, signature or fingerprint is not the pinned one
	ErrUnsupported Code = -18 // this combination cannot work (version, architecture, flavour)
)

// String is the name of a code as a program would print it, such as "KB_ETIMEOUT".
func (c Code) String() string { return ckb.ErrName(int(c)) }

// Error is the same as String.
func (c Code) Error() string { return c.String() }

// ErrClosed is what a call on something that was closed, or whose Context was, fails with: errors.Is(err, kb.ErrClosed).
var ErrClosed = errors.New("kb: closed")

// Error is a failure. Its text is one line: who, what, how it was. It never holds a secret.
type Error struct {
	Code     Code     // what a caller would do next
	ID       string   // a stable name of this very error for programs, such as "init.advertise-address-missing", or ""
	Host     string   // the host's name, or ""
	Step     string   // the step's name, or ""
	Cause    string   // one line: who, what, how it was
	Evidence []string // log lines, addresses, states that were seen; escaped
	Fix      string   // the call or setting that would mend it, as a reader would type it, or ""

	also error // why a run ended: the cause of its context.Context; or ErrClosed
}

// Error is the cause.
func (e *Error) Error() string { return e.Cause }

// Unwrap makes errors.Is know the Code; context.Canceled for what was cancelled, os.ErrDeadlineExceeded for what took too long; and the
// cause of the context.Context that ended a run.
func (e *Error) Unwrap() []error {
	is := []error{e.Code}
	switch e.Code {
	case ErrCanceled:
		is = append(is, context.Canceled)
	case ErrTimeout:
		is = append(is, os.ErrDeadlineExceeded)
	}
	if e.also != nil {
		is = append(is, e.also)
	}
	return is
}

// Timeout says whether the deadline passed.
func (e *Error) Timeout() bool { return e.Code == ErrTimeout }

// LogValue makes log/slog print the parts that there are.
func (e *Error) LogValue() slog.Value {
	var parts attrs
	parts.text("code", e.Code.String())
	parts.text("id", e.ID)
	parts.text("host", e.Host)
	parts.text("step", e.Step)
	parts.text("cause", e.Cause)
	parts.text("fix", e.Fix)
	return slog.GroupValue(parts...)
}

// wrap is what the raw layer's errors are here; nil of nil.
func wrap(err error) error {
	raw, isRaw := err.(*ckb.Err)
	if !isRaw {
		return err
	}
	e := &Error{
		Code: Code(raw.Code), ID: raw.ID, Host: raw.Host, Step: raw.Step, Cause: raw.Cause, Evidence: raw.Evidence, Fix: raw.Fix,
	}
	if raw.IsClosed {
		e.also = ErrClosed
	}
	return e
}

func invalid(cause string) error { return &Error{Code: ErrInvalid, Cause: cause} }

func closed() error { return &Error{Code: ErrInvalid, Cause: "it is closed", also: ErrClosed} }

// attrs collects what is not empty for log/slog.
type attrs []slog.Attr

func (a *attrs) text(key, value string) {
	if value != "" {
		*a = append(*a, slog.String(key, value))
	}
}

func (a *attrs) number(key string, value int64) {
	if value != 0 {
		*a = append(*a, slog.Int64(key, value))
	}
}
