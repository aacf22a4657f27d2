package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// routeProtocol marks our routes, by the number that Calico marks its own with.
const routeProtocol = 80

// cniConfig is what containerd reads: every pod on one bridge, its address from the node's block.
func cniConfig(block string) string {
	type m = map[string]any
	config, _ := json.MarshalIndent(m{
		"name":       "k8s-pod-network",
		"cniVersion": "0.3.1",
		"plugins": []m{
			{"type": "bridge", "bridge": "calibr0", "isGateway": true, "hairpinMode": true, "ipam": m{
				"type":   "host-local",
				"ranges": [][]m{{{"subnet": block}}},
				"routes": []m{{"dst": "0.0.0.0/0"}},
			}},
			{"type": "portmap", "snat": true, "capabilities": m{"portMappings": true}},
		},
	}, "", "  ")
	return string(config) + "\n"
}

// writeOnChange replaces a file as a whole, so that its reader never sees a part.
func writeOnChange(path, content string) error {
	if there, err := os.ReadFile(path); err == nil && string(there) == content {
		return nil
	}
	fresh := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(fresh, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// setRoutes leads to every other node's block over that node, and to no block else.
func setRoutes(self string, blocks, addresses map[string]string) error {
	wanted := map[string]bool{}
	for node, block := range blocks {
		_, dst, err := net.ParseCIDR(block)
		if err != nil {
			return err
		}
		via := net.ParseIP(addresses[node])
		if node == self || via == nil {
			continue
		}
		wanted[dst.String()] = true
		if err := netlink.RouteReplace(&netlink.Route{Dst: dst, Gw: via, Protocol: routeProtocol}); err != nil {
			return fmt.Errorf("route to %s via %s: %w", dst, via, err)
		}
	}
	return dropRoutes(wanted)
}

func dropRoutes(wanted map[string]bool) error {
	ours, err := netlink.RouteListFiltered(unix.AF_INET, &netlink.Route{Protocol: routeProtocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return err
	}
	for i := range ours {
		if ours[i].Dst == nil || !wanted[ours[i].Dst.String()] {
			err = errors.Join(err, netlink.RouteDel(&ours[i]))
		}
	}
	return err
}

// masquerade hides the pods of these pools behind the node, towards everything but pods.
func masquerade(pools []string) error {
	const chain = "cali-nat-outgoing"
	if run("-n", "-L", chain) != nil {
		if err := run("-N", chain); err != nil {
			return err
		}
	}
	if err := ensure("POSTROUTING", "-j", chain); err != nil {
		return err
	}
	for _, pool := range pools {
		if err := ensure(chain, "-s", pool, "!", "-d", pool, "-j", "MASQUERADE"); err != nil {
			return err
		}
	}
	return nil
}

// ensure adds a rule that isn't there.
func ensure(rule ...string) error {
	if run(append([]string{"-C"}, rule...)...) == nil {
		return nil
	}
	return run(append([]string{"-A"}, rule...)...)
}

func run(args ...string) error {
	out, err := exec.Command("iptables", append([]string{"-w", "-t", "nat"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("iptables %v: %s", args, out)
	}
	return nil
}
