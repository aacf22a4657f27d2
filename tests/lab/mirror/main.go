// Mirror serves a folder over HTTP and HTTPS, and logs a line a request, so that tests can ask what was fetched.
package main

import (
	"flag"
	"log"
	"net/http"
)

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		log.Printf("%s %s %s %s", r.RemoteAddr, r.Method, scheme, r.URL.Path)
		next.ServeHTTP(w, r)
	})
}

func main() {
	root := flag.String("root", ".", "the folder to serve")
	address := flag.String("address", "127.0.0.1", "the address to listen on")
	cert := flag.String("cert", "", "the certificate for HTTPS")
	key := flag.String("key", "", "its key")
	flag.Parse()
	handler := logged(http.FileServer(http.Dir(*root)))
	failed := make(chan error)
	go func() { failed <- http.ListenAndServe(*address+":80", handler) }()
	go func() { failed <- http.ListenAndServeTLS(*address+":443", *cert, *key, handler) }()
	log.Fatal(<-failed)
}
