// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	kb "example.org/libkb"
)

func script(probe, apply string) kb.Script {
	return kb.Script{Name: "say.something", Probe: probe, Apply: apply}
}

func local(t testing.TB, c *kb.Context) *kb.Host {
	t.Helper()
	return must(c.NewHost("here", "local:"))(t)
}

func TestOneStepRunsOnAHost(t *testing.T) {
	c := newContext(t)
	result, err := local(t, c).Run(t.Context(), script("true", ""))
	check(t, err)
	if result.Status != kb.OK || result.Verdict != kb.Present || result.ExitStatus != 0 || result.Err != nil || len(result.Outputs) != 0 {
		t.Fatalf("%+v", result)
	}
	if got := result.String(); got != "here say.something: present" {
		t.Fatalf("got %q", got)
	}
}

func TestAStepThatFailsIsAResultAndAnError(t *testing.T) {
	c := newContext(t)
	result, err := local(t, c).Run(t.Context(), script("exit 1", "echo it broke; exit 3"))
	e := wantCode(t, err, kb.ErrStep, "")
	if e.Host != "here" || e.Step != "say.something" || result.ExitStatus != 3 || result.Verdict != kb.Absent || !errors.Is(result.Err, kb.ErrStep) {
		t.Fatalf("%+v %+v", e, result)
	}
	if !strings.Contains(strings.Join(e.Evidence, "\n"), "it broke") || !strings.Contains(result.Log, "it broke") {
		t.Fatalf("evidence is %q, the log %q", e.Evidence, result.Log)
	}
}

func TestACheckTouchesNothing(t *testing.T) {
	c := newContext(t)
	file := t.TempDir() + "/made"
	step := kb.Script{Name: "make.file", Probe: `test -e "$made_file"`, Apply: `: >"$made_file"`, Params: kb.Params{"made-file": file}}
	for _, want := range []struct {
		run     func(context.Context, kb.Step) (*kb.Result, error)
		verdict kb.Verdict
		changed bool
		there   bool
	}{
		{local(t, c).Check, kb.Absent, true, false},
		{local(t, c).Run, kb.Absent, true, true},
		{local(t, c).Run, kb.Present, false, true},
	} {
		result, err := want.run(t.Context(), step)
		check(t, err)
		_, missing := os.Stat(file)
		if result.Verdict != want.verdict || result.Changed != want.changed || (missing == nil) != want.there {
			t.Fatalf("%+v, and the file: %v", result, missing)
		}
	}
}

func TestTheEventsOfAPlan(t *testing.T) {
	c := newContext(t)
	here := local(t, c)
	plan := must(c.NewPlan())(t)
	first, second := must(plan.Add(here, script("true", "")))(t), must(plan.Add(here, script("true", "")))(t)
	check(t, second.After(first))
	if tasks := plan.Tasks(); len(tasks) != 2 || plan.Len() != 2 || tasks[1].Step() != "say.something" || tasks[1].Host() != "here" {
		t.Fatalf("%v", tasks)
	}
	var kinds []string
	var tasks []int
	for ev, err := range plan.Apply(t.Context()) {
		check(t, err)
		if ev.Kind == kb.Note { // this machine may be waited for: another program's run still holds it
			continue
		}
		kinds = append(kinds, ev.Kind.String())
		var line struct{ Run int64 }
		check(t, json.Unmarshal(must(json.Marshal(ev))(t), &line))
		if line.Run != ev.Run || ev.Run <= 0 || ev.Err != nil {
			t.Errorf("%+v", ev)
		}
		if ev.Kind == kb.StepDone {
			tasks = append(tasks, ev.Task)
		}
		if isLast := ev.Kind == kb.PlanDone; plan.IsRunning() == isLast {
			t.Errorf("after %v: %v", ev, plan.IsRunning())
		}
	}
	if got, want := strings.Join(kinds, " "), "plan-started host-connected step-done step-done plan-done"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	if tasks[0] != 0 || tasks[1] != 1 {
		t.Fatalf("tasks %v ended", tasks)
	}
}

func TestARecordedClusterIsPlannedAndIsUp(t *testing.T) {
	for name, want := range map[string]bool{"check": true, "complete": false} {
		c := newContext(t)
		plan := must(recordedCluster(t, c, name).PlanUp())(t)
		done, changed := 0, false
		for ev, err := range plan.Check(t.Context()) {
			check(t, err)
			if ev.Kind == kb.StepDone {
				done++
				changed = changed || ev.Changed
			}
		}
		if done != plan.Len() || changed != want {
			t.Errorf("%s: %d of %d tasks ended, changed: %v", name, done, plan.Len(), changed)
		}
	}
}

