// SPDX-License-Identifier: Apache-2.0

package ckb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const top = "../../../../"

// must takes apart an Outcome that has to be good.
func must[T any](t *testing.T, o Outcome[T]) T {
	t.Helper()
	value, err := o.Get()
	if err != nil {
		t.Fatalf("%v %+v", err, err)
	}
	return value
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kept drops a handle at the test's end.
func kept[T Handle](t *testing.T, h T) T {
	t.Cleanup(func() { Drop(h) })
	return h
}

func context(t *testing.T) Ctx { return kept(t, must(t, New())) }

func host(t *testing.T, kb Ctx, uri string) Host { return kept(t, must(t, HostNew(kb, "here", uri))) }

func script(t *testing.T, kb Ctx, probe string, apply *string) Step {
	return kept(t, must(t, StepScript(kb, "say.something", probe, apply)))
}

func wantCode(t *testing.T, err error, code int, text string) *Err {
	t.Helper()
	var e *Err
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an Err", err)
	}
	if e.Code != code || !strings.Contains(e.Cause, text) {
		t.Fatalf("got %s: %s, want %s with %q in it", ErrName(e.Code), e.Cause, ErrName(code), text)
	}
	return e
}

// eachEvent runs a started plan to its end.
func eachEvent(t *testing.T, kb Ctx, plan Plan, see func(Event)) {
	t.Helper()
	for must(t, plan.IsRunning()) == 1 {
		for ev := plan.NextEvent(); ev != nil; ev = plan.NextEvent() {
			see(ev)
			DeleteEvent(ev)
		}
		if must(t, plan.IsRunning()) == 1 {
			must(t, kb.Wait(-1))
		}
	}
}

func TestAClusterFileIsLoaded(t *testing.T) {
	kb := context(t)
	path := filepath.Join(t.TempDir(), "cluster.yaml")
	check(t, os.WriteFile(path, []byte("kubernetes: {version: 1.34.4}\n"+
		"network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/16}\n"+
		"hosts: [{name: one, address: 192.168.1.2, role: control-plane}, {name: two, address: 192.168.1.3}]\n"), 0o600))
	cluster := kept(t, must(t, ClusterLoad(kb, path)))
	if n, name := cluster.HostCount(), cluster.HostName(1); n != 2 || name != "two" {
		t.Fatalf("got %d hosts, and %q", n, name)
	}
	pods := "10.244.0.0/16"
	check(t, cluster.Set("network.pods", &pods))
	if got := cluster.Get("network.pods"); got != pods {
		t.Fatalf("got %q", got)
	}
	check(t, cluster.Check())
}

func TestAnErrorSaysWhereTheFileIsWrong(t *testing.T) {
	kb := context(t)
	_, err := ClusterParse(kb, "my.yaml", nil, []byte("kubernetes: {version: 1.34.4}\nhots: []\n")).Get()
	wantCode(t, err, KB_EINVAL, "my.yaml:2:")
}

func TestOneStepRunsOnAHost(t *testing.T) {
	kb := context(t)
	result := must(t, host(t, kb, "local:").Run(script(t, kb, "true", nil), 10000))
	defer DeleteResult(result)
	if result.Status() != KB_OK || VerdictName(result.Verdict()) != "present" || result.ExitStatus() != 0 {
		t.Fatalf("%s, %s, %d", ErrName(result.Status()), VerdictName(result.Verdict()), result.ExitStatus())
	}
	if err := result.Error(); err != nil {
		t.Fatalf("got %v, want nil", err)
	}
	if out := result.Output("none"); out != nil {
		t.Fatalf("got %q, want nil", out)
	}
}

func TestAStepThatFailsIsAResultWithItsError(t *testing.T) {
	kb := context(t)
	apply := "echo it broke; exit 3"
	result := must(t, host(t, kb, "local:").Run(script(t, kb, "exit 1", &apply), 10000))
	defer DeleteResult(result)
	e := wantCode(t, result.Error(), KB_ESTEP, "")
	if e.Host != "here" || e.Step != "say.something" || result.ExitStatus() != 3 {
		t.Fatalf("%+v, exit status %d", e, result.ExitStatus())
	}
	if !strings.Contains(strings.Join(e.Evidence, "\n"), "it broke") {
		t.Fatalf("evidence is %q", e.Evidence)
	}
}

