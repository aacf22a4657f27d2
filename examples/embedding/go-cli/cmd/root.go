// SPDX-License-Identifier: Apache-2.0

// Package cmd is the command line.
package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	kb "example.org/libkb"
)

// Root is kbctl with all that is below it.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:           "kbctl",
		Short:         "Kubernetes clusters with kubeadm",
		Version:       kb.Version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		onCluster("plan", "Show what up would change", func(ctx context.Context, c *kb.Cluster) (kb.Run, error) {
			plan, err := c.PlanUp()
			if err != nil {
				return nil, err
			}
			return plan.Check(ctx), nil
		}),
		onCluster("up", "Make the hosts a cluster", func(ctx context.Context, c *kb.Cluster) (kb.Run, error) { return c.Up(ctx), nil }),
		onCluster("status", "Ask the cluster how it is", func(ctx context.Context, c *kb.Cluster) (kb.Run, error) { return c.Status(ctx), nil }),
		onCluster("reset", "Take the cluster down", func(ctx context.Context, c *kb.Cluster) (kb.Run, error) { return c.Reset(ctx), nil }),
		suggest(),
	)
	return root
}

// suggest is a function on text alone, with flags of its own.
func suggest() *cobra.Command {
	var size int
	command := &cobra.Command{
		Use:   "suggest [TAKEN...]",
		Short: "A pod network that is free of those taken",
		RunE: func(command *cobra.Command, taken []string) error {
			network, err := kb.CIDRSuggest(size, taken...)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(command.OutOrStdout(), network)
			return err
		},
	}
	command.Flags().IntVar(&size, "size", 16, "prefix length of the network wanted")
	return command
}
