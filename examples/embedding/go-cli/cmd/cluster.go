// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	kb "example.org/libkb"
)

// onCluster is a command that runs something on the cluster of a description.
func onCluster(name, short string, start func(context.Context, *kb.Cluster) (kb.Run, error)) *cobra.Command {
	var isJSON bool
	var timeout time.Duration
	command := &cobra.Command{
		Use:   name + " CLUSTER.yaml",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := context.WithTimeout(command.Context(), timeout)
			defer stop()
			return follow(ctx, command.OutOrStdout(), args[0], isJSON, start)
		},
	}
	command.Flags().BoolVar(&isJSON, "json", false, "one event a line, as JSON")
	command.Flags().DurationVar(&timeout, "timeout", time.Hour, "for all of it")
	return command
}

func follow(ctx context.Context, out io.Writer, path string, isJSON bool, start func(context.Context, *kb.Cluster) (kb.Run, error)) error {
	c, err := kb.New()
	if err != nil {
		return err
	}
	defer c.Close()
	cluster, err := c.LoadCluster(path)
	if err != nil {
		return err
	}
	run, err := start(ctx, cluster)
	if err != nil {
		return err
	}
	var failed error
	for event, err := range run {
		if failed = err; event.Kind != 0 {
			show(out, event, isJSON)
		}
	}
	return failed
}

func show(out io.Writer, event kb.Event, isJSON bool) {
	switch {
	case isJSON:
		if line, err := json.Marshal(event); err == nil {
			fmt.Fprintln(out, string(line))
		}
	case event.Kind == kb.StepDone && !event.Skipped, event.Kind == kb.Note:
		fmt.Fprintln(out, event)
	}
}
