/* SPDX-License-Identifier: Apache-2.0 */
/* What the types of kb.i become in Python: str, bytes, bool-less numbers, exceptions of kb/_errors.py, proxies on struct handle.
 *
 * The GIL is held in every call but those that wait or work long (%waits below): so two threads collide, and one gets KB_EBUSY, only while
 * the other is in one of these. Ctrl-C is seen in Ctx.wait() within SLICE_MS. Host.run() and Host.check() wait in C, and see it at their
 * end; a plan of one task, started and waited for, does the same work and can be interrupted.
 */
%module(package="kb", docstring="The private raw layer of kb, made by SWIG.") _core
%begin %{
#define PY_SSIZE_T_CLEAN
%}
%insert("header") "handle.h"
%{
#include <time.h>

#define SLICE_MS 100

static PyObject *
kbpy_str(const char *text)
{
	return text ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "surrogateescape") : SWIG_Py_Void();
}

/* Frees the bytes. */
static PyObject *
kbpy_bytes(kb_bytes *bytes)
{
	PyObject *copy = bytes ? PyBytes_FromStringAndSize(kb_bytes_data(bytes), (Py_ssize_t)kb_bytes_size(bytes)) : SWIG_Py_Void();
	kb_bytes_free(bytes);
	return copy;
}

static PyObject *
kbpy_evidence(const kb_err *err)
{
	Py_ssize_t count = (Py_ssize_t)kb_err_evidence_count(err);
	PyObject *lines = PyTuple_New(count);
	for (Py_ssize_t i = 0; lines && i < count; i++) {
		PyObject *line = kbpy_str(kb_err_evidence(err, (size_t)i));
		if (!line)
			Py_CLEAR(lines);
		else
			PyTuple_SetItem(lines, i, line);
	}
	return lines;
}

/* kb._errors.make(code, cause, id, host, step, evidence, fix) */
static PyObject *
kbpy_exception(kb_status code, const char *cause, const kb_err *err)
{
	PyObject *module = PyImport_ImportModule("kb._errors");
	PyObject *made = module ? PyObject_CallMethod(module, "make", "iNNNNNN", code, kbpy_str(cause), kbpy_str(kb_err_id(err)),
			kbpy_str(kb_err_host(err)), kbpy_str(kb_err_step(err)), kbpy_evidence(err), kbpy_str(kb_err_fix(err))) : NULL;
	Py_XDECREF(module);
	return made;
}

/* Frees the error. */
static PyObject *
kbpy_error(kb_err *err)
{
	PyObject *made = err ? kbpy_exception(kb_err_code(err), kb_err_cause(err), err) : SWIG_Py_Void();
	kb_err_free(err);
	return made;
}

static const char *
bare_cause(kb_status status)
{
	if (status == CALL_CLOSED)
		return "the handle is closed";
	if (status == KB_EBUSY)
		return "the context is in use by another thread";
	return kb_err_name(status);
}

/* Raises what made a call fail. A status of 0: a call that returned NULL. Without any detail that is a forked child. */
static void
kbpy_raise(const struct call *call, kb_status status)
{
	kb_err *err = call ? call_error(call, status) : NULL;
	kb_status code = status == CALL_CLOSED || !status ? KB_EINVAL : status;
	PyObject *made = err ? kbpy_error(err) : kbpy_exception(code, bare_cause(status ? status : KB_EINVAL), NULL);
	if (made)
		PyErr_SetObject((PyObject *)Py_TYPE(made), made);
	Py_XDECREF(made);
}

/* An argument that C has no words for is refused as libkb would refuse it. */
static void
kbpy_refuse(const char *name, const char *how)
{
	char cause[128];
	snprintf(cause, sizeof(cause), "%s: %s", name, how);
	PyErr_Clear();
	PyObject *made = kbpy_exception(KB_EINVAL, cause, NULL);
	if (made)
		PyErr_SetObject((PyObject *)Py_TYPE(made), made);
	Py_XDECREF(made);
}

/* "x must be str, not int". tp_name is not in the stable ABI. */
static void
kbpy_type_error(PyObject *object, const char *text, const char *name)
{
	PyObject *type = PyType_GetName(Py_TYPE(object));
	if (type)
		PyErr_Format(PyExc_TypeError, text, name, type);
	Py_XDECREF(type);
}

