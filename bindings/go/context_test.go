// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	kb "example.org/libkb"
)

func TestAHostsSettings(t *testing.T) {
	c := newContext(t)
	there := must(c.NewHost("there", "ssh://there"))(t)
	check(t, there.Set("port", "2222"))
	wantCode(t, there.Set("port", "22\x0022"), kb.ErrInvalid, "")
	wantCode(t, there.Set("port", ""), kb.ErrInvalid, "port")
	if got := there.Get("port"); got != "2222" {
		t.Fatalf("got %q", got)
	}
	check(t, there.Unset("port"))
	if got := there.Get("port"); got != "22" || there.Name() != "there" {
		t.Fatalf("got %q", got)
	}
	_, err := c.NewHost("a\x00b", "local:")
	wantCode(t, err, kb.ErrInvalid, "")
	check(t, there.SetSecret("password", "tr\xffstno1"))
	check(t, there.SetSecret("password", ""))
	wantCode(t, there.SetSecret("pass", "x"), kb.ErrInvalid, "")
	bastion := must(c.NewHost("bastion", "ssh://bastion"))(t)
	check(t, there.SetJump(bastion))
	wantCode(t, bastion.SetJump(there), kb.ErrInvalid, "")
	check(t, there.SetJump(nil))
	check(t, bastion.SetJump(there))
	wantCode(t, there.SetJump(must(newContext(t).NewHost("x", "ssh://x"))(t)), kb.ErrInvalid, "another context")
	if keys := kb.HostKeys(); len(keys) < 10 || !strings.Contains(strings.Join(keys, " "), "known_hosts") {
		t.Fatalf("%v", keys)
	}
}

func TestAClusterIsDescribedByCalls(t *testing.T) {
	c := newContext(t)
	cluster := must(c.NewCluster())(t)
	for key, value := range map[string]string{"kubernetes.version": "1.34.4", "network.nodes": "192.168.1.0/24", "network.pods": "172.16.0.0/16"} {
		check(t, cluster.Set(key, value))
	}
	check(t, cluster.AddHost("one", "192.168.1.2", kb.ControlPlane))
	check(t, cluster.AddHost("two", "192.168.1.3", kb.Worker))
	check(t, cluster.SetHost("two", "ssh.port", "2222"))
	check(t, cluster.UnsetHost("two", "ssh.port"))
	check(t, cluster.SetSecret("", "password", "hunter2"))
	check(t, cluster.AddKubeadm([]byte("kind: KubeProxyConfiguration\nmode: ipvs\n")))
	check(t, cluster.Check())
	if got := fmt.Sprintf("%v %v %v", cluster.Hosts(), cluster.Get("network.pods"), cluster); got != "[one two] 172.16.0.0/16 cluster of 2 hosts" {
		t.Fatalf("got %s", got)
	}
	check(t, cluster.Set("network.services", "10.100.0.0/16"))
	check(t, cluster.Unset("network.services"))
	wantCode(t, cluster.Set("network.pod", "x"), kb.ErrInvalid, "network.pods")
	if keys := kb.ClusterKeys(); len(keys) < 20 || kb.ClusterKeyDoc(keys[0]) == "" || kb.ClusterKeyDoc("nope") != "" {
		t.Fatalf("%v", keys)
	}
	for _, make := range []func() (*kb.Plan, error){cluster.PlanUp, cluster.PlanReset, cluster.PlanStatus} {
		if plan := must(make())(t); plan.Len() == 0 {
			t.Error("a plan is empty")
		}
	}
	_, err := c.ParseCluster("my.yaml", "", []byte("kubernetes: {version: 1.34.4}\nhots: []\n"))
	wantCode(t, err, kb.ErrInvalid, "my.yaml:2:")
	_, err = c.LoadCluster("/nonexistent/cluster.yaml")
	wantCode(t, err, kb.ErrIO, "")
}

