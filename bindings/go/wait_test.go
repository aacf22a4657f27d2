// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"syscall"
	"testing"
	"time"
)

func newPipe(t *testing.T) (from, to int) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, end := range ends {
			syscall.Close(end)
		}
	})
	return ends[0], ends[1]
}

func send(t *testing.T, to int) {
	if _, err := syscall.Write(to, []byte("x")); err != nil {
		t.Fatal(err)
	}
}

// What comes while nobody armed it must not wake Go's poller: that is a packet's price several times over.
func TestAGateTellsOnceEachTimeItIsArmed(t *testing.T) {
	from, to := newPipe(t)
	g, err := openGate()
	if err != nil {
		t.Fatal(err)
	}
	defer g.file.Close()
	for range 3 {
		if _, err := g.arm(from); err != nil {
			t.Fatal(err)
		}
		send(t, to)
		if !isOpen(uintptr(g.fd)) {
			t.Fatal("it does not tell")
		}
		send(t, to)
		if isOpen(uintptr(g.fd)) {
			t.Fatal("it tells again")
		}
	}
}

func TestAShortWaitEnds(t *testing.T) {
	from, to := newPipe(t)
	begin := time.Now()
	for !time.Now().After(begin.Add(linger)) { // a signal of Go's runtime ends it as well
		isReadable(from, linger)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Fatalf("it took %v", took)
	}
	send(t, to)
	if !isReadable(from, time.Hour) {
		t.Fatal("it does not see what is there")
	}
}
