// SPDX-License-Identifier: Apache-2.0

// As drive.c, in Go: drive USER IDENTITY KNOWN_HOSTS HOSTS STEPS PORT. Each step changes something.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	kb "example.org/libkb"
)

func cpu() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	must(err)
	return n
}

func makePlan(c *kb.Context, args []string) *kb.Plan {
	plan, err := c.NewPlan()
	must(err)
	var steps []kb.Script
	for i := range number(args[4]) {
		steps = append(steps, kb.Script{Name: "bench.step", Probe: "[ -e /run/bench-$number ]", Apply: ": >/run/bench-$number",
			Params: kb.Params{"number": i}})
	}
	settings := map[string]string{"identity": args[1], "known_hosts": args[2], "become": "none", "connect_timeout_ms": "120000"}
	for i := range number(args[3]) {
		host, err := c.NewHost(fmt.Sprintf("node-%d", i), fmt.Sprintf("ssh://%s@127.0.0.1:%s", args[0], args[5]))
		must(err)
		for key, value := range settings {
			must(host.Set(key, value))
		}
		for _, step := range steps {
			_, err := plan.Add(host, step)
			must(err)
		}
	}
	return plan
}

func main() {
	args := os.Args[1:]
	startCPU, start, changed := cpu(), time.Now(), 0
	c, err := kb.New()
	must(err)
	plan := makePlan(c, args)
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	for event, err := range plan.Apply(ctx) {
		must(err)
		if event.Kind == kb.StepDone && event.Changed {
			changed++
		}
	}
	must(plan.Close())
	must(c.Close())
	hosts := number(args[3])
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{"wall_s": time.Since(start).Seconds(),
		"cpu_ms_per_host": float64((cpu() - startCPU).Microseconds()) / 1000 / float64(hosts), "changed": changed}))
	if changed != hosts*number(args[4]) {
		os.Exit(1)
	}
}
