// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"example.org/libkb/internal/ckb"
)

// Step is one thing to be true on one host: one of this package's structs (KubeadmInit, SwapOff...), a Script, or a Named one. The zero value of a
// field leaves that parameter at its default, or to Task.Bind. A step is a value: it can be used any number of times, in any context.
type Step interface {
	// StepName is the step's name, such as "kubeadm.init".
	StepName() string
	set(p *params)
}

// Script is a step of the caller's own, of two POSIX shell scripts, run by root's /bin/sh on the host.
type Script struct {
	Name   string // for events and errors, of lower-case words with dots and hyphens
	Probe  string // reads only; exit status 0: present, 1: absent, anything else: unknown
	Apply  string // makes it so; exit status 0: done. "" for a step that only asks
	Params Params // reach both scripts as shell variables of the same name (a hyphen becomes an underscore), always as data
}

// StepName is the script's name.
func (s Script) StepName() string { return s.Name }

func (s Script) set(p *params) { p.all(s.Params) }

// Named is any step of the library by its name, with parameters by theirs: for a program that learns them at run time, from Steps.
type Named struct {
	Name   string
	Params Params
}

// StepName is the step's name.
func (s Named) StepName() string { return s.Name }

func (s Named) set(p *params) { p.all(s.Params) }

// Params are parameters by name. A value is a string, Secret, bool, Switch, int, time.Duration (whole seconds), netip.Addr, netip.Prefix,
// or []string for a list.
type Params map[string]any

// Secret is text that is masked wherever it is printed. string(s) is the text itself.
type Secret string

const masked = "***"

// Format prints ***, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// String is ***.
func (s Secret) String() string { return masked }

// GoString is ***.
func (s Secret) GoString() string { return masked }

// LogValue is ***.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText is ***.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

func (s Secret) bytes() []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// params sets a step's parameters, and remembers the first failure.
type params struct {
	raw ckb.Step
	err error
}

// rawStep makes a step of libkb's, to be dropped.
func rawStep(ctx ckb.Ctx, step Step) (ckb.Step, error) {
	var raw ckb.Step
	var err error
	switch s := step.(type) {
	case Script:
		raw, err = ckb.StepScript(ctx, s.Name, s.Probe, orNil(s.Apply)).Get()
	default:
		raw, err = ckb.StepNew(ctx, step.StepName()).Get()
	}
	if err != nil {
		return nil, err
	}
	p := &params{raw: raw}
	if step.set(p); p.err != nil {
		ckb.Drop(raw)
		return nil, p.err
	}
	return raw, nil
}

func (p *params) text(name, value string) {
	if p.err == nil && value != "" {
		p.err = p.raw.Set(name, &value)
	}
}

func (p *params) texts(name string, values []string) {
	for _, value := range values {
		if p.err == nil {
			p.err = p.raw.Add(name, value)
		}
	}
}

func (p *params) secret(name string, value Secret) {
	if p.err == nil && value != "" {
		p.err = p.raw.SetSecret(name, []byte(value))
	}
}

func (p *params) isTrue(name string, value bool) {
	if value {
		p.text(name, "yes")
	}
}

func (p *params) choice(name string, value Switch) {
	if value != Default {
		p.text(name, value.String())
	}
}

func (p *params) number(name string, value int) {
	if value != 0 {
		p.text(name, strconv.Itoa(value))
	}
}

// seconds: a part of one counts as a whole one.
func (p *params) seconds(name string, value time.Duration) {
	p.number(name, int((value+time.Second-1)/time.Second))
}

func (p *params) address(name string, value netip.Addr) {
	if value.IsValid() {
		p.text(name, value.String())
	}
}

func (p *params) network(name string, value netip.Prefix) {
	if value.IsValid() {
		p.text(name, value.String())
	}
}

func (p *params) networks(name string, values []netip.Prefix) {
	for _, value := range values {
		p.texts(name, []string{value.String()})
	}
}

func (p *params) all(values Params) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p.any(name, values[name])
	}
}

func (p *params) any(name string, value any) {
	switch v := value.(type) {
	case string:
		p.one(name, v)
	case Secret:
		p.secret(name, v)
	case []string:
		p.texts(name, v)
	case []netip.Prefix:
		p.networks(name, v)
	case bool:
		p.one(name, map[bool]string{false: "no", true: "yes"}[v])
	case time.Duration:
		p.one(name, strconv.Itoa(int((v+time.Second-1)/time.Second)))
	case Switch:
		p.choice(name, v)
	case int, netip.Addr, netip.Prefix:
		p.one(name, fmt.Sprint(v))
	default:
		if p.err == nil {
			p.err = invalid(fmt.Sprintf("%s: %s: no parameter is a %T", p.raw.Name(), name, value))
		}
	}
}

// one: a text of a map is meant, also when it is empty.
func (p *params) one(name, value string) {
	if p.err == nil {
		p.err = p.raw.Set(name, &value)
	}
}
