/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy of Python or Go points to. Put into the wrappers of both.
 *
 * libkb frees a handle when it is told to. A language's program may close one handle while another thread is inside a call with it, use
 * it after that, and hold a task longer than its plan: here each of these is an error value and never a crash. The context is kept
 * beside each handle because libkb leaves the detail of an error there. Nothing here waits.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libkb.h>

/* How kb.i says what a C type does not tell. */
typedef int64_t kb_number;	/* a result: 0 or more; or a negative code, with its detail in the context */
typedef int kb_bare;		/* the same without detail */
typedef kb_bytes kb_found;	/* a result: bytes of which NULL means none, and no failure */
typedef char kb_must;		/* a result: text of which NULL is a failure */
typedef char kb_opt;		/* an argument: text that may be NULL */

#define CALL_CLOSED (-4000)		/* none of libkb's codes: the handle was closed, and libkb was not asked */

struct handle {
	void *object;			/* libkb's; NULL once freed */
	void (*release)(void *object);	/* NULL: borrowed from the parent, and closed with it */
	struct handle *parent;		/* of a task its plan, of anything else its context; NULL: it is a context */
	int refs;			/* its proxy, its children, the calls inside */
	int calls;			/* inside now */
	bool is_closed;
	bool is_entered;		/* a context's: some call on it or its children is inside */
};

/* One argument of one call. */
struct call {
	struct handle *handle;		/* NULL: not begun */
	struct handle *entered;		/* the context, when this argument entered it */
	void *object;			/* for libkb; NULL when status says why there is none */
	kb_status status;
};

static pthread_mutex_t handle_lock = PTHREAD_MUTEX_INITIALIZER;	/* over all counts and flags; held for a few instructions */

static void free_ctx(void *object) { kb_free(object); }
static void free_host(void *object) { kb_host_free(object); }
static void free_step(void *object) { kb_step_free(object); }
static void free_plan(void *object) { kb_plan_free(object); }
static void free_cluster(void *object) { kb_cluster_free(object); }

static struct handle *
handle_owner(struct handle *handle)
{
	return handle->release ? handle : handle->parent;
}

static struct handle *
handle_ctx(struct handle *handle)	/* NULL of NULL, which is a call that did not begin */
{
	while (handle && handle->parent)
		handle = handle->parent;
	return handle;
}

/* Takes the object, and holds the parent. NULL for NULL, or when there is no memory. */
static struct handle *
handle_new(void *object, void (*release)(void *object), struct handle *parent)
{
	struct handle *handle = object ? calloc(1, sizeof(*handle)) : NULL;
	if (!handle) {
		if (object && release)
			release(object);
		return NULL;
	}
	*handle = (struct handle){ .object = object, .release = release, .parent = parent, .refs = 1 };
	pthread_mutex_lock(&handle_lock);
	if (parent)
		parent->refs++;
	pthread_mutex_unlock(&handle_lock);
	return handle;
}

/* Under the lock: the object to be freed now, of a closed handle that nobody is inside. A context waits for its children. */
static void *
take_dead(struct handle *owner)
{
	if (!owner->is_closed || owner->calls > 0 || !owner->parent)
		return NULL;
	void *object = owner->object;
	owner->object = NULL;
	return object;
}

static void
handle_unref(struct handle *handle)
{
	while (handle) {
		pthread_mutex_lock(&handle_lock);
		bool is_last = --handle->refs == 0;
		pthread_mutex_unlock(&handle_lock);
		if (!is_last)
			return;
		struct handle *parent = handle->parent;
		if (handle->object && handle->release)
			handle->release(handle->object);
		free(handle);
		handle = parent;
	}
}

/* No call begins with it any more; what runs in a context is cancelled. A task is closed with its plan. */
static void
handle_close(struct handle *handle)
{
	if (!handle->release)
		return;
	pthread_mutex_lock(&handle_lock);
	handle->is_closed = true;
	void *dead = take_dead(handle);
	pthread_mutex_unlock(&handle_lock);
	if (dead)
		handle->release(dead);
	if (!handle->parent)
		kb_cancel(handle->object, 0);
}

/* enters: libkb takes one call at a time on a context. Refusing the second one here keeps its caller from reading the first one's error.
 * No handle is NULL for libkb, which says whether it may be. */
static void
call_begin(struct call *call, struct handle *handle, bool enters)
{
	if (!handle)
		return;
	struct handle *owner = handle_owner(handle), *ctx = handle_ctx(handle);
	pthread_mutex_lock(&handle_lock);
	if (owner->is_closed) {
		call->status = CALL_CLOSED;
	} else if (enters && ctx->is_entered) {
		call->status = KB_EBUSY;
	} else {
		*call = (struct call){ .handle = handle, .entered = enters ? ctx : NULL, .object = handle->object };
		handle->refs++;
		owner->calls++;
		ctx->is_entered |= enters;
	}
	pthread_mutex_unlock(&handle_lock);
}

static void
call_end(struct call *call)
{
	if (!call->handle)
		return;
	struct handle *owner = handle_owner(call->handle);
	pthread_mutex_lock(&handle_lock);
	if (call->entered)
		call->entered->is_entered = false;
	owner->calls--;
	void *dead = take_dead(owner);
	pthread_mutex_unlock(&handle_lock);
	if (dead)
		owner->release(dead);
	handle_unref(call->handle);
	call->handle = NULL;
}

/* The detail that libkb has of a call that failed, to be freed; NULL when there is only the status. 0: any status. */
static kb_err *
call_error(const struct call *call, kb_status status)
{
	kb_err *err = call->entered ? kb_error(call->entered->object) : NULL;
	if (!err || !status || kb_err_code(err) == status)
		return err;
	kb_err_free(err);
	return NULL;
}
