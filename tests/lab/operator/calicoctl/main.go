// Calicoctl is a stand-in for Calico's command in the tests of libkb, and says so in what it prints: it answers
//
//	calicoctl version [--client]
//	calicoctl get ippool [-o wide]
//
// by reading the cluster of $KUBECONFIG or ~/.kube/config, in the real one's layout.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	"lab.example/operator/crd"
)

var version = "unknown" // set when it is linked

func connect() (dynamic.Interface, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	return dynamic.NewForConfig(config)
}

func printVersion(clientOnly bool) error {
	fmt.Printf("Client Version:    %s\nGit commit:        stand-in of the lab of libkb\n", version)
	if clientOnly {
		return nil
	}
	client, err := connect()
	if err != nil {
		return err
	}
	installation, err := client.Resource(crd.Installations).Get(context.Background(), "default", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("unable to retrieve Cluster Version or Type: %w", err)
	}
	fmt.Printf("Cluster Version:   %s\nCluster Type:      stand-in,k8s,kdd\n", crd.String(installation, "status", "calicoVersion"))
	return nil
}

func boolean(o *unstructured.Unstructured, field string) bool {
	b, _, _ := unstructured.NestedBool(o.Object, "spec", field)
	return b
}

func printPools(wide bool) error {
	client, err := connect()
	if err != nil {
		return err
	}
	pools, err := client.Resource(crd.IPPools).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 3, ' ', 0)
	defer w.Flush()
	if wide {
		fmt.Fprintln(w, "NAME\tCIDR\tNAT\tIPIPMODE\tVXLANMODE\tDISABLED\tDISABLEBGPEXPORT\tSELECTOR")
	} else {
		fmt.Fprintln(w, "NAME\tCIDR\tSELECTOR")
	}
	for i := range pools.Items {
		p := &pools.Items[i]
		fmt.Fprintf(w, "%s\t%s\t", p.GetName(), crd.String(p, "spec", "cidr"))
		if wide {
			fmt.Fprintf(w, "%t\t%s\t%s\t%t\t%t\t", boolean(p, "natOutgoing"), crd.String(p, "spec", "ipipMode"),
				crd.String(p, "spec", "vxlanMode"), boolean(p, "disabled"), boolean(p, "disableBGPExport"))
		}
		fmt.Fprintln(w, crd.String(p, "spec", "nodeSelector"))
	}
	return nil
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "version" {
		flags := flag.NewFlagSet("version", flag.ExitOnError)
		client := flags.Bool("client", false, "do not ask the cluster")
		_ = flags.Parse(args[1:])
		return printVersion(*client)
	}
	if len(args) > 1 && args[0] == "get" && slices.Contains([]string{"ippool", "ippools"}, args[1]) {
		flags := flag.NewFlagSet("get", flag.ExitOnError)
		output := flags.String("o", "ps", "ps or wide")
		_ = flags.Parse(args[2:])
		return printPools(*output == "wide")
	}
	return fmt.Errorf("this stand-in only knows version and get ippool")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
