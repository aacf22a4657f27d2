// SPDX-License-Identifier: Apache-2.0

// Agree is the Go runner: agree TABLE FOLDER. See agree.c for what is printed. "-" is what Go has no words for: an empty text where "" means none.
package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	kb "example.org/libkb"
)

const shownMax = 240

// unsaid: the case cannot be told to the package.
var unsaid = errors.New("-")

// args takes a case apart.
type args [][]byte

func (a args) text(i int) string { return string(a[i]) }

func (a args) number(i int) int {
	n, err := strconv.Atoi(string(a[i]))
	must(err)
	return n
}

// either: a text, or none when it is not there. An empty one is none, too.
func (a args) either(i int) (string, error) {
	if a[i] != nil && len(a[i]) == 0 {
		return "", unsaid
	}
	return string(a[i]), nil
}

func truth(is bool, err error) (any, error) {
	return map[bool]int{true: 1}[is], err
}

func any1[T any](value T, err error) (any, error) { return value, err }

func nothing(err error) (any, error) { return nil, err }

var functions = map[string]func(a args) (any, error){
	"cidr_check":       func(a args) (any, error) { return nothing(kb.CIDRCheck(a.text(0))) },
	"cidr_contains":    func(a args) (any, error) { return truth(kb.CIDRContains(a.text(0), a.text(1))) },
	"cidr_overlaps":    func(a args) (any, error) { return truth(kb.CIDROverlaps(a.text(0), a.text(1))) },
	"cidr_block_count": func(a args) (any, error) { return any1(kb.CIDRBlockCount(a.text(0), a.number(1))) },
	"cidr_suggest":     func(a args) (any, error) { return any1(kb.CIDRSuggest(a.number(0), a.text(1))) },
	"calico_pod_cidr":  func(a args) (any, error) { return any1(kb.CalicoPodCIDR(a[0])) },
	"calico_set_pod_cidr": func(a args) (any, error) {
		return any1(kb.CalicoSetPodCIDR(a[0], a.text(1)))
	},
	"calico_set_block_size": func(a args) (any, error) {
		return any1(kb.CalicoSetBlockSize(a[0], a.number(1)))
	},
	"calico_set_encapsulation": func(a args) (any, error) {
		return any1(kb.CalicoSetEncapsulation(a[0], a.text(1)))
	},
	"kubeadm_config": func(a args) (any, error) { return any1(kb.KubeadmConfig(a.text(0), a.text(1))) },
	"kubeadm_merge":  func(a args) (any, error) { return any1(kb.KubeadmMerge(a[0], a.text(1))) },
	"token_make":     tokenMake,
	"token_check":    func(a args) (any, error) { return nothing(kb.TokenCheck(kb.Secret(a.text(0)))) },
	"ca_hash":        func(a args) (any, error) { return any1(kb.CAHash(a[0])) },
	"join_parse":     func(a args) (any, error) { return any1(kb.JoinParse(a.text(0))) },
	"join_print":     joinPrint,
	"fstab_swap_off": func(a args) (any, error) { return any1(kb.FstabSwapOff(a[0])) },
	"fstab_swap_on":  func(a args) (any, error) { return any1(kb.FstabSwapOn(a[0])) },
	"hosts_block":    func(a args) (any, error) { return any1(kb.HostsBlock(a[0], a.text(1))) },
	"apt_source": func(a args) (any, error) {
		return any1(kb.AptSource(a.text(0), a.text(1), a.text(2), a.text(3)))
	},
	"apt_flavour": func(a args) (any, error) { return any1(kb.AptFlavour(a.text(0))) },
	"toml_set": func(a args) (any, error) {
		return any1(kb.TOMLSet(a[0], a.text(1), a.text(2), a.text(3)))
	},
	"diff": func(a args) (any, error) { return any1(kb.Diff(a.text(0), a[1], a[2])) },
}

func tokenMake(args) (any, error) {
	token, err := kb.TokenMake()
	if err != nil {
		return nil, err
	}
	return nothing(kb.TokenCheck(token))
}

func joinPrint(a args) (any, error) {
	key, err := a.either(3)
	if err != nil {
		return nil, err
	}
	line, err := kb.JoinPrint(a.text(0), kb.Secret(a.text(1)), a.text(2), kb.Secret(key))
	return string(line), err
}

func spelt(data []byte) string {
	if len(data) > shownMax {
		return fmt.Sprintf("sha256:%x", sha256.Sum256(data))
	}
	var out strings.Builder
	out.WriteByte('=')
	names := map[byte]string{'\t': `\t`, '\n': `\n`, '\r': `\r`, '\\': `\\`}
	for _, c := range data {
		switch name, isNamed := names[c]; {
		case isNamed:
			out.WriteString(name)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

func shown(result any, err error) string {
	var e *kb.Error
	switch {
	case errors.As(err, &e):
		return e.Code.String()
	case err != nil:
		return err.Error()
	}
	switch value := result.(type) {
	case nil:
		return "ok"
	case []byte:
		return spelt(value)
	case string:
		return spelt([]byte(value))
	default:
		return fmt.Sprint(value)
	}
}

func main() {
	if len(os.Args) != 3 {
		must(errors.New("usage: agree TABLE FOLDER"))
	}
	out := bufio.NewWriter(os.Stdout)
	for _, k := range read(os.Args[1], os.Args[2]) {
		call := functions[k.function]
		if call == nil {
			must(fmt.Errorf("%s: not known", k.function))
		}
		fmt.Fprintln(out, shown(call(k.args)))
	}
	must(out.Flush())
}
