/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/keyring.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/fd.h"
#include "base/str.h"

#define DIGEST_BYTES 32
#define ENTRIES_MAX 64		/* kept while nobody holds them */

enum stage { OPENING, ASKING, READY, FAILED };

struct work {			/* of the thread that opens it */
	char *name;
	struct kbi_buf data, passphrase;
	struct kbi_key key;
	struct kb_err err;
	kb_status failed;
};

struct kbi_key_hold {
	struct entry *entry;
	struct kbi_asker *asker;
	char *host;
	void (*changed)(void *owner);
	void *owner;
	struct kbi_key_hold *prev, *next;
};

struct entry {
	struct kbi_keyring *ring;
	struct entry *next;
	char *name;
	/* Which key, opened how: two that have all of it in common are one. */
	unsigned char file[DIGEST_BYTES];
	unsigned char passphrase[DIGEST_BYTES];		/* zeros: none was given */
	bool may_ask;

	enum stage stage;
	struct kbi_buf data;		/* of an encrypted key that is not open yet */
	struct kbi_key key;
	struct kb_err err;
	struct kbi_job_handle *job;
	struct kbi_question *question;
	struct kbi_asker *asker;	/* of the question */
	int attempt;
	int64_t refused_by;		/* FAILED: the asker whose answers did not open it; 0: none was asked */
	bool is_plain;			/* not encrypted: opens with every passphrase */
	struct kbi_key_hold *holds;
};

struct kbi_keyring {
	struct kbi_loop *loop;
	struct entry *first;
	unsigned char salt[DIGEST_BYTES];	/* passphrases are compared by their HMAC, and not kept */
	size_t parses;
};

static void
drop(struct entry *entry)
{
	struct entry **at = &entry->ring->first;

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	kbi_job_cancel(entry->job);
	kbi_question_withdraw(entry->question);
	kbi_buf_free(&entry->data);
	kbi_key_free(&entry->key);
	kbi_err_clear(&entry->err);
	kbi_wipe(entry->passphrase, sizeof(entry->passphrase));
	free(entry->name);
	free(entry);
}

static void
settle(struct entry *entry, enum stage stage)
{
	entry->stage = stage;
	kbi_buf_free(&entry->data);
	for (struct kbi_key_hold *hold = entry->holds; hold; hold = hold->next)
		hold->changed(hold->owner);
}

/* -- beside the loop */

static void
work_run(void *data, const atomic_bool *is_cancelled)
{
	struct work *work = data;
	const struct kbi_entry passphrase = {
		NULL, (char *)(uintptr_t)kbi_buf_text(&work->passphrase), work->passphrase.size_bytes, true};
	const struct kbi_key_way way = {.passphrase = &passphrase, .is_cancelled = is_cancelled};

	work->failed = kbi_key_parse(&work->key, work->name, kbi_buf_text(&work->data), work->data.size_bytes, &way,
		&work->err);
}

static void
work_free(void *data)
{
	struct work *work = data;

	kbi_key_free(&work->key);
	kbi_err_clear(&work->err);
	kbi_buf_free(&work->data);
	kbi_buf_free(&work->passphrase);
	free(work->name);
	free(work);
}

static void ask(struct entry *entry);

static void
work_done(void *owner, void *data)
{
	struct entry *entry = owner;
	struct work *work = data;

	entry->job = NULL;
	entry->key = work->key;
	kbi_err_copy(&entry->err, &work->err);
	work->key = (struct kbi_key){0};
	if (!work->failed)
		settle(entry, READY);
	else if (work->failed == KB_EAUTH && entry->may_ask && entry->attempt < KBI_ASK_ATTEMPTS)
		ask(entry);
	else
		settle(entry, FAILED);
	work_free(work);
}

