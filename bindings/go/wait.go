// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"example.org/libkb/internal/ckb"
)

// To park a goroutine and to wake it costs Go's runtime more than a host's packet costs libkb. So where packets follow one another closely the
// next one is waited for without parking, for linger at most; whatever takes longer is waited for in Go's poller, without a thread.
const linger = 2 * time.Millisecond

// lingering has room for one of all contexts, since that one keeps a processor of Go's runtime from other goroutines. The others have the poller.
var lingering = make(chan struct{}, 1)

// gate is libkb's descriptor in Go's poller, behind an epoll of its own that tells of it once each time it was armed: else the poller would be
// woken for each packet, whether someone waits there or not.
type gate struct {
	file *os.File
	fd   int
}

func openGate() (*gate, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err == nil {
		err = syscall.SetNonblock(fd, true) // or it is none for the poller
	}
	if err != nil {
		return nil, &Error{Code: ErrIO, Cause: "the context's descriptor cannot be waited for: " + err.Error(), also: err}
	}
	return &gate{os.NewFile(uintptr(fd), "libkb"), fd}, nil
}

// arm has it open once more when that descriptor is readable, now or later.
func (g *gate) arm(fd int) (syscall.RawConn, error) {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLONESHOT}
	err := syscall.EpollCtl(g.fd, syscall.EPOLL_CTL_MOD, fd, &event)
	if err == syscall.ENOENT {
		err = syscall.EpollCtl(g.fd, syscall.EPOLL_CTL_ADD, fd, &event)
	}
	if err != nil {
		return nil, &Error{Code: ErrIO, Cause: "the context's descriptor cannot be waited for: " + err.Error(), also: err}
	}
	return g.file.SyscallConn()
}

// isOpen asks without waiting. A failure counts as well: whoever waits finds out by dispatching.
func isOpen(gate uintptr) bool {
	var events [1]syscall.EpollEvent
	n, _ := syscall.EpollWait(int(gate), events[:], 0)
	return n != 0
}

// isReadable waits for so long at most, as if it computed: Go's runtime is not told, or its monitor would look at this wait every 20 µs. When
// it wants to stop this goroutine, for a collection say, its signal ends the wait.
func isReadable(fd int, within time.Duration) bool {
	type pollfd struct {
		fd              int32
		events, revents int16
	}
	const in = 1
	asked, timeout := pollfd{fd: int32(fd), events: in}, syscall.NsecToTimespec(within.Nanoseconds())
	n, _, _ := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&asked)), 1, uintptr(unsafe.Pointer(&timeout)), 0, 0, 0)
	return n != 0 // a failure too: whoever asks finds out by dispatching
}

// pump waits until there is something to do, does it, and takes the events of all runs. For whoever holds the lead; not at all when there
// is something for it already. Who waits for the lead gets it next, and finds its own.
func (c *core) pump(r *run) error {
	if c.isBusy {
		if isReady, err := c.lingers(r); isReady || err != nil {
			return err
		}
	}
	var conn syscall.RawConn
	err := c.do(func() (err error) {
		if !r.isPending() {
			conn, err = c.armed()
		}
		return err
	})
	if err != nil || conn == nil {
		return err
	}
	begin := time.Now()
	if err := conn.Read(isOpen); err != nil {
		return nil // it was closed meanwhile, which the caller sees
	}
	c.isBusy = time.Since(begin) < linger
	return c.do(c.dispatch)
}

// armed is what to wait on. Under mu.
func (c *core) armed() (syscall.RawConn, error) {
	fd, err := c.raw.Fd().Get()
	if err == nil && c.gate == nil {
		c.gate, err = openGate()
	}
	if err != nil {
		return nil, err
	}
	return c.gate.arm(int(fd))
}

// lingers is pump without parking, for a little while; not where it would take the only processor. True when there was something to do, or to take.
func (c *core) lingers(r *run) (isReady bool, err error) {
	if runtime.GOMAXPROCS(0) == 1 {
		return false, nil
	}
	select {
	case lingering <- struct{}{}:
		defer func() { <-lingering }()
	default:
		return false, nil
	}
	var fd int64
	err = c.do(func() (err error) {
		if isReady = r.isPending(); isReady {
			return nil
		}
		if fd, err = c.raw.Fd().Get(); err == nil {
			ckb.Hold(c.raw) // Close may come while it waits, and wakes it
		}
		return err
	})
	if isReady || err != nil {
		return isReady, err
	}
	c.isBusy = isReadable(int(fd), linger)
	ckb.Drop(c.raw)
	if !c.isBusy {
		return false, nil
	}
	return true, c.do(c.dispatch)
}

// dispatch does what can be done now. Under mu.
func (c *core) dispatch() error {
	if err := c.raw.Dispatch(); err != nil {
		return err
	}
	for r := range c.runs {
		r.collect()
	}
	return nil
}
