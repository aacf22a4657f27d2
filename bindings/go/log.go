// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"iter"
	"log/slog"
	"runtime"
	"time"

	"example.org/libkb/internal/ckb"
)

// LogEntry is one entry of the library's own log: what it does, for whoever looks for a fault. Secrets are masked, and lines are escaped.
type LogEntry struct {
	Time  time.Time // when
	Level LogLevel  // its level
	Host  string    // the host's name, or ""
	Text  string    // what happened; more than one line for the texts of a trace
}

// SetLogLevel says how much is kept from now on. What is there already stays.
func (c *Context) SetLogLevel(level LogLevel) error {
	return c.do(func(raw ckb.Ctx) error { return raw.LogSetLevel(int(level)) })
}

// LogLevel is which level it is.
func (c *Context) LogLevel() LogLevel {
	defer runtime.KeepAlive(c)
	level, _ := ask(c.core, func() ckb.Outcome[int64] { return c.core.raw.LogLevel() })
	return LogLevel(level)
}

// SetLogSize says how many bytes of memory the entries may take, at least 4096; the oldest are dropped for new ones. A context begins with 1 MiB.
func (c *Context) SetLogSize(bytes int) error {
	return c.do(func(raw ckb.Ctx) error { return raw.LogSetSize(bytes) })
}

// Log takes the entries that there are, oldest first. It does not wait.
func (c *Context) Log() iter.Seq[LogEntry] {
	return func(yield func(LogEntry) bool) {
		for {
			entry, is := c.nextLogEntry()
			if !is || !yield(entry) {
				return
			}
		}
	}
}

func (c *Context) nextLogEntry() (entry LogEntry, is bool) {
	_ = c.do(func(raw ckb.Ctx) error {
		next := raw.LogNext()
		if next == nil {
			return nil
		}
		defer ckb.DeleteLogEntry(next)
		entry = LogEntry{time.UnixMilli(next.TimeMs()), LogLevel(next.Level()), next.Host(), next.Text()}
		is = true
		return nil
	})
	return entry, is
}

// LogDropped is how many entries were dropped so far, unread, because the ring was full or memory was out.
func (c *Context) LogDropped() int64 {
	defer runtime.KeepAlive(c)
	dropped, _ := ask(c.core, func() ckb.Outcome[int64] { return c.core.raw.LogDropped() })
	return dropped
}

func (e LogEntry) String() string {
	if e.Host == "" {
		return e.Level.String() + ": " + e.Text
	}
	return e.Level.String() + ": " + e.Host + ": " + e.Text
}

// LogValue makes log/slog print the parts that there are.
func (e LogEntry) LogValue() slog.Value {
	parts := attrs{slog.String("level", e.Level.String())}
	parts.text("host", e.Host)
	parts.text("text", e.Text)
	return slog.GroupValue(parts...)
}

// do is core.do with the context alive until the call has ended.
func (c *Context) do(call func(raw ckb.Ctx) error) error {
	defer runtime.KeepAlive(c)
	return c.core.do(func() error { return call(c.core.raw) })
}