func TestTheEventsOfAPlan(t *testing.T) {
	kb := context(t)
	here, step := host(t, kb, "local:"), script(t, kb, "true", nil)
	plan := kept(t, must(t, PlanNew(kb)))
	first, second := kept(t, must(t, plan.Add(here, step))), kept(t, must(t, plan.Add(here, step)))
	check(t, plan.After(second, first))
	if plan.TaskCount() != 2 || plan.Task(2) != nil {
		t.Fatal("the plan has other tasks than those that were added")
	}
	run := must(t, plan.Start(KB_APPLY, 10000))
	var kinds []string
	var tasks []int64
	eachEvent(t, kb, plan, func(ev Event) {
		if ev.Kind() == KB_EVENT_NOTE { // this machine may be waited for: another program's run still holds it
			return
		}
		kinds = append(kinds, EventKindName(ev.Kind()))
		var line struct{ Run int64 }
		check(t, json.Unmarshal(ev.Json(), &line))
		if ev.Run() != run || line.Run != run || ev.Error() != nil {
			t.Errorf("%s: %v", ev.Json(), ev.Error())
		}
		if ev.Kind() == KB_EVENT_STEP_DONE {
			tasks = append(tasks, ev.Task())
		}
	})
	if got, want := strings.Join(kinds, " "), "plan-started host-connected step-done step-done plan-done"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	if tasks[0] != 0 || tasks[1] != 1 {
		t.Fatalf("tasks %v ended", tasks)
	}
}

func TestThePodNetworkIsWrittenIntoCalicosResources(t *testing.T) {
	kb := context(t)
	files, _ := filepath.Glob(top + "tests/data/calico/*/custom-resources.yaml")
	if len(files) < 4 {
		t.Fatalf("only %d manifests", len(files))
	}
	for _, file := range files {
		before, err := os.ReadFile(file)
		check(t, err)
		after := must(t, CalicoSetPodCidr(kb, before, "172.16.0.0/16"))
		want := bytes.ReplaceAll(before, []byte("192.168.0.0/16"), []byte("172.16.0.0/16"))
		if bytes.Equal(before, want) || !bytes.Equal(after, want) {
			t.Errorf("%s: other bytes than those of the network differ", file)
		}
	}
}

func TestNumbersBytesAndText(t *testing.T) {
	kb := context(t)
	if must(t, CidrContains(kb, "10.0.0.0/8", "10.1.2.3")) != 1 || must(t, CidrContains(kb, "10.0.0.0/8", "11.1.2.3")) != 0 {
		t.Fatal("what 10.0.0.0/8 holds")
	}
	_, err := CidrContains(kb, "10.0.0.0/99", "10.1.2.3").Get()
	wantCode(t, err, KB_EINVAL, "10.0.0.0/99")
	check(t, TokenCheck(kb, string(must(t, TokenMake(kb)))))
	if flavour := must(t, AptFlavour(kb, "1.34.4")); flavour != "community" {
		t.Fatalf("got %q", flavour)
	}
	_, err = AptFlavour(kb, "one").Get()
	wantCode(t, err, KB_EINVAL, "one")
	_, err = StepParamIsList("no.such", "thing").Get()
	wantCode(t, err, KB_EINVAL, "KB_EINVAL")
}

func TestNilPutsADefaultBackAndANulIsRefused(t *testing.T) {
	kb := context(t)
	there := host(t, kb, "ssh://there")
	port, nul, empty := "2222", "22\x0022", ""
	check(t, there.Set("port", &port))
	wantCode(t, there.Set("port", &nul), KB_EINVAL, "")
	wantCode(t, there.Set("port", &empty), KB_EINVAL, "port")
	if got := there.Get("port"); got != port {
		t.Fatalf("got %q", got)
	}
	check(t, there.Set("port", nil))
	if got := there.Get("port"); got != "22" {
		t.Fatalf("got %q", got)
	}
	_, err := HostNew(kb, "a\x00b", "local:").Get()
	wantCode(t, err, KB_EINVAL, "")
	check(t, there.SetSecret("password", []byte("tr\xffstno1")))
	check(t, there.SetSecret("password", nil))
}

func TestAClosedHandleIsAnError(t *testing.T) {
	kb := context(t)
	here, step := host(t, kb, "local:"), script(t, kb, "true", nil)
	plan := kept(t, must(t, PlanNew(kb)))
	task := kept(t, must(t, plan.Add(here, step)))
	for _, h := range []Handle{here, step, plan} {
		Close(h)
		Close(h)
	}
	wantCode(t, plan.Barrier(), KB_EINVAL, "closed")
	wantCode(t, task.SetOnDemand(), KB_EINVAL, "closed")
	_, err := here.Run(step, 1000).Get()
	wantCode(t, err, KB_EINVAL, "closed")
	if here.Name() != "" || task.Step() != "" || plan.TaskCount() != 0 {
		t.Fatal("a closed handle tells something")
	}
	Close(kb)
	_, err = kb.Wait(0).Get()
	wantCode(t, err, KB_EINVAL, "closed")
}

func TestATaskKeepsItsPlanAndAllKeepTheContext(t *testing.T) {
	kb := must(t, New())
	here, step := must(t, HostNew(kb, "here", "local:")), must(t, StepNew(kb, "swap.off"))
	plan := must(t, PlanNew(kb))
	task := must(t, plan.Add(here, step))
	for _, h := range []Handle{kb, plan, step} {
		Drop(h)
	}
	if task.Step() != "swap.off" || task.Host() != "here" {
		t.Fatalf("the task is of %s on %s", task.Step(), task.Host())
	}
	none := "none"
	wantCode(t, here.Set("nope", &none), KB_EINVAL, "no such setting")
	Drop(task)
	Drop(here)
}

