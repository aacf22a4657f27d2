// SPDX-License-Identifier: Apache-2.0

// An installer's test without hosts. Once, against real hosts, the installer ran with `record: FOLDER` in its cluster file; from then on the
// same run is played from that folder, with `replay: FOLDER` there. What the installer does is the same; what the hosts say is what they said.
//
//	go run ./05-replay cluster.yaml
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	kb "example.org/libkb"
)

// installer is what is tested, here in one line.
func installer(ctx context.Context, cluster *kb.Cluster) kb.Run { return cluster.Up(ctx) }

type seen struct {
	status              kb.Code
	joined, notRecorded int
}

func (s *seen) lookAt(event kb.Event) {
	if event.Kind == kb.PlanDone {
		s.status = event.Status
	}
	if event.Kind != kb.StepDone {
		return
	}
	if event.Changed && event.Step == "kubeadm.join" {
		s.joined++
	}
	var e *kb.Error
	if errors.As(event.Err, &e) && e.ID == "replay.not-recorded" {
		s.notRecorded++ // the installer asks what it did not ask then
		fmt.Println(e.Cause)
		for _, line := range e.Evidence {
			fmt.Println("    " + line)
		}
	}
}

func run(cluster *kb.Cluster) seen {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	s := seen{status: kb.ErrInvalid}
	for event := range installer(ctx, cluster) { // the last event says how it ended
		s.lookAt(event)
	}
	return s
}

func check(what string, isTrue bool) int {
	fmt.Printf("%-44s %s\n", what, map[bool]string{true: "yes", false: "NO"}[isTrue])
	return map[bool]int{false: 1}[isTrue]
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: 05-replay CLUSTER.YAML")
		os.Exit(2)
	}
	failures := 0
	if c, err := kb.New(); err == nil {
		defer c.Close()
		cluster, err := c.LoadCluster(os.Args[1])
		failures += check("the cluster file is read", err == nil)
		if err == nil {
			s := run(cluster)
			failures += check("everything asked was recorded", s.notRecorded == 0)
			failures += check("the hosts become a cluster", s.status == kb.OK)
			failures += check("two workers join it", s.joined == 2)
		}
	}
	if failures > 0 {
		os.Exit(1)
	}
}
