// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	kb "example.org/libkb"
)

// Three hosts become a cluster. They are recorded ones, so that it can be tried without hosts: with a description of your own they are real.
func ExampleCluster_Up() {
	if err := up(context.Background(), recordedDescription("fresh")); err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// cluster1-master1 is a control plane
	// cluster1-worker1 joined
	// cluster1-worker2 joined
	// the cluster is up
}

func up(ctx context.Context, description string) error {
	c, err := kb.New()
	if err != nil {
		return err
	}
	defer c.Close()
	cluster, err := c.LoadCluster(description)
	if err != nil {
		return err
	}
	for ev, err := range cluster.Up(ctx) { // leaving the loop, or a context that is done, cancels
		var failure *kb.Error
		switch {
		case errors.Is(err, kb.ErrUnreachable):
			return fmt.Errorf("try again: %w", err)
		case errors.As(err, &failure):
			return fmt.Errorf("%w\n%s", err, strings.Join(failure.Evidence, "\n"))
		case err != nil:
			return err
		}
		if !ev.Changed {
			continue
		}
		switch ev.Step {
		case "kubeadm.init":
			fmt.Println(ev.Host, "is a control plane")
		case "kubeadm.join":
			fmt.Println(ev.Host, "joined")
		}
	}
	fmt.Println("the cluster is up")
	return nil
}

// A dry run touches nothing, and tells what would be changed.
func ExamplePlan_Check() {
	c, err := kb.New()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	cluster, err := c.LoadCluster(recordedDescription("check"))
	if err != nil {
		panic(err)
	}
	plan, err := cluster.PlanUp()
	if err != nil {
		panic(err)
	}
	for ev, err := range plan.Check(context.Background()) {
		if err != nil {
			panic(err)
		}
		if ev.Kind == kb.StepDone && ev.Step == "kubeadm.init" {
			fmt.Println(ev.Host, ev.Step, ev.Verdict)
		}
	}
	// Output: cluster1-master1 kubeadm.init absent
}

// One step of one's own on this machine.
func ExampleHost_Run() {
	c, err := kb.New()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	here, err := c.NewHost("here", "local:")
	if err != nil {
		panic(err)
	}
	greeting := kb.Script{Name: "greeting", Probe: `test "$name" = world`, Params: kb.Params{"name": "world"}}
	result, err := here.Run(context.Background(), greeting)
	if err != nil {
		panic(err)
	}
	fmt.Println(result)
	// Output: here greeting: present
}

// A plan of one's own: the worker joins with the token and the pin that the control plane gives.
func ExamplePlan_Add() {
	c, err := kb.New()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	plan, _ := c.NewPlan()
	cp, _ := c.NewHost("cp-1", "ssh://admin@192.168.1.2")
	worker, _ := c.NewHost("worker-1", "ssh://admin@192.168.1.3")
	init, _ := plan.Add(cp, kb.KubeadmInit{
		PodNetworkCIDR:            netip.MustParsePrefix("172.16.0.0/16"),
		APIServerAdvertiseAddress: netip.MustParseAddr("192.168.1.2"),
	})
	token, _ := plan.Add(cp, kb.TokenCreate{TTL: "10m"})
	join, _ := plan.Add(worker, kb.KubeadmJoin{NodeIP: netip.MustParseAddr("192.168.1.3")})
	err = errors.Join(
		join.Bind("endpoint", init, "endpoint"),
		join.Bind("ca-cert-hash", init, "ca-cert-hash"),
		join.Bind("token", token, "token"),
		token.SetOnDemand(), // no token is made when nobody has to join
	)
	fmt.Println(plan, err)
	// Output: plan of 3 tasks <nil>
}

// An error says who, what and how it was, and what would mend it.
func ExampleError() {
	err := kb.CIDRCheck("172.16.5.0/16")
	var failure *kb.Error
	fmt.Println(errors.Is(err, kb.ErrInvalid), errors.As(err, &failure), failure.Fix)
	// Output: true true 172.16.0.0/16
}

func ExampleCalicoSetPodCIDR() {
	manifest, err := os.ReadFile(data + "calico/v3.32.1/custom-resources.yaml")
	if err != nil {
		panic(err)
	}
	manifest, err = kb.CalicoSetPodCIDR(manifest, "172.16.0.0/16")
	if err != nil {
		panic(err)
	}
	cidr, err := kb.CalicoPodCIDR(manifest)
	fmt.Println(cidr, err)
	// Output: 172.16.0.0/16 <nil>
}

// Events are good for log/slog as they are.
func ExampleEvent_LogValue() {
	plain := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}}
	log := slog.New(slog.NewTextHandler(os.Stdout, plain))
	ev := kb.Event{Kind: kb.Note, Run: 1, Host: "node-1", Severity: kb.Warning, ID: "host.name-differs", Text: "it calls itself debian"}
	log.Log(context.Background(), ev.Level(), "cluster", "event", ev)
	// Output: level=WARN msg=cluster event.kind=note event.run=1 event.host=node-1 event.severity=warning event.id=host.name-differs event.text="it calls itself debian"
}

var forExamples string // a folder

func TestMain(m *testing.M) {
	var err error
	if forExamples, err = os.MkdirTemp("", "kb-go"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(forExamples)
	os.Exit(status)
}

// recordedDescription is the cluster.yaml of hosts that were recorded: see tests/data/replay.
func recordedDescription(name string) string {
	folder := filepath.Join(forExamples, name)
	path, err := describe(folder, name)
	if err != nil {
		panic(err)
	}
	return path
}