static kb_status
start_work(struct entry *entry, const struct kbi_entry *passphrase)
{
	struct kbi_job job = {work_run, work_done, work_free, entry, NULL};
	struct work *work = calloc(1, sizeof(*work));

	if (!work)
		return KB_ENOMEM;
	work->data = (struct kbi_buf){.max_bytes = KBI_KEY_MAX, .secret = true};
	work->passphrase = (struct kbi_buf){.max_bytes = KBI_SIZE_TEXT, .secret = true};
	kbi_buf_add_bytes(&work->data, entry->data.data, entry->data.size_bytes);
	kbi_buf_add_bytes(&work->passphrase, passphrase->value, passphrase->size_bytes);
	work->name = strdup(entry->name);
	job.data = work;
	if (work->name && !kbi_buf_failed(&work->data) && !kbi_buf_failed(&work->passphrase))
		entry->job = kbi_loop_job(entry->ring->loop, &job);
	if (!entry->job) {
		work_free(work);
		return KB_ENOMEM;
	}
	entry->stage = OPENING;
	entry->ring->parses++;
	return KB_OK;
}

/* -- asked for */

static void
fail_memory(struct entry *entry)
{
	kbi_fail(&entry->err, KB_ENOMEM, "%s: no memory, or no thread, to open it", entry->name);
	settle(entry, FAILED);
}

static void
answered(void *owner, const struct kbi_entry *answer)
{
	struct entry *entry = owner;

	entry->question = NULL;
	entry->refused_by = entry->asker->id;
	if (!answer) {
		kbi_fail(&entry->err, KB_EAUTH, "%s: its passphrase was asked for, and declined", entry->name);
		kbi_err_id(&entry->err, "question.declined");
		settle(entry, FAILED);
	} else if (start_work(entry, answer)) {
		fail_memory(entry);
	}
}

static void
ask_by(struct entry *entry, const struct kbi_key_hold *hold)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_question_want want = {.what = "passphrase", .subject = entry->name, .host = hold->host,
		.attempt = entry->attempt, .answered = answered, .owner = entry};

	kbi_buf_add_format(&text, "Passphrase of %s", entry->name);
	want.text = kbi_buf_text(&text);
	entry->stage = ASKING;
	entry->asker = hold->asker;
	entry->question = kbi_question_open(entry->asker, &want);
	kbi_buf_free(&text);
	if (!entry->question)
		fail_memory(entry);
}

static void
ask(struct entry *entry)
{
	entry->attempt++;
	ask_by(entry, entry->holds);	/* all of this entry's may be asked */
}

/* The one that asked has gone. The question stays when its run has others that wait for the answer. */
static void
ask_on(struct entry *entry)
{
	for (const struct kbi_key_hold *hold = entry->holds; hold; hold = hold->next)
		if (hold->asker == entry->asker)
			return;
	kbi_question_withdraw(entry->question);
	entry->question = NULL;
	ask_by(entry, entry->holds);
}

/* -- finding and making */

static bool
digest_file(const struct kbi_key_want *want, const struct stat *st, unsigned char out[DIGEST_BYTES])
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	unsigned size = 0;

	if (want->path)
		kbi_buf_add_format(&text, "file %llu %llu %lld %lld.%09ld %lld.%09ld ", (unsigned long long)st->st_dev,
			(unsigned long long)st->st_ino, (long long)st->st_size, (long long)st->st_mtim.tv_sec,
			st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
	bool is_made = EVP_Digest(want->path ? kbi_buf_text(&text) : want->data->value,
			       want->path ? text.size_bytes : want->data->size_bytes, out, &size, EVP_sha256(), NULL)
		== 1;
	kbi_buf_free(&text);
	return is_made;
}

static bool
digest_passphrase(const struct kbi_keyring *ring, const struct kbi_key_want *want, unsigned char out[DIGEST_BYTES])
{
	unsigned size = 0;

	memset(out, 0, DIGEST_BYTES);
	return !want->passphrase
		|| HMAC(EVP_sha256(), ring->salt, sizeof(ring->salt), (const unsigned char *)want->passphrase->value,
			want->passphrase->size_bytes, out, &size);
}

static bool
is_same(const struct entry *a, const struct entry *b)
{
	if (strcmp(a->name, b->name) != 0 || memcmp(a->file, b->file, DIGEST_BYTES) != 0)
		return false;
	return a->is_plain || (a->may_ask == b->may_ask && memcmp(a->passphrase, b->passphrase, DIGEST_BYTES) == 0);
}

