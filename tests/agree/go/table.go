// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// kase is one line of cases.tsv. An argument that the table has no value for (\N) is nil.
type kase struct {
	function string
	args     [][]byte
}

var named = map[string]string{"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}

var escape = regexp.MustCompile(`\\(?:\((\d+)\*([^)]*)\)|<([^>]*)>|x([0-9a-f]{2})|([tnr\\]))`)

// decode undoes the table's spelling.
func decode(spelt, folder string) []byte {
	if spelt == `\N` {
		return nil
	}
	out, at := []byte{}, 0
	for _, m := range escape.FindAllStringSubmatchIndex(spelt, -1) {
		part := func(i int) string { return spelt[max(0, m[2*i]):max(0, m[2*i+1])] }
		out = append(out, spelt[at:m[0]]...)
		at = m[1]
		switch {
		case m[2] >= 0:
			count, err := strconv.Atoi(part(1))
			must(err)
			out = append(out, bytes.Repeat(decode(part(2), folder), count)...)
		case m[6] >= 0:
			data, err := os.ReadFile(filepath.Join(folder, part(3)))
			must(err)
			out = append(out, data...)
		case m[8] >= 0:
			data, err := hex.DecodeString(part(4))
			must(err)
			out = append(out, data...)
		default:
			out = append(out, named[part(5)]...)
		}
	}
	return append(out, spelt[at:]...)
}

func read(table, folder string) []kase {
	data, err := os.ReadFile(table)
	must(err)
	var cases []kase
	for number, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) < 3 || fields[len(fields)-2] != "=>" {
			must(fmt.Errorf("line %d: no case", number+1))
		}
		k := kase{function: fields[0]}
		for _, field := range fields[1 : len(fields)-2] {
			k.args = append(k.args, decode(field, folder))
		}
		cases = append(cases, k)
	}
	return cases
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "agree:", err)
		os.Exit(2)
	}
}