func TestARunThatFailsEndsWithItsEventAndItsError(t *testing.T) {
	c := newContext(t)
	plan := must(c.NewPlan())(t)
	must(plan.Add(local(t, c), script("exit 1", "exit 3")))(t)
	var last kb.Event
	var failure error
	for ev, err := range plan.Apply(t.Context()) {
		last, failure = ev, err
	}
	wantCode(t, failure, kb.ErrStep, "")
	if last.Kind != kb.PlanDone || last.Status != kb.ErrStep {
		t.Fatalf("%v", last)
	}
	wantCode(t, plan.Apply(t.Context()).Wait(), kb.ErrStep, "")
}

// endless is a plan that outlasts its run here; what is left of it holds the host for as long as it sleeps.
func endless(t testing.TB, c *kb.Context) *kb.Plan {
	t.Helper()
	plan := must(c.NewPlan())(t)
	must(plan.Add(local(t, c), script("exit 1", "exec sleep 2")))(t)
	return plan
}

func TestACancelledRunTellsWhyAndWhatIsLeft(t *testing.T) {
	c := newContext(t)
	why := errors.New("the user went home")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var failure error
	var notes []string
	for ev, err := range endless(t, c).Apply(ctx) {
		if ev.Kind == kb.StepStarted {
			cancel(why)
		}
		if ev.Kind == kb.Note && strings.HasPrefix(ev.ID, "host.") {
			notes = append(notes, ev.ID)
		}
		failure = err
	}
	wantCode(t, failure, kb.ErrCanceled, "")
	if !errors.Is(failure, context.Canceled) || !errors.Is(failure, why) {
		t.Fatalf("%v is not what cancelled it", failure)
	}
	if len(notes) == 0 {
		t.Fatal("nothing was told about the host")
	}
	if err := endless(t, c).Apply(ctx).Wait(); !errors.Is(err, why) || !errors.Is(err, kb.ErrCanceled) {
		t.Fatalf("got %v", err)
	}
}

func TestADeadlineIsATimeout(t *testing.T) {
	c := newContext(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := endless(t, c).Apply(ctx).Wait()
	e := wantCode(t, err, kb.ErrTimeout, "")
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrDeadlineExceeded) || !e.Timeout() {
		t.Fatalf("%v is not that the deadline passed", err)
	}
}

func TestLeavingTheLoopCancels(t *testing.T) {
	c := newContext(t)
	plan := endless(t, c)
	for ev, err := range plan.Apply(t.Context()) {
		check(t, err)
		if ev.Kind == kb.StepStarted {
			break
		}
	}
	if plan.IsRunning() {
		t.Fatal("it still runs")
	}
	must(local(t, c).Run(t.Context(), script("true", "")))(t)
}

// A run may have ended, with its last events not yet taken, when its plan is started again.
func TestEachRunOfAPlanGetsItsOwnEvents(t *testing.T) {
	c := newContext(t)
	plan := must(c.NewPlan())(t)
	must(plan.Add(local(t, c), script("exit 1", "exit 3")))(t)
	for range 8 { // whether one run gets the other's was a matter of chance
		var number int64
		var failure error
		for ev, err := range plan.Apply(t.Context()) {
			if ev.Kind == kb.PlanStarted {
				number = ev.Run
				for errors.Is(plan.Only("*"), kb.ErrBusy) { // it goes on while another plan's run is waited for
					must(local(t, c).Run(t.Context(), script("true", "")))(t)
				}
				checkAgain(t, plan)
			}
			if failure = err; ev.Run != number {
				t.Errorf("run %d got %v of run %d", number, ev, ev.Run)
			}
		}
		wantCode(t, failure, kb.ErrStep, "")
	}
}

func checkAgain(t *testing.T, plan *kb.Plan) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- plan.Check(t.Context()).Wait() }()
	select {
	case err := <-ended:
		check(t, err)
	case <-time.After(30 * time.Second):
		t.Fatal("it never ends")
	}
}

func TestARunOfWhatCannotBeStartedIsOneError(t *testing.T) {
	c := newContext(t)
	plan := must(c.NewPlan())(t)
	must(plan.Add(must(c.NewHost("there", "ssh://there"))(t), kb.NodeDelete{}))(t)
	times := 0
	for _, err := range plan.Apply(t.Context()) {
		wantCode(t, err, kb.ErrInvalid, "node-name")
		times++
	}
	if times != 1 {
		t.Fatalf("%d times", times)
	}
}
