// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"context"
	"runtime"

	"example.org/libkb/internal/ckb"
)

// Host is a host: its name, how to reach it, and how to become root there.
type Host struct {
	handle handle[ckb.Host]
}

// NewHost makes a host. Nothing is connected until a run needs it. The name is what events call it, and the Node's name (DNS-1123, lower case). The
// URI is ssh://[user@]address[:port], with an IPv6 address in brackets; or local: for this machine; or replay:FILE for one that was recorded.
func (c *Context) NewHost(name, uri string) (*Host, error) {
	h := new(Host)
	return makeChild(c, h, &h.handle, func() ckb.Outcome[ckb.Host] { return ckb.HostNew(c.core.raw, name, uri) })
}

// Set sets how to reach it, by a key of HostKeys. Takes effect at the next connection.
func (h *Host) Set(key, value string) error {
	return h.handle.do(func(raw ckb.Host) error { return raw.Set(key, &value) })
}

// Unset puts the default of a key back.
func (h *Host) Unset(key string) error {
	return h.handle.do(func(raw ckb.Host) error { return raw.Set(key, nil) })
}

// SetSecret sets a secret: "password", "sudo_password", "passphrase", "identity_data" or "answers". It is copied, kept apart, never shown, and
// wiped when the host is freed. "" forgets it.
func (h *Host) SetSecret(key string, secret Secret) error {
	return h.handle.do(func(raw ckb.Host) error { return raw.SetSecret(key, secret.bytes()) })
}

// SetJump reaches a host through another one, which keeps its own settings and may have a jump host itself. Takes effect at the next connection. nil:
// directly.
func (h *Host) SetJump(jump *Host) error {
	defer runtime.KeepAlive(jump)
	return h.handle.do(func(raw ckb.Host) error {
		switch {
		case jump == nil:
			return raw.SetJump(nil)
		case jump.handle.context != h.handle.context:
			return invalid("the jump host is of another context")
		case jump.handle.isClosed:
			return closed()
		}
		return raw.SetJump(jump.handle.raw)
	})
}

// Name is the host's name.
func (h *Host) Name() string { return tell(&h.handle, ckb.Host.Name) }

// Get is what a key is set to, or its default; "" when it has none or the key is unknown. Secrets cannot be asked for.
func (h *Host) Get(key string) string {
	return tell(&h.handle, func(raw ckb.Host) string { return raw.Get(key) })
}

// HostKeys are the names of the keys that Host.Set takes. They are explained in libkb's header kb/host.h.
func HostKeys() []string { return names(ckb.HostKey) }

// Run runs one step on one host and waits. Of a step that failed there are both the result and the error. Questions are declined: use a plan to answer
// them.
func (h *Host) Run(ctx context.Context, step Step) (*Result, error) {
	return h.alone(step, func(p *Plan) Run { return p.Apply(ctx) })
}

// Check is as Run, but only asks: verdict and diff, nothing is touched.
func (h *Host) Check(ctx context.Context, step Step) (*Result, error) {
	return h.alone(step, func(p *Plan) Run { return p.Check(ctx) })
}

// alone: a plan of one task, so that waiting for it holds up nobody else.
func (h *Host) alone(step Step, start func(*Plan) Run) (*Result, error) {
	plan, err := h.handle.context.NewPlan()
	if err != nil {
		return nil, err
	}
	defer plan.Close()
	task, err := plan.Add(h, step)
	if err != nil {
		return nil, err
	}
	var done, ended Event
	for ev, e := range start(plan) {
		switch err = e; ev.Kind {
		case StepDone:
			done = ev
		case Question:
			_ = h.handle.context.Decline(ev.Question)
		case PlanDone:
			ended = ev
		}
	}
	if ended.Kind == 0 {
		return nil, err
	}
	return resultOf(done, ended, task.Outputs()), err
}

// Close ends its use now; a plan that uses it keeps it. It is always nil.
func (h *Host) Close() error {
	h.handle.close()
	return nil
}

func (h *Host) String() string { return h.Name() }

// names are those that a function of libkb tells by their index.
func names(name func(int) string) (all []string) {
	for i := 0; name(i) != ""; i++ {
		all = append(all, name(i))
	}
	return all
}
