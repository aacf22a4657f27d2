// SPDX-License-Identifier: Apache-2.0

package kb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	kb "example.org/libkb"
)

// enumerators are the names of a C enumeration and their values, in order.
func enumerators(t *testing.T, header, enum string) map[string]int {
	t.Helper()
	text := string(must(os.ReadFile(top + "include/kb/" + header))(t))
	_, body, is := strings.Cut(text, "enum "+enum+" {")
	body, _, _ = strings.Cut(body, "};")
	found := map[string]int{}
	for _, one := range regexp.MustCompile(`(KB_\w+) = (-?\d+)`).FindAllStringSubmatch(body, -1) {
		found[one[1]] = must(strconv.Atoi(one[2]))(t)
	}
	if !is || len(found) < 2 {
		t.Fatalf("%s has no enum %s", header, enum)
	}
	return found
}

func same[T ~int](t *testing.T, header, enum string, ours map[string]T) {
	t.Helper()
	theirs := enumerators(t, header, enum)
	for name, value := range theirs {
		if mine, is := ours[name]; !is || int(mine) != value {
			t.Errorf("%s is %d, and not %d", name, value, int(mine))
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("enum %s has %d values, and not %d", enum, len(theirs), len(ours))
	}
}

func TestConstantsAreThoseOfTheHeaders(t *testing.T) {
	codes := map[string]kb.Code{
		"KB_OK": kb.OK, "KB_EINVAL": kb.ErrInvalid, "KB_ETOOBIG": kb.ErrTooBig, "KB_ENOMEM": kb.ErrNoMemory, "KB_EIO": kb.ErrIO,
		"KB_EUNREACHABLE": kb.ErrUnreachable, "KB_ETRUST": kb.ErrTrust, "KB_EAUTH": kb.ErrAuth, "KB_EPRIVILEGE": kb.ErrPrivilege,
		"KB_EPROTOCOL": kb.ErrProtocol, "KB_ETIMEOUT": kb.ErrTimeout, "KB_ECANCELED": kb.ErrCanceled, "KB_EBUSY": kb.ErrBusy,
		"KB_ELOCKED": kb.ErrLocked, "KB_ECONFLICT": kb.ErrConflict, "KB_ESTEP": kb.ErrStep, "KB_EVERIFY": kb.ErrVerify,
		"KB_EINTEGRITY": kb.ErrIntegrity, "KB_EUNSUPPORTED": kb.ErrUnsupported,
	}
	same(t, "common.h", "kb_code", codes)
	for name, code := range codes {
		if code.String() != name || code.Error() != name {
			t.Errorf("%s calls itself %v", name, code)
		}
	}
	same(t, "step.h", "kb_verdict", map[string]kb.Verdict{
		"KB_VERDICT_NONE": kb.NotAsked, "KB_PRESENT": kb.Present, "KB_ABSENT": kb.Absent, "KB_DIFFERS": kb.Differs, "KB_PARTIAL": kb.Partial,
		"KB_FOREIGN": kb.Foreign, "KB_UNKNOWN": kb.Unknown,
	})
	same(t, "event.h", "kb_event_kind", map[string]kb.EventKind{
		"KB_EVENT_PLAN_STARTED": kb.PlanStarted, "KB_EVENT_HOST_CONNECTED": kb.HostConnected, "KB_EVENT_HOST_LOST": kb.HostLost,
		"KB_EVENT_STEP_STARTED": kb.StepStarted, "KB_EVENT_STEP_OUTPUT": kb.StepOutput, "KB_EVENT_STEP_DONE": kb.StepDone,
		"KB_EVENT_NOTE": kb.Note, "KB_EVENT_PLAN_DONE": kb.PlanDone, "KB_EVENT_QUESTION": kb.Question,
	})
	same(t, "event.h", "kb_severity", map[string]kb.Severity{"KB_INFO": kb.Info, "KB_WARNING": kb.Warning, "KB_ERROR": kb.Grave})
	same(t, "log.h", "kb_log_level", map[string]kb.LogLevel{
		"KB_LOG_OFF": kb.LogOff, "KB_LOG_ERROR": kb.LogError, "KB_LOG_WARNING": kb.LogWarning, "KB_LOG_INFO": kb.LogInfo,
		"KB_LOG_DEBUG": kb.LogDebug, "KB_LOG_TRACE": kb.LogTrace,
	})
	if got := fmt.Sprint(kb.Differs, kb.StepDone, kb.Warning, kb.LogTrace, kb.Yes, kb.No, kb.Default); got != "differs step-done warning trace yes no default" {
		t.Errorf("got %q", got)
	}
}

func TestAnErrorIsWhatItsCodeMeans(t *testing.T) {
	for code, is := range map[kb.Code]error{kb.ErrCanceled: context.Canceled, kb.ErrTimeout: os.ErrDeadlineExceeded, kb.ErrAuth: kb.ErrAuth} {
		err := fmt.Errorf("while it was tried: %w", &kb.Error{Code: code, Host: "node-1", Cause: "node-1: how it was", Fix: "the mending"})
		var e *kb.Error
		if !errors.Is(err, code) || !errors.Is(err, is) || errors.Is(err, kb.ErrClosed) || errors.Is(err, kb.ErrTrust) || !errors.As(err, &e) {
			t.Errorf("%v is not what %v is", err, code)
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("it failed", "error", &kb.Error{Code: kb.ErrAuth, Host: "node-1", Cause: "how it was"})
	if got := log.String(); !strings.HasSuffix(got, `error.code=KB_EAUTH error.host=node-1 error.cause="how it was"`+"\n") {
		t.Errorf("it shows %s", got)
	}
}

// Every event of a whole installation is good for a log, a person and JSON.
func TestEventsAreShown(t *testing.T) {
	c := newContext(t)
	var log strings.Builder
	to := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	events, changes := 0, 0
	for ev, err := range recordedCluster(t, c, "fresh").Up(t.Context()) {
		check(t, err)
		events++
		changes += len(ev.Changes)
		to.Log(t.Context(), ev.Level(), "cluster", "event", ev)
		if line := ev.String(); !strings.HasPrefix(line, ev.Kind.String()) || !strings.Contains(line, ev.Text) || ev.Time.IsZero() {
			t.Errorf("%q", line)
		}
		for _, change := range ev.Changes {
			if change.Kind == "" || change.String() != change.Kind+" "+change.Name {
				t.Errorf("%v", change)
			}
		}
	}
	if events < 50 || changes == 0 || strings.Count(log.String(), "\n") != events || !strings.Contains(log.String(), `"verdict":"absent"`) {
		t.Errorf("%d events, %d changes, %d lines", events, changes, strings.Count(log.String(), "\n"))
	}
}

func TestParametersByNameAreOfManyTypes(t *testing.T) {
	c := newContext(t)
	plan := must(c.NewPlan())(t)
	host := must(c.NewHost("one", "ssh://one"))(t)
	good := kb.Params{"pod-network-cidr": "172.16.0.0/16", "schedulable": true, "upload-certs": kb.Yes, "token": kb.Secret("abcdef.0123456789abcdef"),
		"skip-phases": []string{"addon/kube-proxy"}, "apiserver-bind-port": 6443}
	must(plan.Add(host, kb.Named{Name: "kubeadm.init", Params: good}))(t)
	for _, bad := range []kb.Params{{"pod-network-cidr": 3.5}, {"pod-network": "x"}, {"skip-phases": nil}} {
		_, err := plan.Add(host, kb.Named{Name: "kubeadm.init", Params: bad})
		wantCode(t, err, kb.ErrInvalid, "")
	}
	_, err := plan.Add(host, kb.Named{Name: "kubeadm.innit"})
	wantCode(t, err, kb.ErrInvalid, "kubeadm.init")
	_, err = plan.Add(host, nil)
	wantCode(t, err, kb.ErrInvalid, "")
	_, err = plan.Add(nil, kb.SwapOff{})
	wantCode(t, err, kb.ErrInvalid, "")
}
