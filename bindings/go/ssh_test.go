// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kb "example.org/libkb"
)

// sshd is a real one on loopback, for one login by a key of its own with a passphrase. It gives host and port, and the key.
func sshd(t *testing.T) (address, key string) {
	t.Helper()
	if _, err := os.Stat("/usr/sbin/sshd"); err != nil || exec.Command("unshare", "-m", "true").Run() != nil {
		t.Skip("there is no sshd, or no namespace to be had")
	}
	folder := t.TempDir()
	key = filepath.Join(folder, "key")
	for file, passphrase := range map[string]string{"host": "", "key": "open sesame"} {
		check(t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", filepath.Join(folder, file)).Run())
	}
	free := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	address = free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)
	config := filepath.Join(folder, "config")
	check(t, os.WriteFile(config, fmt.Appendf(nil, "ListenAddress 127.0.0.1:%s\nHostKey %s/host\nAuthorizedKeysFile %s.pub\nStrictModes no\n"+
		"PidFile none\nPermitRootLogin yes\nUsePAM no\n", port, folder, key), 0o600))
	// in a namespace: it wants its empty folder below /run, and what this machine's root has in its rc files is not for it
	server := exec.Command("unshare", "-m", "--propagation", "private", "sh", "-c",
		`mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /root && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -D -e -f "$0"`, config)
	check(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	eventually(t, "sshd listens", func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return address, key
}

func asking(t *testing.T, c *kb.Context, address, key string) *kb.Plan {
	t.Helper()
	plan := must(c.NewPlan())(t)
	must(plan.Add(askingHost(t, c, address, key), whoAmI))(t)
	return plan
}

var whoAmI = kb.Script{Name: "who.am-i", Probe: `test "$(id -u)" = 0`}

func askingHost(t *testing.T, c *kb.Context, address, key string) *kb.Host {
	t.Helper()
	host := must(c.NewHost("there", "ssh://root@"+address))(t)
	for name, value := range map[string]string{"identity": key, "known_hosts": filepath.Join(t.TempDir(), "none"), "ask": "passphrase,host_key"} {
		check(t, host.Set(name, value))
	}
	return host
}

func TestQuestionsAreAnswered(t *testing.T) {
	address, key := sshd(t)
	c := newContext(t)
	asked, wrong := map[string]int{}, kb.Secret("open barley")
	done := kb.Event{}
	for ev, err := range asking(t, c, address, key).Apply(t.Context()) {
		check(t, err)
		if ev.Kind == kb.StepDone {
			done = ev
		}
		if ev.Kind != kb.Question {
			continue
		}
		asked[ev.ID]++
		if ev.Attempt < 1 || ev.Subject == "" || ev.Text == "" {
			t.Errorf("%+v", ev)
		}
		answer := kb.Secret("yes")
		if ev.ID == "passphrase" {
			answer = wrong
			wrong = "open sesame"
		}
		check(t, c.Answer(ev.Question, answer))
		wantCode(t, c.Answer(ev.Question, answer), kb.ErrInvalid, "")
	}
	if asked["host_key"] != 1 || asked["passphrase"] != 2 || done.Verdict != kb.Present {
		t.Fatalf("%v, %v", asked, done)
	}
}

func TestQuestionsAreDeclined(t *testing.T) {
	address, key := sshd(t)
	c := newContext(t)
	var failure error
	for ev, err := range asking(t, c, address, key).Apply(t.Context()) {
		if failure = err; ev.Kind == kb.Question {
			check(t, c.Decline(ev.Question))
		}
	}
	wantCode(t, failure, kb.ErrAuth, "declined")
	result, err := askingHost(t, c, address, key).Run(t.Context(), whoAmI) // nobody can answer
	if wantCode(t, err, kb.ErrAuth, "declined"); result.Status != kb.ErrAuth || result.Verdict != kb.Unknown {
		t.Fatalf("%+v", result)
	}
}

func TestALabHostRunsAStepBySSH(t *testing.T) {
	folder, isSet := os.LookupEnv("KB_LAB")
	if !isSet {
		t.Skip("KB_LAB does not name a lab")
	}
	if _, err := os.Stat(filepath.Join(folder, "up")); err != nil {
		t.Skip("no lab is up: ", err)
	}
	conn, err := net.DialTimeout("tcp", "192.168.1.2:22", 3*time.Second)
	if err != nil {
		t.Skip("the lab's first host does not answer; run this by tests/lab/lab exec: ", err)
	}
	conn.Close()

	c := newContext(t)
	cluster := must(c.LoadCluster(filepath.Join(folder, "cluster.yaml")))(t)
	first := must(c.NewHost(cluster.Hosts()[0], "ssh://"+cluster.Get("ssh.user")+"@192.168.1.2"))(t)
	for _, key := range []string{"identity", "known_hosts"} {
		check(t, first.Set(key, cluster.Get("ssh."+key)))
	}
	plan := must(c.NewPlan())(t)
	must(plan.Add(first, script(`test "$(id -u)" = 0`, "")))(t)
	var kinds []string
	for ev, err := range plan.Apply(t.Context()) {
		check(t, err)
		kinds = append(kinds, ev.Kind.String())
		if ev.Kind == kb.StepDone && (ev.Verdict != kb.Present || ev.Host != cluster.Hosts()[0]) {
			t.Errorf("%v", ev)
		}
	}
	if got, want := strings.Join(kinds, " "), "plan-started host-connected step-done plan-done"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}
