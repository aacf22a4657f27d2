// Package crd names the resources of Calico that the lab's stand-ins read and write.
package crd

import (
	"fmt"
	"net/netip"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const Group = "crd.projectcalico.org"

var (
	Installations   = operator("installations")
	APIServers      = operator("apiservers")
	Goldmanes       = operator("goldmanes")
	Whiskers        = operator("whiskers")
	TigeraStatuses  = operator("tigerastatuses")
	IPPools         = schema.GroupVersionResource{Group: Group, Version: "v1", Resource: "ippools"}
	BlockAffinities = schema.GroupVersionResource{Group: Group, Version: "v1", Resource: "blockaffinities"}
)

func operator(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "operator.tigera.io", Version: "v1", Resource: resource}
}

// Object is an object of the given kind with a name and content.
func Object(gvr schema.GroupVersionResource, kind, name string, content map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: content}
	o.SetAPIVersion(gvr.GroupVersion().String())
	o.SetKind(kind)
	o.SetName(name)
	return o
}

// String is the string at a path of an object, or "".
func String(o *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}

// Blocks cuts a pool into blocks, in order, until want says that it has enough.
func Blocks(pool netip.Prefix, bits int, want func(netip.Prefix) bool) error {
	if bits < pool.Bits() || bits > 32 {
		return fmt.Errorf("IP pool size is too small for use with blockSize %d: %s", bits, pool)
	}
	for block := netip.PrefixFrom(pool.Masked().Addr(), bits); pool.Contains(block.Addr()); block = after(block) {
		if !want(block) {
			return nil
		}
	}
	return fmt.Errorf("no free block of /%d in %s", bits, pool)
}

func after(block netip.Prefix) netip.Prefix {
	b := block.Addr().As4()
	n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	n += 1 << (32 - block.Bits())
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), block.Bits())
}