func TestTasksAreOrderedBoundAndLeftOut(t *testing.T) {
	c := newContext(t)
	host := must(c.NewHost("one", "ssh://one"))(t)
	plan := must(c.NewPlan())(t)
	init := must(plan.Add(host, kb.KubeadmInit{}))(t)
	token := must(plan.Add(host, kb.TokenCreate{TTL: "10m"}))(t)
	check(t, plan.Barrier())
	join := must(plan.Add(host, kb.KubeadmJoin{}))(t)
	check(t, join.Bind("ca-cert-hash", init, "ca-cert-hash"))
	check(t, join.Bind("token", token, "token"))
	wantCode(t, join.Bind("tokken", token, "token"), kb.ErrInvalid, "tokken")
	wantCode(t, init.After(join), kb.ErrInvalid, "")
	check(t, token.SetOnDemand())
	check(t, join.SetWave("joins", 2))
	check(t, join.SetWave("", 1))
	check(t, plan.Skip("token.*"))
	check(t, plan.Only("kubeadm.*", "token.*"))
	wantCode(t, plan.Only("nope"), kb.ErrInvalid, "nope")
	if out := init.Output("endpoint"); out != nil || len(init.Outputs()) != 0 {
		t.Fatalf("got %q", out)
	}
	other := must(must(c.NewPlan())(t).Add(host, kb.SwapOff{}))(t)
	wantCode(t, join.After(other), kb.ErrInvalid, "plan")
	wantCode(t, join.Bind("token", other, "token"), kb.ErrInvalid, "plan")
	_, err := plan.Add(must(newContext(t).NewHost("x", "ssh://x"))(t), kb.SwapOff{})
	wantCode(t, err, kb.ErrInvalid, "another context")
	if got := fmt.Sprintf("%v, %v", plan, join); got != "plan of 3 tasks, one kubeadm.join" {
		t.Fatalf("got %q", got)
	}
}

func TestWhatWasClosedIsAnError(t *testing.T) {
	fds := descriptors(t)
	c := newContext(t)
	host := must(c.NewHost("one", "ssh://one"))(t)
	plan := must(c.NewPlan())(t)
	task := must(plan.Add(host, kb.SwapOff{}))(t)
	cluster := must(c.NewCluster())(t)
	isClosed := func(err error) {
		t.Helper()
		if wantCode(t, err, kb.ErrInvalid, "closed"); !errors.Is(err, kb.ErrClosed) {
			t.Fatalf("%v is not ErrClosed", err)
		}
	}
	for range 2 {
		check(t, host.Close())
		check(t, plan.Close())
		check(t, cluster.Close())
	}
	isClosed(host.Set("port", "1"))
	isClosed(plan.Barrier())
	isClosed(plan.Apply(t.Context()).Wait())
	isClosed(task.SetOnDemand())
	isClosed(cluster.Set("network.pods", "x"))
	isClosed(cluster.Up(t.Context()).Wait())
	_, err := must(c.NewPlan())(t).Add(host, kb.SwapOff{})
	isClosed(err)
	_, err = host.Run(t.Context(), kb.SwapOff{})
	isClosed(err)
	if host.Name() != "" || task.Step() != "" || plan.Len() != 0 || len(cluster.Hosts()) != 0 {
		t.Fatal("what is closed tells something")
	}
	left := must(c.NewHost("left", "ssh://left"))(t)
	for range 2 {
		check(t, c.Close())
	}
	if now := descriptors(t); now > fds {
		t.Errorf("%d descriptors became %d: it waits for the garbage collector", fds, now)
	}
	isClosed(left.Set("port", "1"))
	isClosed(c.Cancel(0))
	_, err = c.NewPlan()
	isClosed(err)
	check(t, left.Close())
}

func TestTheLog(t *testing.T) {
	c := newContext(t)
	if c.LogLevel() != kb.LogOff {
		t.Fatal("it begins with a log")
	}
	check(t, c.SetLogLevel(kb.LogTrace))
	check(t, c.SetLogSize(8<<10))
	wantCode(t, c.SetLogSize(1), kb.ErrInvalid, "")
	check(t, recordedCluster(t, c, "status").Status(t.Context()).Wait())
	seen := map[kb.LogLevel]int{}
	for entry := range c.Log() {
		seen[entry.Level]++
		if entry.Text == "" || entry.Time.IsZero() || !strings.HasPrefix(entry.String(), entry.Level.String()) {
			t.Fatalf("%v", entry)
		}
	}
	if seen[kb.LogTrace] == 0 || c.LogDropped() == 0 || c.LogLevel() != kb.LogTrace {
		t.Fatalf("%v, %d dropped", seen, c.LogDropped())
	}
	for range c.Log() {
		t.Fatal("an entry came twice")
	}
}

// silent is a plan on a host that takes connections and says nothing.
func silent(t testing.TB, c *kb.Context) *kb.Plan { return silentAt(t, c, listener(t)) }

