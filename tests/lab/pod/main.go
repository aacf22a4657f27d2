// Pod is the program of the pods that prove a cluster: a server that says who it is, and a client that says whom it can reach.
//
//	pod serve :8080				answers every GET with its host name and addresses
//	pod reach TARGET...			TARGET: host:port (TCP), an http(s) URL, or dns:NAME; one line each, exit 1 if any failed
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const limit = 5 * time.Second

func addresses() string {
	var found []string
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			found = append(found, ip.IP.String())
		}
	}
	return strings.Join(found, " ")
}

func serve(address string) error {
	name, _ := os.Hostname()
	log.Printf("%s serves on %s at %s", name, address, addresses())
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Printf("%s asks for %s", r.RemoteAddr, r.URL.Path)
		fmt.Fprintf(w, "%s %s\n", name, addresses())
	}))
}

// get accepts any certificate and any status: that something answered is the proof.
func get(url string) (string, error) {
	client := http.Client{Timeout: limit, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 200))
	return answer.Status + " " + strings.Join(strings.Fields(string(body)), " "), err
}

func connect(target string) (string, error) {
	conn, err := net.DialTimeout("tcp", target, limit)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return "from " + conn.LocalAddr().String(), nil
}

func reach(target string) (string, error) {
	switch {
	case strings.HasPrefix(target, "dns:"):
		found, err := net.LookupHost(strings.TrimPrefix(target, "dns:"))
		return strings.Join(found, " "), err
	case strings.Contains(target, "://"):
		return get(target)
	default:
		return connect(target)
	}
}

func reachAll(targets []string) (failed int) {
	for _, target := range targets {
		answer, err := reach(target)
		if err != nil {
			failed++
			fmt.Printf("failed %s: %v\n", target, err)
			continue
		}
		fmt.Printf("reached %s: %s\n", target, answer)
	}
	return failed
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		log.Fatal(serve(os.Args[2]))
	case len(os.Args) > 2 && os.Args[1] == "reach":
		if reachAll(os.Args[2:]) > 0 {
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: pod serve :PORT | pod reach TARGET...")
		os.Exit(2)
	}
}