/* Valid as long as the argument. */
static const char *
kbpy_text(PyObject *object, const char *name)
{
	Py_ssize_t size;
	if (!PyUnicode_Check(object)) {
		kbpy_type_error(object, "%s must be str, not %U", name);
		return NULL;
	}
	const char *text = PyUnicode_AsUTF8AndSize(object, &size);
	if (!text) {
		kbpy_refuse(name, "not UTF-8");
	} else if (strlen(text) != (size_t)size) {
		kbpy_refuse(name, "embedded null character");
		text = NULL;
	}
	return text;
}

static bool
kbpy_int(PyObject *object, const char *name, int *number)
{
	int overflow = 0;
	long wide = PyLong_AsLongAndOverflow(object, &overflow);
	if (wide == -1 && !overflow && PyErr_Occurred())
		return false;
	*number = (int)wide;
	if (!overflow && *number == wide)
		return true;
	kbpy_refuse(name, "a number that is out of range");
	return false;
}

static bool
kbpy_begin(struct call *call, PyObject *object, swig_type_info *type, bool enters)
{
	void *handle = NULL;
	if (!SWIG_IsOK(SWIG_ConvertPtr(object, &handle, type, 0)) || !handle) {
		kbpy_type_error(object, "expected a %s, not %U", SWIG_TypePrettyName(type));
		return false;
	}
	call_begin(call, handle, enters);
	if (call->status)
		kbpy_raise(NULL, call->status);
	return call->status == KB_OK;
}

static int64_t
kbpy_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
%}

/* ---- values ---- */
%typemap(in) const char * %{ $1 = (char *)kbpy_text($input, "$1_name"); if (!$1) SWIG_fail; %}
%typemap(in) const kb_opt * %{ if ($input != Py_None && !($1 = (char *)kbpy_text($input, "$1_name"))) SWIG_fail; %}
%typemap(freearg) const char *, const kb_opt * ""
%typemap(in) int %{ if (!kbpy_int($input, "$1_name", &$1)) SWIG_fail; %}
%typemap(out) const char * %{ $result = kbpy_str($1); %}
%typemap(out) const kb_must * %{ if (!$1) { kbpy_raise(&call1, KB_OK); SWIG_fail; } $result = kbpy_str($1); %}

%typemap(in) (const void *data, size_t size_bytes) (Py_buffer view = {0}) {
	if (PyObject_GetBuffer($input, &view, PyBUF_SIMPLE))
		SWIG_fail;
	$1 = view.buf;
	$2 = (size_t)view.len;
}
%typemap(in) (const void *secret, size_t size_bytes) (Py_buffer view = {0}) {
	if ($input != Py_None && PyObject_GetBuffer($input, &view, PyBUF_SIMPLE))
		SWIG_fail;
	$1 = view.buf;
	$2 = (size_t)view.len;
}
%typemap(freearg) (const void *data, size_t size_bytes), (const void *secret, size_t size_bytes)
	%{ if (view$argnum.obj) PyBuffer_Release(&view$argnum); %}
%apply (const void *data, size_t size_bytes) { (const void *before, size_t before_bytes), (const void *after, size_t after_bytes) };

%typemap(out) kb_bytes * %{ if (!$1) { kbpy_raise(&call1, KB_OK); SWIG_fail; } $result = kbpy_bytes($1); %}
%typemap(out) kb_found * %{ $result = kbpy_bytes($1); %}
%typemap(out) kb_err * %{ $result = kbpy_error($1); %}
%typemap(out) kb_status %{ if ($1 < 0) { kbpy_raise(&call1, $1); SWIG_fail; } $result = SWIG_Py_Void(); %}
%typemap(out) kb_number %{ if ($1 < 0) { kbpy_raise(&call1, (kb_status)$1); SWIG_fail; } $result = PyLong_FromLongLong($1); %}
%typemap(out) kb_bare %{ if ($1 < 0) { kbpy_raise(NULL, $1); SWIG_fail; } $result = PyLong_FromLong($1); %}
%typemap(out) struct kb_result * %{ if (!$1) { kbpy_raise(&call1, KB_OK); SWIG_fail; } $result = SWIG_NewPointerObj($1, $descriptor(kb_result *), $owner); %}

/* ---- handles ----
 * A proxy owns one reference of its struct handle: its destructor is given that, and every other function libkb's own object.
 */
