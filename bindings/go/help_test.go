// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	kb "example.org/libkb"
)

const (
	top  = "../../"
	data = top + "tests/data/"
)

// must takes apart what has to be good.
func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return value
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v %+v", err, err)
	}
}

func newContext(t testing.TB) *kb.Context {
	t.Helper()
	c := must(kb.New())(t)
	t.Cleanup(func() { c.Close() })
	return c
}

func wantCode(t testing.TB, err error, code kb.Code, text string) *kb.Error {
	t.Helper()
	var e *kb.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if !errors.Is(err, code) || !strings.Contains(e.Cause, text) {
		t.Fatalf("got %v: %v, want %v with %q in it", e.Code, e, code, text)
	}
	return e
}

// describe writes the description of hosts that were recorded (tests/data/replay) into a folder of its own.
func describe(folder, name string) (string, error) {
	all, err := filepath.Abs(data)
	if err != nil {
		return "", err
	}
	manifests := filepath.Join(folder, "calico", "v3.32.1")
	path := filepath.Join(folder, "cluster.yaml")
	text, err := os.ReadFile(filepath.Join(all, "replay", "cluster.yaml"))
	described := strings.ReplaceAll(string(text), "CALICO", filepath.Join(folder, "calico")) + "replay: " + filepath.Join(all, "replay", name) + "\n"
	return path, errors.Join(err,
		os.MkdirAll(manifests, 0o700),
		os.Symlink(filepath.Join(all, "calico", "v3.32.1"), filepath.Join(manifests, "manifests")),
		os.Symlink(filepath.Join(all, "replay", "Release.key"), filepath.Join(folder, "Release.key")),
		os.WriteFile(path, []byte(described), 0o600))
}

func recorded(t testing.TB, folder, name string) string {
	t.Helper()
	return must(describe(folder, name))(t)
}

func recordedCluster(t testing.TB, c *kb.Context, name string) *kb.Cluster {
	t.Helper()
	return must(c.LoadCluster(recorded(t, t.TempDir(), name)))(t)
}

// eventually waits until something is true; the garbage collector and the kernel take their time.
func eventually(t testing.TB, what string, isTrue func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !isTrue(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never true: " + what)
		}
		runtime.GC()
	}
}

// listener is where connections are taken, and nothing is said.
func listener(t testing.TB) string {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func spawn(all *sync.WaitGroup, work func()) {
	all.Add(1)
	go func() {
		defer all.Done()
		work()
	}()
}
