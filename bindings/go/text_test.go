// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	kb "example.org/libkb"
)

func TestThePodNetworkIsWrittenIntoCalicosResources(t *testing.T) {
	files, _ := filepath.Glob(data + "calico/*/custom-resources.yaml")
	if len(files) < 4 {
		t.Fatalf("only %d manifests", len(files))
	}
	for _, file := range files {
		before := must(os.ReadFile(file))(t)
		after := must(kb.CalicoSetPodCIDR(before, "172.16.0.0/16"))(t)
		want := bytes.ReplaceAll(before, []byte("192.168.0.0/16"), []byte("172.16.0.0/16"))
		if bytes.Equal(before, want) || !bytes.Equal(after, want) {
			t.Errorf("%s: other bytes than those of the network differ", file)
		}
		if got := must(kb.CalicoPodCIDR(after))(t); got != "172.16.0.0/16" {
			t.Errorf("%s: got %q", file, got)
		}
		if bytes.Equal(must(kb.CalicoSetBlockSize(before, 24))(t), before) {
			t.Errorf("%s: the block size is as before", file)
		}
		if bytes.Equal(must(kb.CalicoSetEncapsulation(before, "IPIP"))(t), before) {
			t.Errorf("%s: the encapsulation is as before", file)
		}
	}
}

func TestNetworks(t *testing.T) {
	check(t, kb.CIDRCheck("172.16.0.0/16"))
	if e := wantCode(t, kb.CIDRCheck("172.16.5.0/16"), kb.ErrInvalid, ""); e.Fix != "172.16.0.0/16" {
		t.Errorf("the fix is %q", e.Fix)
	}
	if !must(kb.CIDRContains("10.0.0.0/8", "10.1.2.3"))(t) || must(kb.CIDRContains("10.0.0.0/8", "11.1.2.3"))(t) {
		t.Error("what 10.0.0.0/8 holds")
	}
	if !must(kb.CIDROverlaps("10.0.0.0/8", "10.1.0.0/16"))(t) || must(kb.CIDROverlaps("10.0.0.0/8", "11.0.0.0/8"))(t) {
		t.Error("what 10.0.0.0/8 overlaps with")
	}
	if n := must(kb.CIDRBlockCount("172.16.0.0/16", 26))(t); n != 1024 {
		t.Errorf("%d blocks", n)
	}
	if got := must(kb.CIDRSuggest(16, "172.16.0.0/16", "172.17.3.4/24"))(t); got != "172.18.0.0/16" {
		t.Errorf("got %s", got)
	}
	if got := must(kb.CIDRSuggest(16))(t); got != "172.16.0.0/16" {
		t.Errorf("got %s", got)
	}
	_, err := kb.CIDRContains("10.0.0.0/99", "10.1.2.3")
	wantCode(t, err, kb.ErrInvalid, "10.0.0.0/99")
	wantCode(t, kb.CIDRCheck("10.0.0.0/8\x00"), kb.ErrInvalid, "")
}

func TestTokensAndJoins(t *testing.T) {
	token := must(kb.TokenMake())(t)
	check(t, kb.TokenCheck(token))
	wantCode(t, kb.TokenCheck("abc"), kb.ErrInvalid, "")
	pem := must(os.ReadFile(firstOf(t, data+"ca/*.crt", data+"ca/*.pem")))(t)
	hash := must(kb.CAHash(pem))(t)
	line := must(kb.JoinPrint("192.168.1.2:6443", token, hash, ""))(t)
	var join struct {
		Endpoint, Token string
		Hash            []string `json:"discovery-token-ca-cert-hash"`
	}
	options := must(kb.JoinParse("$ sudo " + string(line)))(t)
	check(t, json.Unmarshal(options, &join))
	if join.Endpoint != "192.168.1.2:6443" || join.Token != string(token) || join.Hash[0] != hash {
		t.Errorf("%+v", join)
	}
	config := must(kb.KubeadmConfig("join", string(options)))(t)
	if !bytes.Contains(config, []byte("kind: JoinConfiguration")) {
		t.Errorf("%s", config)
	}
	merged := must(kb.KubeadmMerge(config, "kind: JoinConfiguration\nnodeRegistration: {name: other}\n"))(t)
	if !bytes.Contains(merged, []byte("other")) {
		t.Errorf("%s", merged)
	}
	for _, shown := range []string{fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token, token, token, token), fmt.Sprint(line)} {
		if strings.Contains(shown, string(token)[:6]) || !strings.Contains(shown, "***") {
			t.Errorf("it shows %s", shown)
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "token", token, "step", kb.KubeadmJoin{Token: token})
	shown, err := json.Marshal(kb.KubeadmJoin{Token: token})
	check(t, err)
	if strings.Contains(log.String()+string(shown), string(token)) || strings.Count(log.String()+string(shown), "***") != 3 {
		t.Errorf("it shows %s %s", log.String(), shown)
	}
}