%define %enters(PATTERN, TYPE, ENTERS)
%typemap(in) PATTERN (struct call call = {0}) {
	if (!kbpy_begin(&call, $input, $descriptor(TYPE *), ENTERS))
		SWIG_fail;
	$1 = call.object;
}
%typemap(freearg) PATTERN "call_end(&call$argnum);"
%enddef
%define %handle(TYPE, NAME)
%rename(NAME) TYPE;
%enters(struct TYPE *, TYPE, false)
%enters(const struct TYPE *self, TYPE, false)
%enters(struct TYPE *self, TYPE, true)
%typemap(in) struct TYPE *self (struct call call = {0}) {
	if ($disown) {
		if (!SWIG_IsOK(SWIG_ConvertPtr($input, (void **)&$1, $descriptor(TYPE *), $disown)))
			SWIG_fail;
	} else if (kbpy_begin(&call, $input, $descriptor(TYPE *), true)) {
		$1 = call.object;
	} else {
		SWIG_fail;
	}
}
%extend TYPE {
	~TYPE() { handle_unref((struct handle *)$self); }
}
%enddef
%handle(kb_ctx, Ctx) %handle(kb_host, Host) %handle(kb_step, Step)
%handle(kb_plan, Plan) %handle(kb_task, Task) %handle(kb_cluster, Cluster)
%enters(struct kb_ctx *kb, kb_ctx, true)
%rename(Event) kb_event;
%rename(Result) kb_result;
%rename(LogEntry) kb_log_entry;

%define %makes(PATTERN, TYPE, RELEASE, PARENT)
%typemap(out) PATTERN {
	struct handle *made = handle_new($1, RELEASE, PARENT);
	if (!made) {
		kbpy_raise(&call1, $1 ? KB_ENOMEM : KB_OK);
		SWIG_fail;
	}
	$result = SWIG_NewPointerObj(made, $descriptor(TYPE *), $owner);
}
%enddef
%makes(struct kb_host *, kb_host, free_host, handle_ctx(call1.handle))
%makes(struct kb_step *, kb_step, free_step, handle_ctx(call1.handle))
%makes(struct kb_plan *, kb_plan, free_plan, handle_ctx(call1.handle))
%makes(struct kb_cluster *, kb_cluster, free_cluster, handle_ctx(call1.handle))
%makes(struct kb_task *, kb_task, NULL, call1.handle)
%typemap(out) struct kb_task *kb_plan::task {
	struct handle *made = handle_new($1, NULL, call1.handle);
	$result = made ? SWIG_NewPointerObj(made, $descriptor(kb_task *), $owner) : SWIG_Py_Void();
}
%typemap(out) struct kb_ctx * {
	struct handle *made = handle_new($1, free_ctx, NULL);
	if (!made) {
		kbpy_raise(NULL, KB_ENOMEM);
		SWIG_fail;
	}
	$result = SWIG_NewPointerObj(made, $descriptor(kb_ctx *), $owner);
}

/* ---- what waits, or works long ---- */
%define %waits(NAME)
%exception NAME {
	Py_BEGIN_ALLOW_THREADS
	$action
	Py_END_ALLOW_THREADS
}
%enddef
%waits(kb_ctx::dispatch) %waits(kb_host::run) %waits(kb_host::check) %waits(kb_cluster_load)
%exception kb_ctx::wait {
	int64_t end_ms = kbpy_now_ms() + (arg2 < 0 ? 0 : arg2), left_ms = arg2;
	do {
		arg2 = left_ms < 0 || left_ms > SLICE_MS ? SLICE_MS : left_ms;
		Py_BEGIN_ALLOW_THREADS
		$action
		Py_END_ALLOW_THREADS
		if (result || PyErr_CheckSignals() || call1.handle->is_closed)
			break;
		if (left_ms >= 0)
			left_ms = end_ms > kbpy_now_ms() ? end_ms - kbpy_now_ms() : 0;
	} while (left_ms);
	if (PyErr_Occurred())
		SWIG_fail;
}

%warnfilter(321) set;
%warnfilter(321) id;
%define KB_FUNCTION_NAME "%(strip:[kb_])s" %enddef
%include "kb.i"

%inline %{
/* Ends the use of a handle now, whoever still holds it; freed already, or a task, is nothing. */
static PyObject *
kb_close(PyObject *handle)
{
	swig_type_info *const types[] = { SWIGTYPE_p_kb_ctx, SWIGTYPE_p_kb_host, SWIGTYPE_p_kb_step, SWIGTYPE_p_kb_plan,
		SWIGTYPE_p_kb_task, SWIGTYPE_p_kb_cluster };
	void *held = NULL;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && !held; i++)
		if (!SWIG_IsOK(SWIG_ConvertPtr(handle, &held, types[i], 0)))
			held = NULL;
	if (!held) {
		kbpy_type_error(handle, "expected a %s, not %U", "handle");
		return NULL;
	}
	handle_close(held);
	return SWIG_Py_Void();
}
%}
