/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ALL "passphrase,password,host_key,sudo_password"
#define TIME_TO_TYPE_MS "120000"	/* for connecting and all answers, when the description does not say */
#define LINE_MAX_BYTES 4096		/* what a terminal gives at once: termios(3) */

struct question {
	struct question *next;
	int64_t id;
	char *host, *text;
	bool is_secret;
	int attempt;
};

struct ask {
	int tty;			/* -1: nobody is asked */
	const char *why_not;
	struct question *first;		/* which is being asked */
	bool is_shown;
};

/* For the signal handler too. */
static volatile sig_atomic_t is_hidden;
static volatile int hidden_fd = -1;
static struct termios found;

void
ask_restore(void)
{
	if (is_hidden)
		tcsetattr(hidden_fd, TCSANOW, &found);
	is_hidden = 0;
}

/* What is typed is not shown; what was typed before it is thrown away. */
static void
hide_typing(const struct ask *ask)
{
	if (is_hidden || tcgetattr(ask->tty, &found))
		return;
	struct termios silent = found;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	silent.c_lflag |= ICANON | ECHONL;
	hidden_fd = ask->tty;
	is_hidden = 1;
	tcsetattr(ask->tty, TCSAFLUSH, &silent);
}

/* -- who can be asked */

static const char *
open_tty(struct ask *ask, const struct args *args)
{
	if (args->is_json)
		return "--json";
	if (args->is_batch)
		return "--batch";
	ask->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (ask->tty < 0)
		return "no terminal";
	return NULL;
}

static void
set_unless_said(kb_cluster *cluster, const char *key, const char *fallback, const char *value)
{
	const char *said = kb_cluster_get(cluster, key);

	if (!said || (fallback && strcmp(said, fallback) == 0))
		kb_cluster_set(cluster, key, value);
}

struct ask *
ask_begin(const struct args *args, kb_cluster *cluster)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (!ask)
		return NULL;
	ask->tty = -1;
	ask->why_not = open_tty(ask, args);
	if (!ask->why_not) {
		set_unless_said(cluster, "ssh.ask", NULL, ALL);
		set_unless_said(cluster, "ssh.connect_timeout_ms", "30000", TIME_TO_TYPE_MS);
	}
	return ask;
}

static void
free_question(struct question *question)
{
	free(question->host);
	free(question->text);
	free(question);
}

void
ask_forget(struct ask *ask, const char *host)
{
	for (struct question **at = &ask->first, *question; (question = *at);) {
		if (host && strcmp(question->host, host) != 0) {
			at = &question->next;
			continue;
		}
		if (question == ask->first)
			ask_hide(ask);
		*at = question->next;
		free_question(question);
	}
	if (!ask->first)
		ask_restore();
}

void
ask_end(struct ask *ask)
{
	if (!ask)
		return;
	ask_forget(ask, NULL);
	if (ask->tty >= 0)
		close(ask->tty);
	free(ask);
}

/* -- asking */

static void
write_all(int fd, const char *text)
{
	for (size_t left = strlen(text); left;) {
		ssize_t count = write(fd, text, left);
		if (count <= 0)
			return;
		text += count;
		left -= (size_t)count;
	}
}

void
ask_show(struct ask *ask)
{
	const struct question *question = ask->first;
	char attempt[40] = "";

	if (!question || ask->is_shown)
		return;
	ask->is_shown = true;
	if (question->is_secret)
		hide_typing(ask);
	if (question->attempt > 1)
		snprintf(attempt, sizeof(attempt), "That was wrong (%d of 3). ", question->attempt);
	write_all(ask->tty, attempt);
	write_all(ask->tty, question->text);
	write_all(ask->tty, ": ");
}

void
ask_hide(struct ask *ask)
{
	if (ask->is_shown)
		write_all(ask->tty, "\r\033[K");
	ask->is_shown = false;
}

/* As a terminal may show it: the text has names that others chose. */
static char *
plain_copy(const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	return copy;
}

void
ask_question(struct ask *ask, kb_ctx *kb, const kb_event *event)
{
	struct question **at = &ask->first, *question = ask->tty >= 0 ? calloc(1, sizeof(*question)) : NULL;

	if (!question) {
		fprintf(stderr, "kb-install: %s: nobody can be asked (%s): %s\n", kb_event_host(event), ask->why_not ? ask->why_not : "out of memory",
			kb_event_text(event));
		kb_answer(kb, kb_event_question(event), NULL, 0);
		return;
	}
	question->id = kb_event_question(event);
	question->host = strdup(kb_event_host(event));
	question->text = plain_copy(kb_event_text(event));
	question->is_secret = strcmp(kb_event_id(event), "host_key") != 0;
	question->attempt = kb_event_attempt(event);
	if (!question->host || !question->text) {
		kb_answer(kb, question->id, NULL, 0);
		free_question(question);
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = question;
}

int
ask_fd(const struct ask *ask)
{
	return ask->first ? ask->tty : -1;
}

/* A line ends with Enter; the end of the file declines. */
void
ask_read(struct ask *ask, kb_ctx *kb)
{
	char line[LINE_MAX_BYTES];
	ssize_t count = read(ask->tty, line, sizeof(line));
	struct question *question = ask->first;

	if (count < 0 || !question)
		return;
	ask_restore();
	ask->is_shown = false;
	ask->first = question->next;
	size_t size_bytes = (size_t)count;
	size_bytes -= size_bytes && line[size_bytes - 1] == '\n';
	if (!count)
		write_all(ask->tty, "\n");
	if (kb_answer(kb, question->id, count ? line : NULL, size_bytes) != KB_OK)
		fprintf(stderr, "kb-install: %s: the answer came too late\n", question->host);
	explicit_bzero(line, sizeof(line));
	free_question(question);
}
