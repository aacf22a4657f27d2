// Operator is a stand-in for Calico's operator in the tests of libkb: it is not that operator, and its network is not Calico's.
//
// It does the part of the operator's work that an installer can see: it reads the Installation named default, writes defaults and
// finalizers back into it, makes the IPPool, gives every node a block of it and a working CNI configuration, says how far it is in
// TigeraStatus, and takes all of that away when the Installation is deleted. It has only the rights of the real one's manifest.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const namespace = "calico-system"

type operator struct {
	typed   kubernetes.Interface
	dynamic dynamic.Interface
	version string // of the Calico that it stands in for
}

func connect() (*operator, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 50, 100
	config.WarningHandler = rest.NoWarnings{}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	dyn, err := dynamic.NewForConfig(config)
	return &operator{typed, dyn, os.Getenv("CALICO_VERSION")}, err
}

func main() {
	flag.Bool("manage-crds", false, "accepted as the real one's manifest gives it; the CRDs must be there")
	flag.Parse()
	log.SetFlags(log.LstdFlags | log.LUTC)
	log.Print("STAND-IN operator of the lab of libkb: this is not Calico's operator")
	o, err := connect()
	if err != nil {
		log.Fatal(err)
	}
	last := ""
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		said := "in order"
		if err := o.reconcile(ctx); err != nil {
			said = err.Error()
		}
		if said != last {
			log.Print(said)
			last = said
		}
		cancel()
		time.Sleep(time.Second)
	}
}
