// Node is a stand-in for calico-node in the tests of libkb: it is not Calico's, and its network is plain routes.
//
// On its node it keeps a CNI configuration (bridge and host-local over the node's block), a route to every other node's block, and
// the masquerading that the pool asks for. With -ready it says by its exit status whether that is done.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	corev1 "k8s.io/api/core/v1"

	"lab.example/operator/crd"
)

const readyFile = "/ready"

type agent struct {
	name    string
	typed   kubernetes.Interface
	dynamic dynamic.Interface
}

func connect() (*agent, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, err
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	dyn, err := dynamic.NewForConfig(config)
	return &agent{os.Getenv("NODENAME"), typed, dyn}, err
}

// blocks are the nodes' blocks, by node.
func (a *agent) blocks(ctx context.Context) (map[string]string, error) {
	list, err := a.dynamic.Resource(crd.BlockAffinities).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for i := range list.Items {
		found[crd.String(&list.Items[i], "spec", "node")] = crd.String(&list.Items[i], "spec", "cidr")
	}
	if found[a.name] == "" {
		return nil, fmt.Errorf("waiting for a block for %s", a.name)
	}
	return found, nil
}

// addresses are the nodes' own, by node.
func (a *agent) addresses(ctx context.Context) (map[string]string, error) {
	nodes, err := a.typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, n := range nodes.Items {
		for _, address := range n.Status.Addresses {
			if address.Type == corev1.NodeInternalIP && found[n.Name] == "" {
				found[n.Name] = address.Address
			}
		}
	}
	return found, nil
}

// masqueraded are the pools whose traffic to the outside goes under the node's name.
func (a *agent) masqueraded(ctx context.Context) ([]string, error) {
	pools, err := a.dynamic.Resource(crd.IPPools).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var found []string
	for i := range pools.Items {
		spec, _ := pools.Items[i].Object["spec"].(map[string]any)
		if spec["natOutgoing"] == true {
			found = append(found, crd.String(&pools.Items[i], "spec", "cidr"))
		}
	}
	return found, nil
}

func (a *agent) round(ctx context.Context) error {
	blocks, err := a.blocks(ctx)
	if err != nil {
		return err
	}
	addresses, err := a.addresses(ctx)
	if err != nil {
		return err
	}
	pools, err := a.masqueraded(ctx)
	if err != nil {
		return err
	}
	if err := setRoutes(a.name, blocks, addresses); err != nil {
		return err
	}
	if err := masquerade(pools); err != nil {
		return err
	}
	if err := writeOnChange("/var/lib/calico/nodename", a.name); err != nil {
		return err
	}
	return writeOnChange("/etc/cni/net.d/10-calico.conflist", cniConfig(blocks[a.name]))
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-ready" {
		if _, err := os.Stat(readyFile); err != nil {
			os.Exit(1)
		}
		return
	}
	log.SetFlags(log.LstdFlags | log.LUTC)
	log.Print("STAND-IN node agent of the lab of libkb: this is not calico-node")
	a, err := connect()
	if err != nil {
		log.Fatal(err)
	}
	for last := ""; ; time.Sleep(2 * time.Second) {
		said := "in order"
		if err := a.round(context.Background()); err != nil {
			said = err.Error()
			os.Remove(readyFile)
		} else if err := os.WriteFile(readyFile, nil, 0o600); err != nil {
			log.Fatal(err)
		}
		if said != last {
			log.Print(said)
			last = said
		}
	}
}
