// SPDX-License-Identifier: Apache-2.0

// One's own event loop: what the library tells beside what the program waits for itself. Here that is the keyboard; Enter cancels. Go's own
// poller watches the library's descriptor, so there is nothing to do for it.
//
//	go run ./03-own-loop cluster.yaml
//	go run ./03-own-loop --json cluster.yaml         the events as they are, one a line
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	kb "example.org/libkb"
)

func show(event kb.Event, isJSON bool) {
	if !isJSON {
		fmt.Printf("%-14s %s %s %s\n", event.Kind, event.Host, event.Step, event.Text)
	} else if line, err := json.Marshal(event); err == nil {
		fmt.Println(string(line))
	}
}

// follow gives 1 for a run that failed, and 2 for one that could not be started.
func follow(path string, isJSON bool) (int, error) {
	c, err := kb.New()
	if err != nil {
		return 2, err
	}
	defer c.Close()
	cluster, err := c.LoadCluster(path)
	if err != nil {
		return 2, err
	}
	plan, err := cluster.PlanStatus()
	if err != nil {
		return 2, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go func() {
		os.Stdin.Read(make([]byte, 1))
		cancel() // the end arrives as an event
	}()
	code := 0
	for event, err := range plan.Check(ctx) {
		if event.Kind == 0 {
			return 2, err
		}
		show(event, isJSON)
		if err != nil {
			code = 1 // the last event has said it
		}
	}
	return code, nil
}

func main() {
	args := os.Args[1:]
	isJSON := len(args) > 0 && args[0] == "--json"
	if isJSON {
		args = args[1:]
	}
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage: 03-own-loop [--json] CLUSTER.yaml")
		os.Exit(2)
	}
	code, err := follow(args[0], isJSON)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
