// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"fmt"
	"time"
)

// Result is what came out of one step on one host.
type Result struct {
	Host       string
	Step       string
	Status     Code              // OK, or how it failed
	Verdict    Verdict           // the first one, before anything was applied
	Changed    bool              // something was applied; of a check: would be
	ExitStatus int               // of the last script on the host; -1 when none ended
	Duration   time.Duration     // how long it took
	Diff       string            // the differences as text, unified for files; "" when there are none
	Changes    []Change          // the differences one by one
	Log        string            // what the scripts printed, escaped and bounded; "" unless it failed
	Outputs    map[string][]byte // what the step gave
	Err        error             // an *Error, or nil
}

// resultOf is of the step's last event, or of the run's when that ended first.
func resultOf(done, ended Event, outputs map[string][]byte) *Result {
	last := done
	if done.Kind == 0 {
		last = ended
	}
	r := &Result{
		Host: last.Host, Step: last.Step, Status: last.Status, Verdict: last.Verdict, Changed: last.Changed, ExitStatus: last.ExitStatus,
		Duration: ended.Duration, Diff: last.Diff, Changes: last.Changes, Log: last.Log, Outputs: outputs, Err: last.Err,
	}
	if r.Status == OK {
		r.Status = ended.Status // the step went well, and something about it is lost
	}
	if r.Err == nil && r.Status != OK {
		r.Err = ended.Err
	}
	return r
}

func (r *Result) String() string {
	changed := ""
	if r.Changed {
		changed = ", changed"
	}
	return fmt.Sprintf("%s %s: %s%s", r.Host, r.Step, r.Verdict, changed)
}
