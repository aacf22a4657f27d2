/* SPDX-License-Identifier: Apache-2.0 */
/* A session of a test: opened, asked, looked at. */
#ifndef KB_TEST_TALK_H
#define KB_TEST_TALK_H

#include "turn.h"

#include "base/map.h"
#include "session.h"

struct talk {
	struct kbi_loop *loop;
	struct kbi_session *session;
	struct kbi_map settings;
	struct kb_err err;	/* of kbi_session_new() */
	int changes;
	bool is_settled;	/* ready or lost */
	bool is_lost;
};

struct reply {
	struct talk *talk;
	bool is_done;
	int nth;		/* counted over all replies of a test */
	kb_status status;
	int exit_status;
	bool may_have_run;
	char *facts, *log;
	size_t facts_bytes, log_bytes;
	char *id, *cause;
	struct kbi_buf live;
	bool frees_session;
};

static int replies;

static inline void
talk_changed(void *owner)
{
	struct talk *talk = owner;

	talk->changes++;
	talk->is_settled = true;
	talk->is_lost = kbi_session_state(talk->session) == KBI_SESSION_LOST;
}

static inline void
talk_start(struct talk *talk, const char *scheme, const char *prelude, int64_t timeout_ms)
{
	struct kbi_session_want want = {
		.loop = talk->loop,
		.host = "node-1",
		.scheme = scheme,
		.settings = &talk->settings,
		.prelude = prelude,
		.deadline_ms = kbi_clock_ms() + timeout_ms,
		.changed = talk_changed,
		.owner = talk,
	};

	talk->session = kbi_session_new(&want, &talk->err);
	assert_int_equal(talk->changes, 0);
}

static inline bool
talk_is_ready(struct talk *talk)
{
	if (!talk->session || !turn_until(talk->loop, &talk->is_settled, PATIENCE_MS))
		return false;
	return kbi_session_state(talk->session) == KBI_SESSION_READY;
}

static inline void
talk_must_be_ready(struct talk *talk)
{
	if (talk_is_ready(talk))
		return;
	const struct kb_err *err = talk->session ? kbi_session_err(talk->session) : &talk->err;
	for (size_t i = 0; i < kb_err_evidence_count(err); i++)
		print_message("evidence: %s\n", kb_err_evidence(err, i));
	fail_msg("not ready: %s: %s", kb_err_name(err->code), kb_err_cause(err));
}

static inline void
talk_end(struct talk *talk)
{
	kbi_session_free(talk->session);
	talk->session = NULL;
	kbi_map_free(&talk->settings);
	kbi_err_clear(&talk->err);
	turn_for(talk->loop, 20);	/* its shell ends, and is reaped beside the loop */
}

static inline void
reply_done(void *owner, struct kbi_reply *from)
{
	struct reply *to = owner;

	assert_false(to->is_done);	/* once */
	to->is_done = true;
	to->nth = replies++;
	to->status = from->status;
	to->exit_status = from->exit_status;
	to->may_have_run = from->may_have_run;
	to->facts_bytes = from->facts.size_bytes;
	to->log_bytes = from->log.size_bytes;
	to->facts = kbi_buf_take(&from->facts);
	to->log = kbi_buf_take(&from->log);
	to->id = strdup(from->err ? kb_err_id(from->err) : "");
	to->cause = strdup(from->err ? kb_err_cause(from->err) : "");
	if (to->frees_session) {
		kbi_session_free(to->talk->session);
		to->talk->session = NULL;
	}
}

static inline void
reply_live(void *owner, const char *data, size_t size_bytes)
{
	struct reply *to = owner;

	if (!to->live.max_bytes)
		to->live = KBI_BUF((size_t)64 << 20);
	kbi_buf_add_bytes(&to->live, data, size_bytes);
}

static inline void
reply_free(struct reply *reply)
{
	free(reply->facts);
	free(reply->log);
	free(reply->id);
	free(reply->cause);
	kbi_buf_free(&reply->live);
	*reply = (struct reply){0};
}

/* Sends; the reply comes when the loop is turned. */
static inline kb_status
send_script(struct talk *talk, struct reply *reply, const char *script, const void *input, size_t input_bytes,
	int64_t timeout_ms)
{
	struct kbi_request want = {
		.script = script, .script_bytes = strlen(script), .input = input, .input_bytes = input_bytes,
		.timeout_ms = timeout_ms, .output = reply_live, .done = reply_done, .owner = reply,
	};

	reply->talk = talk;
	return kbi_session_send(talk->session, &want);
}

static inline void
wait_reply(struct talk *talk, struct reply *reply)
{
	if (!turn_until(talk->loop, &reply->is_done, 2 * PATIENCE_MS))
		fail_msg("no reply");
}

/* Runs a script that must work. */
static inline struct reply
ask(struct talk *talk, const char *script)
{
	struct reply reply = {0};

	assert_int_equal(send_script(talk, &reply, script, NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(talk, &reply);
	if (reply.status)
		fail_msg("%s: %s", kb_err_name(reply.status), reply.cause);
	return reply;
}

static inline void
check_ask(struct talk *talk, const char *script, const char *facts, const char *log, int exit_status)
{
	struct reply reply = ask(talk, script);

	assert_string_equal(reply.facts, facts);
	assert_string_equal(reply.log, log);
	assert_int_equal(reply.exit_status, exit_status);
	reply_free(&reply);
}

#endif
