// SPDX-License-Identifier: Apache-2.0

// One step on one host: swap off, now and at every boot.
//
//	go run ./01-one-step ssh://vagrant@192.168.1.2           shows what would change
//	go run ./01-one-step ssh://vagrant@192.168.1.2 apply     and makes it so
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	kb "example.org/libkb"
)

func show(result *kb.Result, change string) {
	if !result.Changed {
		change = ""
	}
	fmt.Printf("swap.off: %s%s\n%s", result.Verdict, change, result.Diff)
}

func run(uri string, isApply bool) error {
	c, err := kb.New()
	if err != nil {
		return err
	}
	defer c.Close()
	host, err := c.NewHost("the-host", uri)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()

	do, change := host.Check, ", would change"
	if isApply {
		do, change = host.Run, ", changed"
	}
	// A step that fails on the host has a result too; without it nothing could be started.
	result, err := do(ctx, kb.SwapOff{})
	if result == nil {
		return err
	}
	show(result, change)
	var e *kb.Error
	if errors.As(err, &e) {
		err = fmt.Errorf("%w (%s)", err, e.Code)
	}
	return err
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: 01-one-step URI [apply]")
		os.Exit(2)
	}
	if err := run(os.Args[1], len(os.Args) > 2 && os.Args[2] == "apply"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