/* What was refused to one run may be asked again by the next; what is damaged is read again, lest a passing failure stays. */
static bool
is_worn(const struct entry *entry, const struct kbi_asker *asker)
{
	if (entry->stage != FAILED || entry->holds)
		return false;
	return entry->err.code != KB_EAUTH || (entry->may_ask && asker && entry->refused_by != asker->id);
}

static struct entry *
find(struct kbi_keyring *ring, const struct entry *want, const struct kbi_asker *asker)
{
	size_t count = 0;
	struct entry *found = NULL;

	for (struct entry *entry = ring->first, *next; entry; entry = next) {
		next = entry->next;
		bool is_old = strcmp(entry->name, want->name) == 0
			&& memcmp(entry->file, want->file, DIGEST_BYTES) != 0;
		if (!entry->holds && (is_old || ++count > ENTRIES_MAX || is_worn(entry, asker)))
			drop(entry);
		else if (is_same(entry, want) && !found)
			found = entry;
	}
	return found;
}

/* Parsed without a passphrase first: most keys need none, and those that do say so at once. */
static kb_status
open_entry(struct entry *entry, const struct kbi_key_want *want, struct kb_err *err)
{
	const struct kbi_key_way way = {0};
	kb_status failed = kbi_key_parse(
		&entry->key, entry->name, kbi_buf_text(&entry->data), entry->data.size_bytes, &way, err);

	entry->ring->parses++;
	entry->is_plain = !failed;
	entry->stage = failed ? OPENING : READY;
	if (!failed)
		kbi_buf_free(&entry->data);
	if (failed != KB_EAUTH || (!want->passphrase && !want->asker))
		return failed;
	kbi_err_clear(err);
	if (want->passphrase && start_work(entry, want->passphrase))
		return kbi_fail(err, KB_ENOMEM, "%s: no memory, or no thread, to open it", entry->name);
	return KB_OK;	/* else it is asked for, once there is a hold */
}

static kb_status
read_entry(struct entry *entry, const struct kbi_key_want *want, int fd, struct kb_err *err)
{
	entry->data = (struct kbi_buf){.max_bytes = KBI_KEY_MAX, .secret = true};
	if (want->path)
		return kbi_key_read(fd, want->path, &entry->data, err);
	kbi_buf_add_bytes(&entry->data, want->data->value, want->data->size_bytes);
	if (kbi_buf_failed(&entry->data) == KB_ETOOBIG) {
		kbi_fail(err, KB_EINVAL, "%s: not a private key: %zu bytes", entry->name, want->data->size_bytes);
		kbi_err_id(err, "key.too-large");
		return KB_EINVAL;
	}
	return kbi_buf_failed(&entry->data) ? kbi_fail_memory(err) : KB_OK;
}

static struct entry *
add(struct kbi_keyring *ring, const struct entry *like, const struct kbi_key_want *want, int fd, struct kb_err *err)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry || !(*entry = *like, entry->name = strdup(like->name))) {
		kbi_fail_memory(err);
		free(entry);
		return NULL;
	}
	entry->ring = ring;
	entry->next = ring->first;
	ring->first = entry;
	if (!read_entry(entry, want, fd, err) && !open_entry(entry, want, err))
		return entry;
	drop(entry);
	return NULL;
}

static struct kbi_key_hold *
add_hold(struct entry *entry, const struct kbi_key_want *want, struct kb_err *err)
{
	struct kbi_key_hold *hold = calloc(1, sizeof(*hold));

	if (!hold || !(hold->host = strdup(want->host))) {
		free(hold);
		kbi_fail_memory(err);
		if (!entry->holds && entry->stage != READY)
			drop(entry);
		return NULL;
	}
	hold->entry = entry;
	hold->asker = want->asker;
	hold->changed = want->changed;
	hold->owner = want->owner;
	hold->next = entry->holds;
	if (hold->next)
		hold->next->prev = hold;
	entry->holds = hold;
	if (entry->stage == OPENING && !entry->job)
		ask(entry);
	return hold;
}

