/* SPDX-License-Identifier: Apache-2.0 */
/* What the types of kb.i become in Go. SWIG allows one result: a call that only fails or not returns error, every other one that can fail
 * an Outcome, which Get() takes apart. The wrapper fetches the detail of a failure in the same call from Go to C, because another
 * goroutine may use the context next. It travels as one number: "struct call" of the first argument is always call1.
 * Text that holds a NUL reaches libkb as none at all, which it refuses.
 */
%module ckb
%insert("header") "handle.h"
%{
#include <limits.h>

/* What went wrong, for failed() in cgo.go: minus the address of a kb_err, or a bare code. A status of 0: a call that returned NULL. */
static long long
ckb_fail(const struct call *call, kb_status status)
{
	if (call->status)
		return call->status;
	kb_err *err = call_error(call, status);
	if (err)
		return -(long long)(intptr_t)err;
	return status ? status : KB_EINVAL;
}

static char *
ckb_text(_gostring_ text)
{
	return memchr(text.p, '\0', (size_t)text.n) ? NULL : strndup(text.p, (size_t)text.n);
}

static long long
ckb_made(const struct call *call, void *object, void (*release)(void *object), struct handle *parent)
{
	struct handle *made = handle_new(object, release, parent);
	return made ? (long long)(intptr_t)made : ckb_fail(call, object ? KB_ENOMEM : KB_OK);
}
%}

/* ---- values ---- */
%typemap(in) const char * %{ $1 = ckb_text($input); %}
%typemap(freearg) const char * %{ free($1); %}
/* Go's int is the wider one. What is out of range for C stays so, and libkb refuses it. */
%typemap(in) int %{ $1 = $input > INT_MAX ? INT_MAX : $input < INT_MIN ? INT_MIN : (int)$input; %}
%typemap(gotype) size_t "int"
%typemap(gotype) enum SWIGTYPE "int"
%typemap(gotype) kb_status "error"
%typemap(imtype) kb_status "int64"
%typemap(out) kb_status %{ $result = $1 < 0 ? ckb_fail(&call1, $1) : 0; %}
%typemap(goout) kb_status %{ $result = failed($1) %}

%typemap(gotype) kb_number "Outcome[int64]"
%typemap(imtype) kb_number "int64"
%typemap(out) kb_number %{ $result = $1 < 0 ? ckb_fail(&call1, (kb_status)$1) : $1; %}
%typemap(goout) kb_number %{ $result = outcome($1, number) %}

%typemap(gotype) kb_bare code "int"
%typemap(gotype) kb_bare "Outcome[int64]"
%typemap(imtype) kb_bare "int64"
%typemap(out) kb_bare %{ $result = $1; %}
%typemap(goout) kb_bare %{ $result = outcome($1, number) %}

%typemap(gotype) const kb_must * "Outcome[string]"
%typemap(imtype) const kb_must * "int64"
%typemap(out) const kb_must * %{ $result = $1 ? (long long)(intptr_t)$1 : ckb_fail(&call1, KB_OK); %}
%typemap(goout) const kb_must * %{ $result = outcome($1, borrowedText) %}

%typemap(gotype) const kb_opt * "*string"
%typemap(imtype) const kb_opt * "string"
%typemap(goin) const kb_opt * %{ $result = optional($input) %}
%typemap(in) const kb_opt * {	/* NULL means something else here, so libkb is given no object either */
	$1 = $input.n ? ckb_text((_gostring_){ $input.p + 1, $input.n - 1 }) : NULL;
	if ($input.n && !$1) {
		arg1 = NULL;
		call1.status = KB_EINVAL;
	}
}
%typemap(freearg) const kb_opt * %{ free($1); %}

%typemap(gotype) (const void *data, size_t size_bytes), (const void *secret, size_t size_bytes),
	(const void *before, size_t before_bytes), (const void *after, size_t after_bytes) "[]byte"
%typemap(in) (const void *data, size_t size_bytes), (const void *secret, size_t size_bytes),
	(const void *before, size_t before_bytes), (const void *after, size_t after_bytes)
	%{ $1 = $input.array; $2 = (size_t)$input.len; %}

%typemap(gotype) kb_bytes * "Outcome[[]byte]"
%typemap(imtype) kb_bytes * "int64"
%typemap(out) kb_bytes * %{ $result = $1 ? (long long)(intptr_t)$1 : ckb_fail(&call1, KB_OK); %}
%typemap(goout) kb_bytes * %{ $result = outcome($1, ownedBytes) %}
%typemap(gotype) kb_found * "[]byte"
%typemap(imtype) kb_found * "int64"
%typemap(out) kb_found * %{ $result = (long long)(intptr_t)$1; %}
%typemap(goout) kb_found * %{ $result = ownedBytes($1) %}
%typemap(gotype) kb_err * "error"
%typemap(imtype) kb_err * "int64"
%typemap(out) kb_err * %{ $result = -(long long)(intptr_t)$1; %}
%typemap(goout) kb_err * %{ $result = failed($1) %}

