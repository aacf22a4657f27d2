// SPDX-License-Identifier: Apache-2.0

// Kbctl is a command line on top of libkb: kbctl up, plan, status, reset CLUSTER.yaml, and kbctl suggest for a free pod network.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"example.org/kbctl/cmd"
	kb "example.org/libkb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := cmd.Root().ExecuteContext(ctx)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "kbctl:", err)
	var e *kb.Error
	if errors.As(err, &e) && e.Fix != "" {
		fmt.Fprintln(os.Stderr, "kbctl: what would mend it:", e.Fix)
	}
	stop()
	os.Exit(1)
}
