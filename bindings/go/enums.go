// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"fmt"
	"log/slog"

	"example.org/libkb/internal/ckb"
)

// Verdict is what a probe found.
type Verdict int

// The verdicts. The values are fixed.
const (
	NotAsked Verdict = 0
	Present  Verdict = 1 // as wanted: nothing to do
	Absent   Verdict = 2 // not there at all
	Differs  Verdict = 3 // there, but not as wanted
	Partial  Verdict = 4 // half done; the note says how far
	Foreign  Verdict = 5 // belongs to another cluster or owner: never touched
	Unknown  Verdict = 6 // could not be asked: never a write, never a success
)

// String is the name of a verdict: "present", "absent", "differs", "partial", "foreign", "unknown", or "".
func (v Verdict) String() string { return ckb.VerdictName(int(v)) }

// EventKind is what an event is about.
type EventKind int

// The kinds. The values are fixed.
const (
	PlanStarted   EventKind = 1 // a run began; Event.Total tasks
	HostConnected EventKind = 2 // logged in, and root
	HostLost      EventKind = 3 // the connection broke; it is made again when something still needs it
	StepStarted   EventKind = 4 // a step is being applied
	StepOutput    EventKind = 5 // a running step printed something: Event.Text
	StepDone      EventKind = 6 // a step ended: verdict, diff, status, duration
	Note          EventKind = 7 // a finding: Event.Severity, Event.ID, Event.Text
	PlanDone      EventKind = 8 // the last event of a run, exactly one: Event.Status is its outcome
	Question      EventKind = 9 // something has to be known to go on: Context.Answer
)

// String is the name of a kind: "plan-started", "step-done", and so on; "" for a value that is none.
func (k EventKind) String() string { return ckb.EventKindName(int(k)) }

// Severity is how grave a note is.
type Severity int

// The severities. The values are fixed.
const (
	Info    Severity = 1
	Warning Severity = 2
	Grave   Severity = 3
)

var severityNames = map[Severity]string{Info: "info", Warning: "warning", Grave: "error"}

// String is the name that notes have in JSON: "info", "warning", "error"; "" for a value that is none.
func (s Severity) String() string { return severityNames[s] }

// Level is the same for log/slog.
func (s Severity) Level() slog.Level {
	switch s {
	case Warning:
		return slog.LevelWarn
	case Grave:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// LogLevel is how much the library's own log keeps. Each level holds those before it.
type LogLevel int

// The levels. The values are fixed.
const (
	LogOff     LogLevel = 0 // nothing is kept, which is how a context begins
	LogError   LogLevel = 1
	LogWarning LogLevel = 2
	LogInfo    LogLevel = 3
	LogDebug   LogLevel = 4
	LogTrace   LogLevel = 5
)

// String is the name of a level: "off", "error", "warning", "info", "debug", "trace"; "" for a value that is none.
func (l LogLevel) String() string { return ckb.LogLevelName(int(l)) }

// Level is the same for log/slog; a trace is below its debug.
func (l LogLevel) Level() slog.Level {
	switch l {
	case LogError:
		return slog.LevelError
	case LogWarning:
		return slog.LevelWarn
	case LogDebug:
		return slog.LevelDebug
	case LogTrace:
		return slog.LevelDebug - 4
	}
	return slog.LevelInfo
}

// Role is what a host of a cluster is.
type Role string

// The roles.
const (
	ControlPlane Role = "control-plane"
	Worker       Role = "worker"
)

// Switch is a parameter that is yes or no, and has a default of its own.
type Switch int

// What a Switch can be. The zero value is the default of the parameter.
const (
	Default Switch = 0
	Yes     Switch = 1
	No      Switch = 2
)

// String is "default", "yes" or "no".
func (s Switch) String() string {
	switch s {
	case Default:
		return "default"
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return fmt.Sprintf("Switch(%d)", int(s))
}
