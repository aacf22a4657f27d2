// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"runtime"
	"sync"

	"example.org/libkb/internal/ckb"
)

// Context is where everything is made from, and what waits. Any goroutine may use it and what was made from it at any time.
type Context struct {
	core    *core
	cleanup runtime.Cleanup
}

// core is what a Context and everything made from it share. It refers to none of them, so that each can be collected. libkb takes one call
// at a time on a context: mu is held around each, and none of them waits.
type core struct {
	mu       sync.Mutex
	raw      ckb.Ctx
	owned    map[ckb.Handle]struct{} // what the context's children stand for, until they are closed or collected
	runs     map[*run]struct{}       // those that have not ended
	isClosed bool
	gate     *gate // once something waited

	lead   chan struct{} // holds a token while a goroutine waits on the descriptor and dispatches: one at a time
	isBusy bool          // under lead: the last wait was shorter than linger
	done   chan struct{} // closed when the context is

	cancelMu sync.Mutex // over isGone: cancelling waits for no other call
	isGone   bool
}

// New makes a context. Close it.
func New() (*Context, error) {
	raw, err := ckb.New().Get()
	if err != nil {
		return nil, wrap(err)
	}
	c := &core{
		raw:   raw,
		owned: map[ckb.Handle]struct{}{},
		runs:  map[*run]struct{}{},
		lead:  make(chan struct{}, 1),
		done:  make(chan struct{}),
	}
	made := &Context{core: c}
	made.cleanup = runtime.AddCleanup(made, (*core).close, c)
	return made, nil
}

// Close ends the context and everything made from it, whoever still holds it: what runs is cancelled, and whoever waits gets ErrClosed. Closing
// twice is nothing. It is always nil.
func (c *Context) Close() error {
	c.cleanup.Stop()
	c.core.close()
	return nil
}

// Cancel cancels a run by its number (Event.Run), or all of them for 0. It returns at once; what became of each host arrives as events, and the
// run's last event says ErrCanceled.
func (c *Context) Cancel(run int64) error {
	defer runtime.KeepAlive(c)
	return c.core.cancel(run)
}

// Version is the version of the library that runs, such as "0.1.0".
func Version() string { return ckb.Version() }

func (c *core) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return
	}
	c.isClosed = true
	close(c.done)
	if c.gate != nil {
		c.gate.file.Close()
	}
	clear(c.runs)
	for raw := range c.owned {
		c.release(raw)
	}
	ckb.Close(c.raw)
	c.cancelMu.Lock()
	c.isGone = true
	c.cancelMu.Unlock()
	ckb.Drop(c.raw)
}

func (c *core) cancel(run int64) error {
	for {
		c.cancelMu.Lock()
		if c.isGone {
			c.cancelMu.Unlock()
			return closed()
		}
		_, err := c.raw.Cancel(run).Get()
		c.cancelMu.Unlock()
		if err = wrap(err); err == nil || err.(*Error).Code != ErrBusy {
			return err
		}
		if err := c.do(c.dispatch); err != nil { // makes room for more to be cancelled
			return err
		}
	}
}

// do is the way of all calls: in turn, and none after Close.
func (c *core) do(call func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return closed()
	}
	return wrap(call())
}

// ask is do for a call that tells something, or fails.
func ask[T any](c *core, call func() ckb.Outcome[T]) (value T, err error) {
	err = c.do(func() (err error) {
		value, err = call().Get()
		return err
	})
	return value, err
}

// release gives back what a child stands for. Under mu.
func (c *core) release(raw ckb.Handle) {
	if _, isOwned := c.owned[raw]; isOwned {
		delete(c.owned, raw)
		ckb.Close(raw)
		ckb.Drop(raw)
	}
}

// handle is what Host, Plan, Task and Cluster are: libkb's, until it is closed or collected.
type handle[T ckb.Handle] struct {
	context  *Context // keeps it from being collected
	raw      T
	isClosed bool // under core.mu
	cleanup  runtime.Cleanup
}

type lost struct {
	core *core
	raw  ckb.Handle
}

// adopt fills a new child's handle. The context is closed before its children are forgotten, so under mu a raw handle is valid.
func adopt[P any, T ckb.Handle](c *Context, child *P, h *handle[T], raw T) *P {
	h.context, h.raw = c, raw
	c.core.owned[raw] = struct{}{}
	h.cleanup = runtime.AddCleanup(child, func(l lost) {
		l.core.mu.Lock()
		defer l.core.mu.Unlock()
		l.core.release(l.raw)
	}, lost{c.core, raw})
	return child
}

// make is ask for a call that makes a child.
func makeChild[P any, T ckb.Handle](c *Context, child *P, h *handle[T], call func() ckb.Outcome[T]) (*P, error) {
	defer runtime.KeepAlive(c)
	err := c.core.do(func() error {
		raw, err := call().Get()
		if err == nil {
			adopt(c, child, h, raw)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return child, nil
}

// do is core.do with the child alive until the call has ended: without that it could be collected, and freed, during it.
func (h *handle[T]) do(call func(raw T) error) error {
	defer runtime.KeepAlive(h)
	return h.context.core.do(func() error {
		if h.isClosed {
			return closed()
		}
		return call(h.raw)
	})
}

// tell is do for what cannot fail: the zero value of what is closed.
func tell[R any, T ckb.Handle](h *handle[T], call func(raw T) R) (value R) {
	_ = h.do(func(raw T) error {
		value = call(raw)
		return nil
	})
	return value
}

func (h *handle[T]) close() {
	h.cleanup.Stop()
	core := h.context.core
	core.mu.Lock()
	defer core.mu.Unlock()
	if !h.isClosed {
		h.isClosed = true
		core.release(h.raw)
	}
}
