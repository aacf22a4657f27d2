// SPDX-License-Identifier: Apache-2.0

// A text function alone, without any host: Calico's custom-resources.yaml on standard input, with the pod network written in, and every other
// byte as it was.
//
//	go run ./04-text 172.16.0.0/16 192.168.1.0/24 <custom-resources.yaml
package main

import (
	"fmt"
	"io"
	"os"

	kb "example.org/libkb"
)

func rewrite(pods, nodes string) error {
	overlaps, err := kb.CIDROverlaps(pods, nodes)
	if err != nil {
		return err
	}
	if overlaps {
		return fmt.Errorf("%s overlaps %s", pods, nodes)
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	rewritten, err := kb.CalicoSetPodCIDR(text, pods)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(rewritten)
	return err
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: 04-text POD-CIDR NODE-CIDR <custom-resources.yaml")
		os.Exit(2)
	}
	if err := rewrite(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
