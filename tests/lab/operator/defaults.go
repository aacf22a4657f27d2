package main

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"lab.example/operator/crd"
)

type object = *unstructured.Unstructured

var finalizers = []string{"tigera.io/operator-cleanup", "operator.tigera.io/installation-controller"}

// What the real operator fills in where a caller said nothing.
var specDefaults = []struct {
	path  []string
	value any
}{
	{[]string{"variant"}, "Calico"},
	{[]string{"cni", "type"}, "Calico"},
	{[]string{"cni", "ipam", "type"}, "Calico"},
	{[]string{"controlPlaneReplicas"}, int64(2)},
	{[]string{"kubeletVolumePluginPath"}, "/var/lib/kubelet"},
	{[]string{"nonPrivileged"}, "Disabled"},
	{[]string{"calicoNetwork", "bgp"}, "Enabled"},
	{[]string{"calicoNetwork", "hostPorts"}, "Enabled"},
	{[]string{"calicoNetwork", "linuxDataplane"}, "Iptables"},
	{[]string{"calicoNetwork", "multiInterfaceMode"}, "None"},
}

var poolDefaults = map[string]any{
	"blockSize":        int64(26),
	"encapsulation":    "IPIP",
	"natOutgoing":      "Enabled",
	"nodeSelector":     "all()",
	"disableBGPExport": false,
}

// writeBack puts finalizers and defaults into the Installation, as the real operator does.
func (o *operator) writeBack(ctx context.Context, installation object) error {
	before := installation.DeepCopy()
	podSubnet, err := o.podSubnet(ctx)
	if err != nil {
		return err
	}
	for _, f := range finalizers {
		if !slices.Contains(installation.GetFinalizers(), f) {
			installation.SetFinalizers(append(installation.GetFinalizers(), f))
		}
	}
	for _, d := range specDefaults {
		setDefault(installation.Object, d.value, append([]string{"spec"}, d.path...)...)
	}
	network, _, _ := unstructured.NestedMap(installation.Object, "spec", "calicoNetwork")
	if _, chosen := network["nodeAddressAutodetectionV4"]; !chosen {
		setDefault(installation.Object, true, "spec", "calicoNetwork", "nodeAddressAutodetectionV4", "firstFound")
	}
	setPoolDefaults(installation, podSubnet)
	if reflect.DeepEqual(before.Object, installation.Object) {
		return nil
	}
	updated, err := o.dynamic.Resource(crd.Installations).Update(ctx, installation, metav1.UpdateOptions{})
	if err == nil {
		installation.Object = updated.Object
	}
	return err
}

func setDefault(in map[string]any, value any, path ...string) {
	if _, found, err := unstructured.NestedFieldNoCopy(in, path...); !found && err == nil {
		_ = unstructured.SetNestedField(in, value, path...)
	}
}

// setPoolDefaults takes the pods' network of kubeadm where no pool was given.
func setPoolDefaults(installation object, podSubnet string) {
	path := []string{"spec", "calicoNetwork", "ipPools"}
	pools, found, _ := unstructured.NestedSlice(installation.Object, path...)
	if !found && podSubnet != "" {
		pools = []any{map[string]any{"cidr": podSubnet}}
	}
	for _, p := range pools {
		pool, ok := p.(map[string]any)
		for key, value := range poolDefaults {
			if ok {
				setDefault(pool, value, key)
			}
		}
	}
	if pools != nil {
		_ = unstructured.SetNestedSlice(installation.Object, pools, path...)
	}
}

// podSubnet is what kubeadm was told, "" if it was told nothing.
func (o *operator) podSubnet(ctx context.Context) (string, error) {
	config, err := o.typed.CoreV1().ConfigMaps("kube-system").Get(ctx, "kubeadm-config", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	var cluster struct {
		Networking struct{ PodSubnet string }
	}
	err = yaml.Unmarshal([]byte(config.Data["ClusterConfiguration"]), &cluster)
	return cluster.Networking.PodSubnet, err
}

// checkPool refuses what the real operator refuses, in its words.
func checkPool(name string, pool netip.Prefix, podSubnet string) error {
	if podSubnet == "" {
		return degraded{"ResourceValidationError", "kubeadm configuration is missing required podSubnet field"}
	}
	pods, err := netip.ParsePrefix(podSubnet)
	if err != nil {
		return degraded{"ResourceValidationError", err.Error()}
	}
	if pool.Bits() < pods.Bits() || !pods.Contains(pool.Addr()) {
		return degraded{"ResourceValidationError",
			fmt.Sprintf("IPPool %s is not within the platform's configured pod network CIDR(s) [%s]", pool, pods)}
	}
	return nil
}