func silentAt(t testing.TB, c *kb.Context, address string) *kb.Plan {
	t.Helper()
	host, plan := must(c.NewHost("silent", "ssh://root@"+address))(t), must(c.NewPlan())(t)
	check(t, host.SetSecret("password", "x"))
	must(plan.Add(host, kb.SwapOff{}))(t)
	return plan
}

func TestTenContextsInTenGoroutines(t *testing.T) {
	path := recorded(t, t.TempDir(), "complete")
	var all sync.WaitGroup
	for range 10 {
		spawn(&all, func() {
			c, err := kb.New()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			cluster, err := c.LoadCluster(path)
			if err == nil {
				err = cluster.Up(context.Background()).Wait()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Goroutines share one context: each gets all events of its own run, in order, and no call is refused.
func TestTenRunsOfOneContextInTenGoroutines(t *testing.T) {
	c := newContext(t)
	path := recorded(t, t.TempDir(), "complete")
	var all sync.WaitGroup
	for range 10 {
		spawn(&all, func() {
			cluster, err := c.LoadCluster(path)
			if err != nil {
				t.Error(err)
				return
			}
			plan, err := cluster.PlanUp()
			if err != nil {
				t.Error(err)
				return
			}
			number, done := int64(0), 0
			for ev, err := range plan.Check(context.Background()) {
				if err != nil || number != 0 && ev.Run != number {
					t.Errorf("run %d: %v: %v", number, ev, err)
				}
				number = ev.Run
				if ev.Kind == kb.StepDone {
					done++
				}
				if _, err := kb.CIDROverlaps("10.0.0.0/8", "10.1.0.0/16"); err != nil {
					t.Error(err)
				}
			}
			if done != plan.Len() {
				t.Errorf("run %d: %d of %d", number, done, plan.Len())
			}
		})
	}
	all.Wait()
}

// A consumer that takes its time holds up nobody, and nobody spins meanwhile.
func TestASlowReaderHoldsUpNobody(t *testing.T) {
	c := newContext(t)
	path := recorded(t, t.TempDir(), "complete")
	release := make(chan struct{})
	var slow sync.WaitGroup
	spawn(&slow, func() {
		first := true
		for _, err := range must(c.LoadCluster(path))(t).Up(context.Background()) {
			if err != nil {
				t.Error(err)
			}
			if first {
				<-release
			}
			first = false
		}
	})
	check(t, must(c.LoadCluster(path))(t).Up(t.Context()).Wait())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	before := processorTime(t)
	wantCode(t, silent(t, c).Apply(ctx).Wait(), kb.ErrTimeout, "")
	if took := processorTime(t) - before; took > 300*time.Millisecond {
		t.Errorf("waiting for a second took %v of a processor", took)
	}
	close(release)
	slow.Wait()
}

func TestCloseEndsEveryWait(t *testing.T) {
	for range 20 {
		c := must(kb.New())(t)
		const waiters = 4
		errs := make(chan error, waiters)
		for range waiters {
			plan := silent(t, c)
			go func() { errs <- plan.Apply(context.Background()).Wait() }()
		}
		time.Sleep(time.Millisecond)
		go c.Close()
		c.Close()
		for range waiters {
			if err := <-errs; !errors.Is(err, kb.ErrClosed) {
				t.Fatalf("got %v", err)
			}
		}
	}
}

func TestClosingAPlanEndsItsWaitAlone(t *testing.T) {
	for closes := range 3 {
		c := newContext(t)
		var plans [3]*kb.Plan
		var errs [3]chan error
		for i := range plans {
			plans[i], errs[i] = silent(t, c), make(chan error, 1)
			go func() { errs[i] <- plans[i].Apply(context.Background()).Wait() }()
			eventually(t, "it runs", plans[i].IsRunning)
		}
		check(t, plans[closes].Close())
		if err := <-errs[closes]; !errors.Is(err, kb.ErrClosed) {
			t.Fatalf("got %v", err)
		}
		check(t, c.Cancel(0))
		for i := range plans {
			if i != closes {
				wantCode(t, <-errs[i], kb.ErrCanceled, "")
			}
		}
	}
}

// Nothing is waited for: the host would say nothing for 30 seconds, and then it would be another error.
func TestCancellingIsImmediate(t *testing.T) {
	c := newContext(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	plan, before := silent(t, c), time.Now()
	for ev, err := range plan.Apply(ctx) {
		if ev.Kind == kb.PlanStarted {
			cancel()
		}
		if ev.Kind == kb.PlanDone {
			wantCode(t, err, kb.ErrCanceled, "")
		}
	}
	if took := time.Since(before); took > 10*time.Second {
		t.Fatalf("it took %v", took)
	}
}

func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	check(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func descriptors(t testing.TB) int {
	return len(must(os.ReadDir("/proc/self/fd"))(t))
}

func threads(t testing.TB) int {
	return len(must(os.ReadDir("/proc/self/task"))(t))
}

// Go's runtime keeps the threads that it ever needed; a round that left one of libkb's would leave twenty.
func TestNothingIsLeftAfterClose(t *testing.T) {
	path, address := recorded(t, t.TempDir(), "complete"), listener(t)
	round := func() {
		c := must(kb.New())(t)
		defer c.Close()
		check(t, must(c.LoadCluster(path))(t).Up(t.Context()).Wait())
		plan := silentAt(t, c, address)
		go func() { _ = plan.Apply(context.Background()).Wait() }()
		eventually(t, "it runs", plan.IsRunning)
	}
	round()
	eventually(t, "the first round ended", func() bool { return runtime.NumGoroutine() <= 3 })
	goroutines, fds, tasks := runtime.NumGoroutine(), descriptors(t), threads(t)
	for range 20 {
		round()
	}
	eventually(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= goroutines })
	eventually(t, "as many descriptors as before", func() bool { return descriptors(t) <= fds })
	eventually(t, "as many threads as before, and a few of Go's", func() bool { return threads(t) <= tasks+8 })
}

// 200 that wait are 200 goroutines and no thread.
func TestWaitingTakesNoThread(t *testing.T) {
	const many = 200
	before := threads(t)
	var all sync.WaitGroup
	var contexts []*kb.Context
	for range many {
		c := newContext(t)
		contexts = append(contexts, c)
		plan := silent(t, c)
		spawn(&all, func() { _ = plan.Apply(context.Background()).Wait() })
		eventually(t, "it runs", plan.IsRunning)
	}
	if more := threads(t) - before; more > 40 {
		t.Errorf("%d threads more", more)
	}
	for _, c := range contexts {
		c.Close()
	}
	all.Wait()
}

// What nobody refers to is freed by the garbage collector, and nothing during a call on it.
func TestTheGarbageCollectorFreesWhatIsForgotten(t *testing.T) {
	fds := descriptors(t)
	for range 50 {
		func() {
			c := must(kb.New())(t)
			host := must(c.NewHost("one", "ssh://one"))(t)
			must(must(c.NewPlan())(t).Add(host, kb.SwapOff{}))(t)
		}()
	}
	eventually(t, "their descriptors are closed", func() bool { return descriptors(t) <= fds+8 })
}

func TestWhatIsForgottenDuringItsCallIsKept(t *testing.T) {
	path := recorded(t, t.TempDir(), "complete")
	stop := make(chan struct{})
	var collecting sync.WaitGroup
	spawn(&collecting, func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	for range 5 {
		plan := must(must(must(kb.New())(t).LoadCluster(path))(t).PlanUp())(t)
		check(t, plan.Check(t.Context()).Wait())
		if task := must(must(kb.New())(t).NewHost("a", "ssh://a"))(t); task.Name() != "a" {
			t.Error("its name is lost")
		}
	}
	close(stop)
	collecting.Wait()
}

// Whatever is called while everything is closed gets an answer or an error, and nothing of libkb's is used after it is freed.
func TestCloseRacesWithEveryCall(t *testing.T) {
	path := recorded(t, t.TempDir(), "complete")
	for range 30 {
		c := must(kb.New())(t)
		host, cluster := must(c.NewHost("one", "ssh://one"))(t), must(c.LoadCluster(path))(t)
		plan := must(cluster.PlanUp())(t)
		task := must(plan.Add(host, kb.SwapOff{}))(t)
		begin := make(chan struct{})
		var all sync.WaitGroup
		for _, call := range []func(){
			func() { _ = host.Set("port", "2222") },
			func() { host.Name() },
			func() { cluster.Hosts() },
			func() { _ = cluster.Up(context.Background()).Wait() },
			func() { _ = plan.Check(context.Background()).Wait() },
			func() { task.Outputs() },
			func() { plan.Tasks() },
			func() { _ = c.Cancel(0) },
			func() { _, _ = c.NewPlan() },
			func() { plan.Close() },
			func() { host.Close() },
			func() { runtime.GC() },
			func() { c.Close() },
		} {
			spawn(&all, func() {
				<-begin
				for range 5 {
					call()
				}
			})
		}
		close(begin)
		all.Wait()
	}
}
