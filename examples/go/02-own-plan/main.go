// SPDX-License-Identifier: Apache-2.0

// A plan of one's own: two hosts, an order between them, and an output that becomes a parameter. A worker joins a control plane by steps of
// the library, after a step of our own has run on it.
//
//	go run ./02-own-plan ssh://vagrant@192.168.1.2 ssh://vagrant@192.168.1.3 192.168.1.3
//	go run ./02-own-plan --json ...                          all events as they are, one a line
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	kb "example.org/libkb"
)

// planner puts a plan together and remembers the first failure.
type planner struct {
	*kb.Plan
	err error
}

func (p *planner) add(host *kb.Host, step kb.Step) (task *kb.Task) {
	if p.err == nil {
		task, p.err = p.Add(host, step)
	}
	return task
}

func (p *planner) do(call func() error) {
	if p.err == nil {
		p.err = call()
	}
}

func makePlan(c *kb.Context, controlPlane, worker, workerIP string) (*kb.Plan, error) {
	cp, err := c.NewHost("cp-1", controlPlane)
	if err != nil {
		return nil, err
	}
	w, err := c.NewHost("worker-1", worker)
	if err != nil {
		return nil, err
	}
	tune := kb.Script{
		Name:   "inotify.raise",
		Probe:  `[ "$(cat /proc/sys/fs/inotify/max_user_instances)" -ge "$least" ]`,
		Apply:  `echo "fs.inotify.max_user_instances = $least" >/etc/sysctl.d/90-inotify.conf && sysctl -q --system`,
		Params: kb.Params{"least": 512}, // a shell variable of both scripts, always as data
	}
	plan, err := c.NewPlan()
	if err != nil {
		return nil, err
	}
	nodeIP, err := netip.ParseAddr(workerIP)
	if err != nil {
		return nil, err
	}
	p := &planner{Plan: plan}

	// On one host: in the order added.
	init := p.add(cp, kb.KubeadmInit{PodNetworkCIDR: netip.MustParsePrefix("172.16.0.0/16")})
	p.add(cp, kb.KubeconfigInstall{})
	token := p.add(cp, kb.TokenCreate{})
	tuned := p.add(w, tune)
	join := p.add(w, kb.KubeadmJoin{NodeIP: nodeIP})

	// Between hosts: an edge, and outputs that become parameters, which orders them too.
	p.do(func() error { return token.After(tuned) })
	p.do(func() error { return join.Bind("endpoint", init, "endpoint") })
	p.do(func() error { return join.Bind("ca-cert-hash", init, "ca-cert-hash") })
	p.do(func() error { return join.Bind("token", token, "token") }) // a secret stays one
	p.do(token.SetOnDemand)                                          // no token when the worker has joined already
	return plan, p.err
}

func show(event kb.Event) {
	if event.Kind != kb.StepDone {
		return
	}
	outcome := "ok"
	if event.Status != kb.OK {
		outcome = event.Text
	}
	fmt.Printf("%-10s %-20s %-8s %s\n", event.Host, event.Step, event.Verdict, outcome)
}

func run(isJSON bool, args []string) error {
	c, err := kb.New()
	if err != nil {
		return err
	}
	defer c.Close()
	plan, err := makePlan(c, args[0], args[1], args[2])
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	var failed error
	for event, err := range plan.Check(ctx) { // Apply makes it so
		if event.Kind == 0 {
			return err
		}
		if failed = err; !isJSON {
			show(event)
		} else if line, err := json.Marshal(event); err == nil {
			fmt.Println(string(line))
		}
	}
	return failed
}

func main() {
	args := os.Args[1:]
	isJSON := len(args) > 0 && args[0] == "--json"
	if isJSON {
		args = args[1:]
	}
	if len(args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: 02-own-plan [--json] CONTROL-PLANE-URI WORKER-URI WORKER-IP")
		os.Exit(2)
	}
	if err := run(isJSON, args); err != nil {
		var e *kb.Error
		if errors.As(err, &e) {
			err = fmt.Errorf("%s: %w", e.Code, err)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