// waitOn waits until something is done: a signal, of which the Go runtime sends many, ends a wait with 0, and another goroutine's short
// call refuses one with KB_EBUSY.
func waitOn(kb Ctx) error {
	for {
		n, err := kb.Wait(-1).Get()
		if n > 0 || err != nil && !isBusy(err) {
			return err
		}
	}
}

func isBusy(err error) bool {
	var e *Err
	return errors.As(err, &e) && e.Code == KB_EBUSY && strings.Contains(e.Cause, "another thread")
}

// isRefused: sooner or later, while another goroutine waits.
func isRefused(call func() error) bool {
	for end := time.Now().Add(10 * time.Second); !isBusy(call()); {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func TestTheSecondGoroutineIsRefusedAndMayCancelAndClose(t *testing.T) {
	for round := range 20 {
		kb := context(t)
		here := host(t, kb, "ssh://there")
		done := make(chan error, 1)
		go func() { done <- waitOn(kb) }()
		nope := "nope"
		if !isRefused(func() error { return here.Set(nope, &nope) }) {
			t.Error("a status was not KB_EBUSY")
		}
		if !isRefused(func() error { _, err := StepNew(kb, nope).Get(); return err }) {
			t.Error("a handle was not KB_EBUSY")
		}
		if fd, err := kb.Fd().Get(); fd < 0 || err != nil || here.Name() != "here" {
			t.Error("what may be asked from any thread was not told")
		}
		if round%2 == 0 {
			kb.Cancel(0)
		} else {
			Close(kb)
		}
		if err := <-done; err != nil {
			wantCode(t, err, KB_EINVAL, "closed")
		}
	}
}

func TestContextsLeaveNoDescriptor(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		check(t, err)
		return len(entries)
	}
	begin := 0
	for i := range 51 {
		kb := must(t, New())
		plan := must(t, PlanNew(kb))
		if i%2 == 1 {
			Close(kb)
		}
		Drop(kb)
		Drop(plan)
		if i == 0 {
			begin = count()
		}
	}
	if end := count(); end != begin {
		t.Fatalf("%d descriptors became %d", begin, end)
	}
}

func TestCallsLeaveNoMemory(t *testing.T) {
	kb := context(t)
	there := host(t, kb, "ssh://there")
	long := "/" + strings.Repeat("x", 16<<10)
	fstab := []byte("/dev/sda2 none swap sw 0 0 # " + long + "\n")
	round := func() {
		check(t, there.Set("identity", &long))
		must(t, FstabSwapOff(kb, fstab))
		_, err := StepNew(kb, long).Get()
		wantCode(t, err, KB_EINVAL, "")
		there.Get(long)
	}
	resident := func() int {
		runtime.GC()
		text, err := os.ReadFile("/proc/self/statm")
		check(t, err)
		var all, pages int
		_, err = fmt.Sscan(string(text), &all, &pages)
		check(t, err)
		return pages * os.Getpagesize()
	}
	for range 200 {
		round()
	}
	before := resident()
	for range 2000 {
		round()
	}
	if grown := resident() - before; grown > 16<<20 { // one text a round would be 32 MiB
		t.Fatalf("%d bytes more than before", grown)
	}
}

func TestALabHostRunsAStepBySSH(t *testing.T) {
	folder, isSet := os.LookupEnv("KB_LAB")
	if !isSet {
		t.Skip("KB_LAB does not name a lab")
	}
	if _, err := os.Stat(filepath.Join(folder, "up")); err != nil {
		t.Skip("no lab is up: ", err)
	}
	conn, err := net.DialTimeout("tcp", "192.168.1.2:22", 3*time.Second)
	if err != nil {
		t.Skip("the lab's first host does not answer; run this by tests/lab/lab exec: ", err)
	}
	conn.Close()

	kb := context(t)
	cluster := kept(t, must(t, ClusterLoad(kb, filepath.Join(folder, "cluster.yaml"))))
	first := kept(t, must(t, HostNew(kb, cluster.HostName(0), "ssh://"+cluster.Get("ssh.user")+"@192.168.1.2")))
	for _, key := range []string{"identity", "known_hosts"} {
		value := cluster.Get("ssh." + key)
		check(t, first.Set(key, &value))
	}
	plan := kept(t, must(t, PlanNew(kb)))
	kept(t, must(t, plan.Add(first, script(t, kb, `test "$(id -u)" = 0`, nil))))
	must(t, plan.Start(KB_APPLY, 60000))
	var kinds []string
	eachEvent(t, kb, plan, func(ev Event) {
		kinds = append(kinds, EventKindName(ev.Kind()))
		if ev.Kind() == KB_EVENT_STEP_DONE && (ev.Verdict() != KB_PRESENT || ev.Host() != cluster.HostName(0)) {
			t.Errorf("%s", ev.Json())
		}
	})
	if got, want := strings.Join(kinds, " "), "plan-started host-connected step-done plan-done"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}
