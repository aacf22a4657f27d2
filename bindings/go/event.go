// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"example.org/libkb/internal/ckb"
)

// Event is something that happened in a run. Events stand alone: they outlive their run and context.
type Event struct {
	Kind       EventKind     // what it is about, and which fields it has
	Run        int64         // the run's number
	Time       time.Time     // when
	Host       string        // the host's name, or ""
	Step       string        // the step's name, or ""
	Task       int           // the task's index in its plan, from 0; -1 when it is about no task
	Total      int           // how many tasks the run has that are not left out
	Status     Code          // OK or how it ended
	Verdict    Verdict       // of a step, before anything was applied
	Changed    bool          // the step applied something (in a dry run: would)
	Skipped    bool          // the step was not run because of another: it failed, or was not needed. Text says why
	Duration   time.Duration // how long the step or run took
	ExitStatus int           // of the step's last script; -1 when none ended
	Text       string        // a note's text, a piece of output, or one line on how a step ended. Escaped UTF-8
	ID         string        // of a note its stable name, such as "host.name-differs"; of a question what is asked for: "passphrase", "password", "host_key" or "sudo_password"
	Severity   Severity      // of a note
	Log        string        // all that a step printed, escaped and bounded; "" unless it failed
	Diff       string        // the differences as text, unified for files; "" when there are none
	Changes    []Change      // the differences one by one
	Err        error         // an *Error of a step or run that failed, or nil

	// Of a step that runs on its host in a session of its own (package installation, kubeadm init and join, and other long ones): the name of its
	// journal there, a folder of /var/lib/libkb/journal, from when it was begun until its result was heard. "" otherwise.
	Journal string

	Question int64  // of a question: its number, for Context.Answer
	Subject  string // of a question: what the answer is for: the key's file, user@address:port of a password or sudo's password, the SHA256:... of a host key
	Attempt  int    // of a question: 1, and one more each time that an answer to it was wrong, 3 at most

	json []byte
}

// Change is one difference.
type Change struct {
	Kind   string // what differs: "file", "mode", "package", "unit", "sysctl", "module", "mount", "object", "rule", "link" or "value"
	Name   string // a path, a package, a unit
	Before []byte // what it is; nil when it is not there, or secret
	After  []byte // what it is to be; nil when it is to go, or secret
}

func eventOf(raw ckb.Event) Event {
	defer ckb.DeleteEvent(raw)
	e := Event{
		Kind: EventKind(raw.Kind()), Run: raw.Run(), Time: time.UnixMilli(raw.TimeMs()), Host: raw.Host(), Step: raw.Step(),
		Task: int(raw.Task()), Total: int(raw.Total()), Status: Code(raw.Status()), Verdict: Verdict(raw.Verdict()),
		Changed: raw.IsChanged() == 1, Skipped: raw.IsSkipped() == 1, Duration: time.Duration(raw.DurationMs()) * time.Millisecond,
		ExitStatus: raw.ExitStatus(), Text: raw.Text(), ID: raw.Id(), Severity: Severity(raw.Severity()), Log: raw.Log(),
		Diff: raw.Diff(), Journal: raw.Journal(), Question: raw.Question(), Subject: raw.Subject(), Attempt: raw.Attempt(),
		Err: wrap(raw.Error()), json: raw.Json(),
	}
	for i := range raw.ChangeCount() {
		e.Changes = append(e.Changes, Change{raw.ChangeKind(i), raw.ChangeName(i), raw.ChangeBefore(i), raw.ChangeAfter(i)})
	}
	return e
}

// MarshalJSON is the whole event as one line of JSON, the same in every language. Holds no secret.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.json == nil {
		return []byte("null"), nil
	}
	return e.json, nil
}

// String is one line for a person.
func (e Event) String() string {
	words := []string{e.Kind.String()}
	for _, word := range []string{e.Host, e.Step} {
		if word != "" {
			words = append(words, word)
		}
	}
	if e.Kind == StepDone && e.Verdict != NotAsked {
		words = append(words, e.Verdict.String())
	}
	line := strings.Join(words, " ")
	if e.Text != "" {
		line += ": " + e.Text
	}
	return line
}

// LogValue makes log/slog print the parts that there are.
func (e Event) LogValue() slog.Value {
	parts := attrs{slog.String("kind", e.Kind.String()), slog.Int64("run", e.Run)}
	parts.text("host", e.Host)
	parts.text("step", e.Step)
	if e.Status != OK {
		parts.text("status", e.Status.String())
	}
	parts.text("verdict", e.Verdict.String())
	if e.Changed {
		parts = append(parts, slog.Bool("changed", true))
	}
	if e.Skipped {
		parts = append(parts, slog.Bool("skipped", true))
	}
	parts.text("severity", e.Severity.String())
	parts.text("id", e.ID)
	parts.text("text", e.Text)
	if e.Duration != 0 {
		parts = append(parts, slog.Duration("duration", e.Duration))
	}
	parts.text("journal", e.Journal)
	parts.number("question", e.Question)
	parts.text("subject", e.Subject)
	return slog.GroupValue(parts...)
}

// Level is for log/slog: of a note its severity, an error for what failed, debug for pieces of output, else info.
func (e Event) Level() slog.Level {
	switch {
	case e.Kind == Note:
		return e.Severity.Level()
	case e.Status != OK:
		return slog.LevelError
	case e.Kind == StepOutput:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func (c Change) String() string { return fmt.Sprintf("%s %s", c.Kind, c.Name) }

// Answer answers a question (an event of the kind Question). A host whose setting "ask" lists what is missing asks for it; no other ever does. A wrong
// answer is asked for again, three times in all, then the host fails with ErrAuth. To a "host_key", "yes" or the fingerprint itself trusts that key for as
// long as this context lives, anything else refuses it.
func (c *Context) Answer(question int64, answer Secret) error {
	return c.do(func(raw ckb.Ctx) error { return raw.Answer(question, append([]byte{}, answer...)) })
}

// Decline declines a question: the host fails with ErrAuth or ErrTrust.
func (c *Context) Decline(question int64) error {
	return c.do(func(raw ckb.Ctx) error { return raw.Answer(question, nil) })
}
