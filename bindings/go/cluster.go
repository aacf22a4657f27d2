// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"context"
	"fmt"

	"example.org/libkb/internal/ckb"
)

// Cluster is a whole cluster's description, of a file or made by calls, and the plans that bring it up, look at it and take it down.
type Cluster struct {
	handle handle[ckb.Cluster]
}

// NewCluster makes an empty description.
func (c *Context) NewCluster() (*Cluster, error) {
	return c.cluster(func() ckb.Outcome[ckb.Cluster] { return ckb.ClusterNew(c.core.raw) })
}

// LoadCluster reads a description. Paths in it are relative to its folder. Errors read "cluster.yaml:7:3: ...".
func (c *Context) LoadCluster(path string) (*Cluster, error) {
	return c.cluster(func() ckb.Outcome[ckb.Cluster] { return ckb.ClusterLoad(c.core.raw, path) })
}

// ParseCluster is as LoadCluster, from memory. The name is what errors call it, the folder what relative paths in it start from; "": the current
// directory.
func (c *Context) ParseCluster(name, folder string, data []byte) (*Cluster, error) {
	return c.cluster(func() ckb.Outcome[ckb.Cluster] { return ckb.ClusterParse(c.core.raw, name, orNil(folder), data) })
}

func (c *Context) cluster(call func() ckb.Outcome[ckb.Cluster]) (*Cluster, error) {
	made := new(Cluster)
	return makeChild(c, made, &made.handle, call)
}

// Set sets a field by its dotted path ("kubernetes.version"), as the file would have it; lists are comma-separated.
func (c *Cluster) Set(key, value string) error {
	return c.handle.do(func(raw ckb.Cluster) error { return raw.Set(key, &value) })
}

// Unset puts the default of a field back.
func (c *Cluster) Unset(key string) error {
	return c.handle.do(func(raw ckb.Cluster) error { return raw.Set(key, nil) })
}

// Get is what a field is, or its default; "" when it has none.
func (c *Cluster) Get(key string) string {
	return tell(&c.handle, func(raw ckb.Cluster) string { return raw.Get(key) })
}

// ClusterKeys are the dotted paths of all fields. Those that only hosts have begin with "hosts[].".
func ClusterKeys() []string { return names(ckb.ClusterKey) }

// ClusterKeyDoc is what a field means and what its default is; "" for an unknown key.
func ClusterKeyDoc(key string) string { return ckb.ClusterKeyDoc(key) }

// AddHost adds a host: the Node's name, and its address in the node network, or "local" for this machine.
func (c *Cluster) AddHost(name, address string, role Role) error {
	return c.handle.do(func(raw ckb.Cluster) error { return raw.AddHost(name, address, string(role)) })
}

// SetHost sets a field of one host ("ssh.port", "schedulable", "labels", ...): of those that only hosts have, and of ssh and containerd over what the
// cluster says. A map is NAME=VALUE,NAME=VALUE.
func (c *Cluster) SetHost(name, key, value string) error {
	return c.handle.do(func(raw ckb.Cluster) error { return raw.SetHost(name, key, &value) })
}

// UnsetHost puts the default of a host's field back.
func (c *Cluster) UnsetHost(name, key string) error {
	return c.handle.do(func(raw ckb.Cluster) error { return raw.SetHost(name, key, nil) })
}

// SetSecret is a secret of one host, or of all when host is "": keys as Host.SetSecret. "" forgets it.
func (c *Cluster) SetSecret(host, key string, secret Secret) error {
	return c.handle.do(func(raw ckb.Cluster) error { return raw.SetSecret(orNil(host), key, secret.bytes()) })
}

// AddKubeadm adds kubeadm documents of the caller's own (YAML), merged by kind into what is written.
func (c *Cluster) AddKubeadm(documents []byte) error {
	return c.handle.do(func(raw ckb.Cluster) error { return raw.AddKubeadm(documents) })
}

// Hosts are the names of its hosts.
func (c *Cluster) Hosts() []string {
	return tell(&c.handle, func(raw ckb.Cluster) []string {
		hosts := make([]string, raw.HostCount())
		for i := range hosts {
			hosts[i] = raw.HostName(i)
		}
		return hosts
	})
}

// Check looks at the description alone, before any host is touched: missing fields, overlapping or too small networks, versions that nobody serves,
// doubled names and addresses. Up does it too.
func (c *Cluster) Check() error { return c.handle.do(ckb.Cluster.Check) }

// PlanUp is the plan that brings it up. No host is touched before every host was looked at; run again, it changes only what differs. The output
// "kubeconfig" of its task kubeconfig.install is the administrator's kubeconfig.
func (c *Cluster) PlanUp() (*Plan, error) { return c.plan(ckb.Cluster.Up) }

// PlanReset is the plan that takes it down: workers first, while there is an API server to tell; the control plane last. Packages and settings of
// the hosts stay.
func (c *Cluster) PlanReset() (*Plan, error) { return c.plan(ckb.Cluster.Reset) }

// PlanStatus is the plan that only looks: nodes, control plane, network.
func (c *Cluster) PlanStatus() (*Plan, error) { return c.plan(ckb.Cluster.Status) }

// Up brings it up: PlanUp, applied.
func (c *Cluster) Up(ctx context.Context) Run { return c.run(ctx, c.PlanUp) }

// Reset takes it down: PlanReset, applied.
func (c *Cluster) Reset(ctx context.Context) Run { return c.run(ctx, c.PlanReset) }

// Status looks at it: PlanStatus, applied, which changes nothing.
func (c *Cluster) Status(ctx context.Context) Run { return c.run(ctx, c.PlanStatus) }

func (c *Cluster) plan(call func(ckb.Cluster) ckb.Outcome[ckb.Plan]) (*Plan, error) {
	made := new(Plan)
	err := c.handle.do(func(raw ckb.Cluster) error {
		plan, err := call(raw).Get()
		if err == nil {
			adopt(c.handle.context, made, &made.handle, plan)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// run makes the plan when it is ranged over, and closes it.
func (c *Cluster) run(ctx context.Context, make func() (*Plan, error)) Run {
	return func(yield func(Event, error) bool) {
		plan, err := make()
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer plan.Close()
		plan.Apply(ctx)(yield)
	}
}

// Close ends its use now; plans made from it keep what they need. It is always nil.
func (c *Cluster) Close() error {
	c.handle.close()
	return nil
}

func (c *Cluster) String() string { return fmt.Sprintf("cluster of %d hosts", len(c.Hosts())) }
