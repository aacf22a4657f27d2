// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"time"

	"example.org/libkb/internal/ckb"
)

// Run is a run of a plan, to be ranged over; it starts then. Its last event is PlanDone, and comes with the error when the run failed. What
// could not be started yields one error alone. Leaving the loop early cancels the run, and waits until it has ended, which no host can delay. A
// context.Context that is done cancels it too, and its deadline is the run's: the events go on until what became of each host was told.
//
// Ranging over it again starts the plan again, once it has ended: ErrBusy before. Each run gets its own events, also when those of the one before were not
// all taken yet.
type Run iter.Seq2[Event, error]

// Wait runs it to its end, and gives the error of a run that failed. For hosts that ask nothing: a question would stay open until its time is up.
func (r Run) Wait() error {
	for _, err := range r {
		if err != nil {
			return err
		}
	}
	return nil
}

// run is a plan that was started.
type run struct {
	core        *core
	raw         ckb.Plan
	number      int64
	hasDeadline bool
	ended       chan struct{} // closed when its plan is
	queue       []Event       // under core.mu
}

func (p *Plan) start(ctx context.Context, mode int) (*run, error) {
	r := &run{core: p.handle.context.core, raw: p.handle.raw, ended: make(chan struct{})}
	if ctx.Err() != nil {
		return nil, &Error{Code: ErrCanceled, Cause: "the run was not started: " + ctx.Err().Error(), also: context.Cause(ctx)}
	}
	timeoutMs := int64(-1)
	if deadline, is := ctx.Deadline(); is {
		r.hasDeadline = true
		timeoutMs = max(1, int64((time.Until(deadline)+time.Millisecond-1)/time.Millisecond))
	}
	return r, p.handle.do(func(raw ckb.Plan) (err error) {
		if r.number, err = raw.Start(mode, timeoutMs).Get(); err == nil {
			r.core.runs[r] = struct{}{}
			r.collect()
		}
		return err
	})
}

// ranged is a Run of a plan in one of libkb's modes.
func (p *Plan) ranged(ctx context.Context, mode int) Run {
	return func(yield func(Event, error) bool) {
		defer runtime.KeepAlive(p)
		r, err := p.start(ctx, mode)
		if err != nil {
			yield(Event{}, err)
			return
		}
		isOver := false
		defer func() {
			if !isOver {
				r.abandon()
			}
		}()
		defer context.AfterFunc(ctx, func() {
			if ctx.Err() != context.DeadlineExceeded { // that one libkb has, and tells by another code
				_ = r.core.cancel(r.number)
			}
		})()
		for !isOver {
			ev, err := r.next()
			if isOver = err != nil || ev.Kind == PlanDone; err == nil && isOver {
				err = r.because(ev.Err, ctx)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// because adds to what it ended with why its context.Context is done. libkb's clock may be a little ahead of that one's.
func (r *run) because(err error, ctx context.Context) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	more := *e
	switch more.also = context.Cause(ctx); {
	case e.Code == ErrTimeout && r.hasDeadline && more.also == nil:
		more.also = context.DeadlineExceeded
	case more.also == nil:
		return err
	}
	return &more
}

// abandon cancels it, and follows it to its end.
func (r *run) abandon() {
	err := r.core.cancel(r.number)
	for ev := (Event{}); err == nil && ev.Kind != PlanDone; {
		ev, err = r.next()
	}
}

// next waits for an event. Of all goroutines that wait on one context one has the lead: it waits for the descriptor, and dispatches for all.
func (r *run) next() (Event, error) {
	for {
		if ev, err, is := r.take(); is {
			return ev, err
		}
		select {
		case r.core.lead <- struct{}{}:
			err := r.core.pump(r)
			<-r.core.lead
			if err != nil {
				return Event{}, err
			}
		case <-r.ended:
		case <-r.core.done:
		}
	}
}

func (r *run) take() (ev Event, err error, is bool) {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if len(r.queue) > 0 {
		if ev, r.queue = r.queue[0], r.queue[1:]; ev.Kind == PlanDone {
			delete(r.core.runs, r)
		}
		return ev, nil, true
	}
	if _, is := r.core.runs[r]; !is {
		return ev, closed(), true
	}
	return ev, nil, false
}

// isPending: there is something to take. Under mu.
func (r *run) isPending() bool {
	_, is := r.core.runs[r]
	return len(r.queue) > 0 || !is
}

// collect takes the events that libkb has for it. Under mu. After its last one come those of the plan's next run, and are for that one.
func (r *run) collect() {
	if last := len(r.queue) - 1; last >= 0 && r.queue[last].Kind == PlanDone {
		return
	}
	for raw := r.raw.NextEvent(); raw != nil; raw = r.raw.NextEvent() {
		r.queue = append(r.queue, eventOf(raw))
	}
}

// end: its plan was closed. Under mu.
func (r *run) end() {
	delete(r.core.runs, r)
	close(r.ended)
}
