/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KBI_EVENT_H
#define KBI_EVENT_H

#include <stdbool.h>

#include <kb/event.h>

#include "base/err.h"
#include "base/map.h"
#include "change.h"

struct kb_event {
	struct kb_event *next;		/* in its plan's queue */
	int kind;
	int64_t run;
	int64_t time_ms;
	char *host;
	char *step;
	int64_t task;			/* -1: none */
	int64_t total;
	kb_status status;
	int verdict;
	bool is_changed;
	bool is_skipped;
	int64_t duration_ms;
	int exit_status;
	int severity;
	char *id;
	char *text;
	char *log;
	char *diff;
	char *journal;
	int64_t question;		/* 0: none */
	char *subject;
	int attempt;
	struct kbi_change *changes;
	size_t change_count;
	struct kb_err err;		/* code KB_OK: none */
	bool is_short;			/* there was no memory for some of it */
};

struct kb_event *kbi_event_new(int kind);	/* NULL: no memory */
struct kbi_secrets;
void kbi_event_mask(struct kb_event *event, struct kbi_secrets *secrets);	/* all that it shows; before anybody sees it */
struct kbi_log;
void kbi_event_log(const struct kb_event *event, struct kbi_log *log);
void kbi_event_set(struct kb_event *event, char **field, const char *text);

#endif
