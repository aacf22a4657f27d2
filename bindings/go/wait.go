// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"os"
	"syscall"

	"example.org/libkb/internal/ckb"
)

// readable gives the descriptor of the context, in Go's poller: who waits for it is parked, and holds no thread.
func (c *core) readable() (syscall.RawConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return nil, closed()
	}
	if c.file == nil {
		fd, err := c.raw.Fd().Get()
		if err != nil {
			return nil, wrap(err)
		}
		// a duplicate, since the poller closes its own
		twin, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
		if errno != 0 {
			return nil, &Error{Code: ErrIO, Cause: "the context's descriptor cannot be duplicated: " + errno.Error(), also: errno}
		}
		c.file = os.NewFile(twin, "libkb")
	}
	return c.file.SyscallConn()
}

// pump waits until there is something to do, does it, and hands each run the events that came. For whoever holds the lead; not at all
// when there are events for it already.
func (c *core) pump(r *run) error {
	conn, err := c.readable()
	if err != nil || r.has() {
		return err
	}
	// the poller tells of changes only: what is readable already has to be asked for
	if err := conn.Read(ckb.IsReadable); err != nil {
		return nil // it was closed meanwhile, which the caller sees
	}
	return c.do(c.dispatch)
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