func firstOf(t testing.TB, patterns ...string) string {
	t.Helper()
	for _, pattern := range patterns {
		if files, _ := filepath.Glob(pattern); len(files) > 0 {
			return files[0]
		}
	}
	t.Fatalf("no file is like %v", patterns)
	return ""
}

func TestFilesOfAHost(t *testing.T) {
	fstab := []byte("/dev/sda2 none swap sw 0 0\n")
	off := must(kb.FstabSwapOff(fstab))(t)
	if bytes.Equal(off, fstab) || !bytes.Equal(must(kb.FstabSwapOn(off))(t), fstab) {
		t.Errorf("%s", off)
	}
	if hosts := must(kb.HostsBlock(nil, "192.168.1.2 one"))(t); !bytes.Contains(hosts, []byte("192.168.1.2 one")) {
		t.Errorf("%s", hosts)
	}
	if line := must(kb.AptSource("community", "", "1.34.4", "/etc/apt/keyrings/k.gpg"))(t); !strings.Contains(line, "v1.34") {
		t.Errorf("%s", line)
	}
	if flavour := must(kb.AptFlavour("1.34.4"))(t); flavour != "community" {
		t.Errorf("got %q", flavour)
	}
	_, err := kb.AptFlavour("one")
	wantCode(t, err, kb.ErrInvalid, "one")
	if toml := must(kb.TOMLSet([]byte("a = 1 # one\n"), "", "a", "2"))(t); string(toml) != "a = 2 # one\n" {
		t.Errorf("%s", toml)
	}
	if diff := must(kb.Diff("x", []byte("a\n"), []byte("b\n")))(t); !strings.Contains(diff, "-a\n+b\n") {
		t.Errorf("%s", diff)
	}
	_, err = kb.FstabSwapOff(make([]byte, 2<<20))
	wantCode(t, err, kb.ErrTooBig, "")
}

var isMemoryKept bool // by a sanitizer

func TestCallsLeaveNoMemory(t *testing.T) {
	if isMemoryKept {
		t.Skip("what is freed is kept for a while in this build")
	}
	c := newContext(t)
	there := must(c.NewHost("there", "ssh://there"))(t)
	long := "/" + strings.Repeat("x", 16<<10)
	fstab := []byte("/dev/sda2 none swap sw 0 0 # " + long + "\n")
	round := func() {
		check(t, there.Set("identity", long))
		must(kb.FstabSwapOff(fstab))(t)
		_, err := there.Check(t.Context(), kb.Named{Name: long})
		wantCode(t, err, kb.ErrInvalid, "")
		there.Get(long)
	}
	resident := func() int {
		runtime.GC()
		text := must(os.ReadFile("/proc/self/statm"))(t)
		var all, pages int
		_, err := fmt.Sscan(string(text), &all, &pages)
		check(t, err)
		return pages * os.Getpagesize()
	}
	for range 200 {
		round()
	}
	before := resident()
	for range 2000 {
		round()
	}
	if grown := resident() - before; grown > 16<<20 { // one text a round would be 32 MiB
		t.Fatalf("%d bytes more than before", grown)
	}
}