/* ---- handles: a Go value of SWIG's is the address of a struct handle ---- */
%define %enters(PATTERN, ENTERS)
%typemap(in) PATTERN (struct call call = {0}) {
	call_begin(&call, (struct handle *)$input, ENTERS);
	$1 = call.object;
}
%typemap(freearg) PATTERN "call_end(&call$argnum);"
%enddef
%define %handle(TYPE, NAME)
%rename(NAME) TYPE;
%enters(struct TYPE *, false)
%enters(const struct TYPE *self, false)
%enters(struct TYPE *self, true)
%enddef
%handle(kb_ctx, Ctx) %handle(kb_host, Host) %handle(kb_step, Step)
%handle(kb_plan, Plan) %handle(kb_task, Task) %handle(kb_cluster, Cluster)
%enters(struct kb_ctx *kb, true)
%rename(Event) kb_event;
%rename(Result) kb_result;
%rename(LogEntry) kb_log_entry;

%define %makes(NAME, MADE, PATTERNS...)
%typemap(gotype) PATTERNS "Outcome[NAME]"
%typemap(imtype) PATTERNS "int64"
%typemap(out) PATTERNS "$result = MADE;"
%typemap(goout) PATTERNS {
	$result = outcome($1, func(p int64) NAME { return Swigcptr##NAME(p) })
}
%enddef
%makes(Ctx, ckb_made(&(struct call){ .status = KB_ENOMEM }, $1, free_ctx, NULL), struct kb_ctx *kb_new)
%makes(Host, ckb_made(&call1, $1, free_host, handle_ctx(call1.handle)), struct kb_host *kb_host_new)
%makes(Step, ckb_made(&call1, $1, free_step, handle_ctx(call1.handle)), struct kb_step *kb_step_new, struct kb_step *kb_step_script)
%makes(Plan, ckb_made(&call1, $1, free_plan, handle_ctx(call1.handle)),
	struct kb_plan *kb_plan_new, struct kb_plan *kb_cluster::up, struct kb_plan *kb_cluster::reset, struct kb_plan *kb_cluster::status)
%makes(Cluster, ckb_made(&call1, $1, free_cluster, handle_ctx(call1.handle)),
	struct kb_cluster *kb_cluster_new, struct kb_cluster *kb_cluster_load, struct kb_cluster *kb_cluster_parse)
%makes(Task, ckb_made(&call1, $1, NULL, call1.handle), struct kb_task *kb_plan::add)
%makes(Result, $1 ? (long long)(intptr_t)$1 : ckb_fail(&call1, KB_OK), struct kb_result *kb_host::run, struct kb_result *kb_host::check)

/* nil when there is none */
%typemap(imtype) struct kb_task *kb_plan::task, struct kb_event *kb_plan::next_event, struct kb_log_entry *kb_ctx::log_next "int64"
%typemap(out) struct kb_task *kb_plan::task %{ $result = (long long)(intptr_t)handle_new($1, NULL, call1.handle); %}
%typemap(goout) struct kb_task *kb_plan::task %{ if $1 != 0 { $result = SwigcptrTask($1) } %}
%typemap(out) struct kb_event *kb_plan::next_event %{ $result = (long long)(intptr_t)$1; %}
%typemap(goout) struct kb_event *kb_plan::next_event %{ if $1 != 0 { $result = SwigcptrEvent($1) } %}
%typemap(out) struct kb_log_entry *kb_ctx::log_next %{ $result = (long long)(intptr_t)$1; %}
%typemap(goout) struct kb_log_entry *kb_ctx::log_next %{ if $1 != 0 { $result = SwigcptrLogEntry($1) } %}

#define KB_FUNCTION_NAME "%(camelcase)s"
%include "kb.i"

%inline %{
static void close_handle(uint64_t handle) { handle_close((struct handle *)(uintptr_t)handle); }
static void drop_handle(uint64_t handle) { handle_unref((struct handle *)(uintptr_t)handle); }
static void hold_handle(uint64_t handle)
{
	pthread_mutex_lock(&handle_lock);
	((struct handle *)(uintptr_t)handle)->refs++;
	pthread_mutex_unlock(&handle_lock);
}
%}
