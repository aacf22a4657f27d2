package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"lab.example/operator/crd"
)

var managed = map[string]string{"app.kubernetes.io/managed-by": "tigera-operator", "lab.kb/stand-in": "true"}

type pool struct {
	name string
	cidr netip.Prefix
	bits int
	spec map[string]any
}

// The pool's modes of encapsulation, by the Installation's word for them: IPIP, VXLAN.
var encapsulations = map[string][2]string{
	"IPIP":             {"Always", "Never"},
	"IPIPCrossSubnet":  {"CrossSubnet", "Never"},
	"VXLAN":            {"Never", "Always"},
	"VXLANCrossSubnet": {"Never", "CrossSubnet"},
	"None":             {"Never", "Never"},
}

// poolsOf reads the pools that an Installation asks for.
func poolsOf(installation object, podSubnet string) ([]pool, error) {
	asked, _, _ := unstructured.NestedSlice(installation.Object, "spec", "calicoNetwork", "ipPools")
	if len(asked) == 0 && podSubnet == "" {
		return nil, degraded{"ResourceValidationError", "kubeadm configuration is missing required podSubnet field"}
	}
	var found []pool
	for _, a := range asked {
		p, err := poolOf(a.(map[string]any), podSubnet)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

func poolOf(asked map[string]any, podSubnet string) (pool, error) {
	name, named := asked["name"].(string) // from Calico 3.28 on
	if !named {
		name = "default-ipv4-ippool"
	}
	text, _ := asked["cidr"].(string)
	bits, _ := asked["blockSize"].(int64)
	cidr, err := netip.ParsePrefix(text)
	if err != nil {
		return pool{}, degraded{"ResourceValidationError", err.Error()}
	}
	if err := checkPool(name, cidr, podSubnet); err != nil {
		return pool{}, err
	}
	if int(bits) < cidr.Bits() || bits > 32 {
		return pool{}, degraded{"ResourceValidationError",
			fmt.Sprintf("IP pool size is too small for use with blockSize %d: %s", bits, cidr)}
	}
	encapsulation, _ := asked["encapsulation"].(string)
	modes := encapsulations[encapsulation]
	return pool{name, cidr, int(bits), map[string]any{
		"cidr":         cidr.String(),
		"blockSize":    bits,
		"ipipMode":     modes[0],
		"vxlanMode":    modes[1],
		"natOutgoing":  asked["natOutgoing"] == "Enabled",
		"nodeSelector": asked["nodeSelector"],
		"allowedUses":  []any{"Workload", "Tunnel"},
	}}, nil
}

// ensurePools makes the IPPool objects; one whose network differs must be deleted by hand, as with the real one.
func (o *operator) ensurePools(ctx context.Context, installation object) ([]pool, error) {
	podSubnet, err := o.podSubnet(ctx)
	if err != nil {
		return nil, err
	}
	pools, err := poolsOf(installation, podSubnet)
	if err != nil {
		return nil, err
	}
	for _, p := range pools {
		there, err := o.dynamic.Resource(crd.IPPools).Get(ctx, p.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			there = crd.Object(crd.IPPools, "IPPool", p.name, map[string]any{"spec": p.spec})
			there.SetLabels(managed)
			_, err = o.dynamic.Resource(crd.IPPools).Create(ctx, there, metav1.CreateOptions{})
		}
		if err != nil {
			return nil, err
		}
		if cidr := crd.String(there, "spec", "cidr"); cidr != p.cidr.String() {
			return nil, degraded{"ResourceUpdateError", fmt.Sprintf("IPPool %s: its cidr is %s and can't become %s", p.name, cidr, p.cidr)}
		}
	}
	return pools, nil
}

// ensureBlocks gives every node one block of the first pool and takes back those of nodes that are gone.
func (o *operator) ensureBlocks(ctx context.Context, p pool) error {
	nodes, err := o.typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	given, err := o.dynamic.Resource(crd.BlockAffinities).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	names, has, taken := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, n := range nodes.Items {
		names[n.Name] = true
	}
	for i := range given.Items {
		b := &given.Items[i]
		node := crd.String(b, "spec", "node")
		if !names[node] {
			err = errors.Join(err, o.dynamic.Resource(crd.BlockAffinities).Delete(ctx, b.GetName(), metav1.DeleteOptions{}))
			continue
		}
		has[node], taken[crd.String(b, "spec", "cidr")] = true, true
	}
	sort.Slice(nodes.Items, func(i, j int) bool { return nodes.Items[i].Name < nodes.Items[j].Name })
	for _, n := range nodes.Items {
		if !has[n.Name] {
			err = errors.Join(err, o.giveBlock(ctx, p, n, taken))
		}
	}
	return err
}

func (o *operator) giveBlock(ctx context.Context, p pool, node corev1.Node, taken map[string]bool) error {
	var block netip.Prefix
	if err := crd.Blocks(p.cidr, p.bits, func(b netip.Prefix) bool {
		block = b
		return taken[b.String()]
	}); err != nil {
		return degraded{"PodFailure", fmt.Sprintf("%s: %v", node.Name, err)}
	}
	taken[block.String()] = true
	name := node.Name + "-" + strings.NewReplacer(".", "-", "/", "-").Replace(block.String())
	affinity := crd.Object(crd.BlockAffinities, "BlockAffinity", name, map[string]any{"spec": map[string]any{
		"cidr": block.String(), "node": node.Name, "state": "confirmed", "deleted": "false"}})
	affinity.SetLabels(managed)
	_, err := o.dynamic.Resource(crd.BlockAffinities).Create(ctx, affinity, metav1.CreateOptions{})
	return err
}
