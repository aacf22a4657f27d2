// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"context"
	"fmt"
	"runtime"

	"example.org/libkb/internal/ckb"
)

// Plan is steps on hosts, and what must come before what. The tasks of one host run in the order in which they were added, one at a time; hosts run
// side by side. A task that fails takes with it those that come after it; everything else runs to its end.
type Plan struct {
	handle handle[ckb.Plan]
}

// Task is a step on a host in a plan.
type Task struct {
	handle handle[ckb.Task]
	plan   *Plan
}

// NewPlan makes an empty plan.
func (c *Context) NewPlan() (*Plan, error) {
	p := new(Plan)
	return makeChild(c, p, &p.handle, func() ckb.Outcome[ckb.Plan] { return ckb.PlanNew(c.core.raw) })
}

// Add adds a step on a host. The step's parameters are copied as they are now.
func (p *Plan) Add(host *Host, step Step) (*Task, error) {
	if host == nil || step == nil {
		return nil, invalid("no host or no step")
	}
	if host.handle.context != p.handle.context {
		return nil, invalid("the host is of another context")
	}
	defer runtime.KeepAlive(host)
	t := &Task{plan: p}
	err := p.handle.do(func(raw ckb.Plan) error {
		if host.handle.isClosed {
			return closed()
		}
		made, err := rawStep(p.handle.context.core.raw, step)
		if err != nil {
			return err
		}
		defer ckb.Drop(made)
		task, err := raw.Add(host.handle.raw, made).Get()
		if err == nil {
			adopt(p.handle.context, t, &t.handle, task)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Barrier makes all tasks added from now on begin only when all added so far have ended well.
func (p *Plan) Barrier() error { return p.handle.do(ckb.Plan.Barrier) }

// Only keeps the tasks whose step name fits one of the patterns given so far (shell patterns: * and ?). A task left out counts as ended well for
// those after it; tasks whose outputs a kept one is bound to are still asked, never applied.
func (p *Plan) Only(patterns ...string) error { return p.each(ckb.Plan.Only, patterns) }

// Skip leaves out the tasks whose step name fits. As Only otherwise.
func (p *Plan) Skip(patterns ...string) error { return p.each(ckb.Plan.Skip, patterns) }

func (p *Plan) each(call func(ckb.Plan, string) error, patterns []string) error {
	return p.handle.do(func(raw ckb.Plan) error {
		for _, pattern := range patterns {
			if err := call(raw, pattern); err != nil {
				return err
			}
		}
		return nil
	})
}

// Len is how many tasks there are.
func (p *Plan) Len() int { return tell(&p.handle, ckb.Plan.TaskCount) }

// Tasks are all of them, in the order added.
func (p *Plan) Tasks() []*Task {
	return tell(&p.handle, func(raw ckb.Plan) []*Task {
		tasks := make([]*Task, 0, raw.TaskCount())
		for i := range raw.TaskCount() {
			if task := raw.Task(i); task != nil {
				t := &Task{plan: p}
				tasks = append(tasks, adopt(p.handle.context, t, &t.handle, task))
			}
		}
		return tasks
	})
}

// Check is a dry run: verdicts and diffs, nothing is touched.
func (p *Plan) Check(ctx context.Context) Run { return p.ranged(ctx, ckb.KB_CHECK) }

// Apply makes it so.
func (p *Plan) Apply(ctx context.Context) Run { return p.ranged(ctx, ckb.KB_APPLY) }

// IsRunning says whether it runs or has events left.
func (p *Plan) IsRunning() bool {
	return tell(&p.handle, func(raw ckb.Plan) bool {
		for r := range p.handle.context.core.runs { // events that were taken from libkb, and not yet from here
			if r.raw == raw {
				return true
			}
		}
		return is(raw.IsRunning())
	})
}

// Close ends its use now; a run of it is cancelled, and whoever waits for that gets ErrClosed. It is always nil.
func (p *Plan) Close() error {
	core := p.handle.context.core
	core.mu.Lock()
	for r := range core.runs {
		if r.raw == p.handle.raw {
			r.end()
		}
	}
	core.mu.Unlock()
	p.handle.close()
	return nil
}

func (p *Plan) String() string { return fmt.Sprintf("plan of %d tasks", p.Len()) }

// After makes the task begin only when those before have ended well.
func (t *Task) After(before ...*Task) error {
	defer runtime.KeepAlive(before)
	defer runtime.KeepAlive(t)
	return t.plan.handle.do(func(raw ckb.Plan) error {
		for _, b := range before {
			if b == nil || b.plan != t.plan {
				return invalid("a task comes after another one of its plan")
			}
			if err := raw.After(t.handle.raw, b.handle.raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// Bind gives an output of another task to a parameter of this one, and orders them so. A secret stays one.
func (t *Task) Bind(param string, from *Task, output string) error {
	if from == nil || from.plan != t.plan {
		return invalid("a task gets outputs from another one of its plan")
	}
	defer runtime.KeepAlive(from)
	defer runtime.KeepAlive(t)
	return t.plan.handle.do(func(raw ckb.Plan) error { return raw.Bind(t.handle.raw, param, from.handle.raw, output) })
}

// SetOnDemand makes a task run only when one of the tasks bound to its outputs turns out to need them; otherwise it ends as present without having
// been asked. So a plan in which every node has joined makes no token.
func (t *Task) SetOnDemand() error { return t.handle.do(ckb.Task.SetOnDemand) }

// SetWave puts a task into a wave: of the tasks with the same group name at most limit are applied at a time. "" takes it out.
func (t *Task) SetWave(group string, limit int) error {
	return t.handle.do(func(raw ckb.Task) error { return raw.SetWave(orNil(group), limit) })
}

// Step is the name of a task's step.
func (t *Task) Step() string { return tell(&t.handle, ckb.Task.Step) }

// Host is the name of a task's host.
func (t *Task) Host() string { return tell(&t.handle, ckb.Task.Host) }

// Output is an output of a task that has ended; nil when there is none.
func (t *Task) Output(name string) []byte {
	return tell(&t.handle, func(raw ckb.Task) []byte { return raw.Output(name) })
}

// Outputs are all outputs that a task has given so far.
func (t *Task) Outputs() map[string][]byte {
	return tell(&t.handle, func(raw ckb.Task) map[string][]byte {
		gave, step := map[string][]byte{}, raw.Step()
		for i := 0; ckb.StepOutputName(step, i) != ""; i++ {
			if value := raw.Output(ckb.StepOutputName(step, i)); value != nil {
				gave[ckb.StepOutputName(step, i)] = value
			}
		}
		return gave
	})
}

func (t *Task) String() string { return t.Host() + " " + t.Step() }

// orNil: for libkb no text, and not an empty one.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
