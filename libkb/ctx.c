/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/secrets.h"
#include "fetch.h"
#include "loop.h"
#include "plan.h"
#include "question.h"
#include "run.h"
#include "transport/keyring.h"

#define REAPING_NS 50000	/* between two looks at whether somebody still tears down */

const char *
kb_version(void)
{
	return KB_VERSION;
}

static void
reap_plans(struct kb_ctx *kb)	/* those that were freed while their owner's thread was elsewhere */
{
	struct kb_plan *plan = atomic_exchange(&kb->dead, NULL);
	while (plan) {
		struct kb_plan *next = plan->next_dead;
		kbi_plan_destroy(plan);
		plan = next;
	}
}

static void
take_cancels(void *owner)
{
	struct kb_ctx *kb = owner;
	if (atomic_exchange(&kb->cancels_all, false))
		kbi_run_cancel(kb, 0);
	for (size_t i = 0; i < KBI_CANCELS; i++) {
		int64_t run = atomic_exchange(&kb->cancels[i], 0);
		if (run)
			kbi_run_cancel(kb, run);
	}
}

kb_ctx *
kb_new(void)
{
	struct kb_ctx *kb = calloc(1, sizeof(*kb));
	if (!kb)
		return NULL;
	atomic_init(&kb->refs, 1);
	atomic_flag_clear(&kb->is_entered);
	kb->owner_pid = getpid();
	kb->loop = kbi_loop_new();
	kb->fetcher = kbi_fetcher_new();
	kb->keyring = kb->loop ? kbi_keyring_new(kb->loop) : NULL;
	kb->questions = calloc(1, sizeof(*kb->questions));
	kb->secrets = kbi_secrets_new();
	if (!kb->fetcher || !kb->keyring || !kb->questions || !kb->secrets) {
		free(kb->questions);
		kbi_keyring_free(kb->keyring);
		kbi_secrets_free(kb->secrets);
		kbi_loop_free(kb->loop);
		kbi_fetcher_unref(kb->fetcher);
		free(kb);
		return NULL;
	}
	kbi_log_init(&kb->log, kb->secrets);
	kbi_loop_set_wake(kb->loop, take_cancels, kb);
	if (getrandom(&kb->nonce, sizeof(kb->nonce), GRND_NONBLOCK) < 0)
		kb->nonce = (uint32_t)(uintptr_t)kb;
	return kb;
}

void
kbi_ctx_ref(struct kb_ctx *kb)
{
	atomic_fetch_add(&kb->refs, 1);
}

void
kbi_ctx_unref(struct kb_ctx *kb)
{
	if (!kb || atomic_fetch_sub(&kb->refs, 1) != 1)
		return;
	reap_plans(kb);
	kbi_keyring_free(kb->keyring);
	kbi_questions_free(kb->questions);
	free(kb->questions);
	kbi_loop_free(kb->loop);
	kbi_fetcher_unref(kb->fetcher);
	kbi_err_clear(&kb->error);
	kbi_log_clear(&kb->log);
	kbi_secrets_free(kb->secrets);
	free(kb);
}

void
kb_free(kb_ctx *kb)
{
	if (!kb)
		return;
	/* children keep the memory; what runs ends with this */
	kb_cancel(kb, 0);
	kbi_ctx_unref(kb);
}

kb_status
kbi_enter(struct kb_ctx *kb)
{
	if (!kb || kb->owner_pid != getpid())
		return KB_EINVAL;
	while (atomic_flag_test_and_set(&kb->is_entered)) {
		if (!atomic_load(&kb->reapers))
			return KB_EBUSY;
		nanosleep(&(struct timespec){ .tv_nsec = REAPING_NS }, NULL);
	}
	kbi_ctx_ref(kb);
	return KB_OK;
}

void
kbi_leave(struct kb_ctx *kb)
{
	do {	/* another thread may free a plan just now: it found us inside, and counts on us */
		reap_plans(kb);
		atomic_flag_clear(&kb->is_entered);
	} while (atomic_load(&kb->dead) && !atomic_flag_test_and_set(&kb->is_entered));
	kbi_ctx_unref(kb);
}

void
kbi_reap(struct kb_ctx *kb)
{
	if (kb->owner_pid != getpid())
		return;
	kbi_ctx_ref(kb);
	atomic_fetch_add(&kb->reapers, 1);
	bool is_inside = !atomic_flag_test_and_set(&kb->is_entered);
	if (is_inside)
		kbi_leave(kb);
	atomic_fetch_sub(&kb->reapers, 1);
	if (!is_inside)
		kbi_ctx_unref(kb);
}

kb_err *
kb_error(kb_ctx *kb)
{
	struct kb_err *copy = NULL;
	if (kbi_enter(kb))
		return NULL;
	if (kb->error.code != KB_OK && (copy = calloc(1, sizeof(*copy)))) {
		kbi_err_copy(copy, &kb->error);
		kbi_err_mask(copy, kb->secrets);
	}
	kbi_leave(kb);
	return copy;
}

int
kb_fd(kb_ctx *kb)
{
	return kb ? kbi_loop_fd(kb->loop) : KB_EINVAL;
}

kb_status
kb_dispatch(kb_ctx *kb)
{
	kb_status status = kbi_enter(kb);
	if (status)
		return status;
	status = kbi_loop_dispatch(kb->loop);
	kbi_leave(kb);
	return status;
}

kb_status
kb_answer(kb_ctx *kb, int64_t question, const void *data, size_t size_bytes)
{
	kb_status status = kbi_enter(kb);
	if (status)
		return status;
	if (data && kbi_question_is_secret(kb->questions, question))
		status = kbi_secrets_add(kb->secrets, data, size_bytes);
	if (!status)
		status = kbi_question_answer(kb->questions, question, data, size_bytes);
	if (status == KB_EINVAL)
		kbi_fail(&kb->error, status, "question %lld: not open", (long long)question);
	else if (status)
		kbi_fail(&kb->error, status, "question %lld: the answer could not be taken", (long long)question);
	kbi_leave(kb);
	return status;
}

static bool
request_cancel(struct kb_ctx *kb, int64_t run)
{
	for (size_t i = 0; i < KBI_CANCELS; i++) {
		long long free_place = 0;
		if (atomic_compare_exchange_strong(&kb->cancels[i], &free_place, run) || free_place == run)
			return true;
	}
	return false;
}

kb_status
kb_cancel(kb_ctx *kb, int64_t run)	/* async-signal-safe: atomics and one write() to an eventfd */
{
	if (!kb || run < 0)
		return KB_EINVAL;
	if (run == 0)
		atomic_store(&kb->cancels_all, true);
	else if (!request_cancel(kb, run))
		return KB_EBUSY;
	kbi_loop_wake(kb->loop);
	return KB_OK;
}
