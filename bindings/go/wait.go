// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"os"
	"syscall"

	"example.org/libkb/internal/ckb"
)

// readable gives the descriptor of the context, in Go's poller: who waits for it is parked, and holds no thread. Under mu.
func (c *core) readable() (syscall.RawConn, error) {
	if c.file == nil {
		fd, err := c.raw.Fd().Get()
		if err != nil {
			return nil, err
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

// pump waits until there is something to do, does it, and takes the events of all runs. For whoever holds the lead; not at all when there
// is something for it already. Who waits for the lead gets it next, and finds its own.
func (c *core) pump(r *run) error {
	var conn syscall.RawConn
	err := c.do(func() (err error) {
		if !r.isPending() {
			conn, err = c.readable()
		}
		return err
	})
	if err != nil || conn == nil {
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