/* A key that others may read is refused each time; but a public key is called one, whatever its mode. */
static kb_status
check_mode(const struct kbi_key_want *want, const struct stat *st, int fd, struct kb_err *err)
{
	struct kbi_buf data = {.max_bytes = KBI_KEY_MAX, .secret = true};
	const struct kbi_key_way way = {0};
	struct kbi_key key = {0};

	if (!want->path || !kbi_key_check_mode(want->path, st, err))
		return KB_OK;
	struct kb_err what = {0};
	kb_status failed = kbi_key_read(fd, want->path, &data, &what);
	if (!failed)
		failed = kbi_key_parse(&key, want->path, kbi_buf_text(&data), data.size_bytes, &way, &what);
	if (failed && failed != KB_EAUTH)
		kbi_err_copy(err, &what);
	kbi_err_clear(&what);
	kbi_key_free(&key);
	kbi_buf_free(&data);
	return err->code;
}

static struct kbi_key_hold *
hold_open_file(struct kbi_keyring *ring, const struct kbi_key_want *want, const struct stat *st, int fd, struct kb_err *err)
{
	struct entry like = {.name = (char *)(uintptr_t)(want->path ? want->path : want->name), .may_ask = want->asker};

	if (check_mode(want, st, fd, err))
		return NULL;
	if (!digest_file(want, st, like.file) || !digest_passphrase(ring, want, like.passphrase)) {
		kbi_fail_memory(err);
		return NULL;
	}
	struct entry *entry = find(ring, &like, want->asker);
	if (!entry)
		entry = add(ring, &like, want, fd, err);
	return entry ? add_hold(entry, want, err) : NULL;
}

struct kbi_key_hold *
kbi_keyring_hold(struct kbi_keyring *ring, const struct kbi_key_want *want, struct kb_err *err)
{
	struct stat st = {0};
	int fd = want->path ? kbi_key_open(want->path, &st, err) : -1;

	if (want->path && fd < 0)
		return NULL;
	struct kbi_key_hold *hold = hold_open_file(ring, want, &st, fd, err);
	kbi_fd_close(&fd);
	return hold;
}

void
kbi_key_release(struct kbi_key_hold *hold)
{
	if (!hold)
		return;
	struct entry *entry = hold->entry;
	if (hold->prev)
		hold->prev->next = hold->next;
	else
		entry->holds = hold->next;
	if (hold->next)
		hold->next->prev = hold->prev;
	free(hold->host);
	free(hold);
	if (entry->holds && entry->stage == ASKING)
		ask_on(entry);
	else if (!entry->holds && (entry->stage == OPENING || entry->stage == ASKING))
		drop(entry);
}

enum kbi_key_state
kbi_key_hold_state(const struct kbi_key_hold *hold)
{
	enum stage stage = hold->entry->stage;

	return stage == READY ? KBI_KEY_READY : stage == FAILED ? KBI_KEY_FAILED : KBI_KEY_WAITING;
}

bool
kbi_key_hold_is_asking(const struct kbi_key_hold *hold)
{
	return hold->entry->stage == ASKING;
}

const char *
kbi_key_hold_name(const struct kbi_key_hold *hold)
{
	return hold->entry->name;
}

const struct kbi_key *
kbi_key_hold_key(const struct kbi_key_hold *hold)
{
	return &hold->entry->key;
}

const struct kb_err *
kbi_key_hold_err(const struct kbi_key_hold *hold)
{
	return &hold->entry->err;
}

struct kbi_keyring *
kbi_keyring_new(struct kbi_loop *loop)
{
	struct kbi_keyring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	ring->loop = loop;
	if (getrandom(ring->salt, sizeof(ring->salt), GRND_NONBLOCK) == sizeof(ring->salt))
		return ring;
	free(ring);
	return NULL;
}

void
kbi_keyring_free(struct kbi_keyring *ring)
{
	if (!ring)
		return;
	while (ring->first)
		drop(ring->first);
	kbi_wipe(ring, sizeof(*ring));
	free(ring);
}

size_t
kbi_keyring_parses(const struct kbi_keyring *ring)
{
	return ring->parses;
}
