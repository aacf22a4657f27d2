/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/containerd_config.h"

#include <string.h>

#include "base/str.h"
#include "text/toml.h"

#define CRI "plugins.\"io.containerd.grpc.v1.cri\""		/* version 2: containerd 1.3 to 1.7, and later ones convert it */
#define RUNTIME "plugins.\"io.containerd.cri.v1.runtime\""	/* versions 3 and 4: containerd 2 */
#define IMAGES "plugins.\"io.containerd.cri.v1.images\""

enum setting { CGROUP, RUNTIME_TYPE, SANDBOX, BIN_DIR, BIN_DIRS, CERTS, SETTINGS };

static const struct place {
	const char *table;
	const char *key;
} places[2][SETTINGS] = {
	{
		[CGROUP] = { CRI ".containerd.runtimes.runc.options", "SystemdCgroup" },
		[RUNTIME_TYPE] = { CRI ".containerd.runtimes.runc", "runtime_type" },
		[SANDBOX] = { CRI, "sandbox_image" },
		[BIN_DIR] = { CRI ".cni", "bin_dir" },
		[BIN_DIRS] = { CRI ".cni", "bin_dirs" },
		[CERTS] = { CRI ".registry", "config_path" },
	}, {
		[CGROUP] = { RUNTIME ".containerd.runtimes.runc.options", "SystemdCgroup" },
		[RUNTIME_TYPE] = { RUNTIME ".containerd.runtimes.runc", "runtime_type" },
		[SANDBOX] = { IMAGES ".pinned_images", "sandbox" },
		[BIN_DIR] = { RUNTIME ".cni", "bin_dir" },
		[BIN_DIRS] = { RUNTIME ".cni", "bin_dirs" },
		[CERTS] = { IMAGES ".registry", "config_path" },
	},
};

struct edit {
	const struct kbi_containerd_want *want;
	const struct place *places;
	struct kbi_buf text;
	struct kb_err *err;
	kb_status status;	/* the first failure; from then on nothing is done */
};

/* The value as TOML has it; for a string its text. false: there is none. */
static bool
get(struct edit *e, struct place place, struct kbi_buf *value)
{
	struct kbi_buf raw = KBI_BUF(KBI_SIZE_TEXT);
	bool is_there = false;

	if (!e->status)
		e->status = kbi_toml_get(kbi_buf_text(&e->text), e->text.size_bytes, place.table, place.key, &raw, &is_there, e->err);
	kbi_buf_truncate(value, 0);
	if (!e->status && is_there && kbi_toml_unstring(kbi_buf_text(&raw), value, NULL)) {
		kbi_buf_truncate(value, 0);
		kbi_buf_add(value, kbi_buf_text(&raw));
	}
	kbi_buf_free(&raw);
	return !e->status && is_there;
}

static bool
has(struct edit *e, struct place place)
{
	struct kbi_buf value = KBI_BUF(KBI_SIZE_TEXT);
	bool is_there = get(e, place, &value);

	kbi_buf_free(&value);
	return is_there;
}

static void
set_raw(struct edit *e, struct place place, const char *raw)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (e->status)
		return;
	e->status = kbi_toml_set(kbi_buf_text(&e->text), e->text.size_bytes, place.table, place.key, raw, &out, e->err);
	if (e->status) {
		kbi_buf_free(&out);
		return;
	}
	kbi_buf_free(&e->text);
	e->text = out;
}

/* Only when it says something else: how a value is written is its owner's to choose. */
static void
set(struct edit *e, struct place place, const char *value, bool is_text)
{
	struct kbi_buf now = KBI_BUF(KBI_SIZE_TEXT), raw = KBI_BUF(KBI_SIZE_TEXT);

	if (is_text)
		kbi_toml_string(&raw, value);
	else
		kbi_buf_add(&raw, value);
	if (!get(e, place, &now) || !kbi_str_is(kbi_buf_text(&now), value))
		set_raw(e, place, kbi_buf_text(&raw));
	kbi_buf_free(&now);
	kbi_buf_free(&raw);
}

static bool
has_table(const struct kbi_buf *text, const char *part)
{
	const char *at = kbi_buf_text(text), *end = at + text->size_bytes, *line;
	size_t bytes;

	while ((at = kbi_str_line(at, end, &line, &bytes))) {
		while (bytes && (*line == ' ' || *line == '\t')) {
			line++;
			bytes--;
		}
		if (bytes && *line == '[' && memmem(line, bytes, part, strlen(part)))
			return true;
	}
	return false;
}

/* -- version */

static const struct place version_place = { "", "version" };

static void
refuse(struct edit *e, const char *id, const char *text)
{
	if (e->status)
		return;
	e->status = kbi_fail(e->err, KB_ECONFLICT, "/etc/containerd/config.toml: %s", text);
	kbi_err_id(e->err, id);
}

/* Without a version the file is of version 1, as Docker's packages ship it: a line or two. With plugins in it, it means other tables than
 * those of version 2. */
static void
find_version(struct edit *e)
{
	struct kbi_buf value = KBI_BUF(KBI_SIZE_TEXT);
	bool is_there = get(e, version_place, &value);
	const char *version = kbi_buf_text(&value);

	if (!is_there || kbi_str_is(version, "1")) {
		if (has_table(&e->text, "plugins"))
			refuse(e, "containerd.config-old", "of version 1, and with plugins: containerd has converted it to no later one");
		set_raw(e, version_place, "2");
		e->places = places[0];
	} else if (kbi_str_is(version, "2")) {
		e->places = places[0];
	} else if (kbi_str_is(version, "3") || kbi_str_is(version, "4")) {
		e->places = places[1];
	} else {
		refuse(e, "containerd.config-new", "of a version that is not 1 to 4");
	}
	kbi_buf_free(&value);
}

static const char *
first_version(const struct kbi_containerd_want *want)
{
	const struct kbi_version *v = &want->version;

	if (!want->is_known || v->major < 2)
		return "2";	/* what is not there yet may be of any series, and all read this */
	return v->major > 2 || v->minor >= 3 ? "4" : "3";
}

/* -- the settings */

static void
enable_cri(struct edit *e)
{
	static const char *const names[] = {
		"cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !e->status; i++) {
		struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);
		e->status = kbi_toml_remove_item(kbi_buf_text(&e->text), e->text.size_bytes, "", "disabled_plugins", names[i], &out, e->err);
		if (e->status) {
			kbi_buf_free(&out);
			continue;
		}
		kbi_buf_free(&e->text);
		e->text = out;
	}
}

/* Always said, since Debian's packages have another default than containerd itself. bin_dirs came with 2.1 and excludes bin_dir, which goes
 * on being read until 2.4 (containerd/containerd#11311, #13009). */
static void
set_bin_dir(struct edit *e)
{
	const struct place one = e->places[BIN_DIR], many = e->places[BIN_DIRS];
	const char *wanted = e->want->bin_dir;
	const struct kbi_version *v = &e->want->version;
	bool is_new = e->want->is_known && e->places == places[1] && (v->major > 2 || (v->major == 2 && v->minor >= 1));
	struct kbi_buf list = KBI_BUF(KBI_SIZE_TEXT), now = KBI_BUF(KBI_SIZE_TEXT);
	bool has_many = get(e, many, &now), is_right = has_many && strstr(kbi_buf_text(&now), wanted);

	kbi_buf_add(&list, "[");
	kbi_toml_string(&list, wanted);
	kbi_buf_add(&list, "]");
	if (!is_right && (has_many || (is_new && !has(e, one))))
		set_raw(e, many, kbi_buf_text(&list));
	else if (!has_many)
		set(e, one, wanted, true);
	kbi_buf_free(&list);
	kbi_buf_free(&now);
}

static void
set_certs(struct edit *e)
{
	struct kbi_buf now = KBI_BUF(KBI_SIZE_TEXT);

	if (has_table(&e->text, ".registry.mirrors"))
		refuse(e, "containerd.mirrors-old", "it has registry.mirrors, which containerd does not take together with " KBI_CONTAINERD_CERTS);
	if (!get(e, e->places[CERTS], &now) || !strstr(kbi_buf_text(&now), KBI_CONTAINERD_CERTS))
		set(e, e->places[CERTS], KBI_CONTAINERD_CERTS, true);
	kbi_buf_free(&now);
}

kb_status
kbi_containerd_merge(const struct kbi_containerd_want *want, const char *data, size_t size_bytes, struct kbi_buf *out, struct kb_err *err)
{
	struct edit e = { .want = want, .text = KBI_BUF(KBI_SIZE_TEXT), .err = err };

	if (size_bytes)
		kbi_buf_add_bytes(&e.text, data, size_bytes);
	else
		kbi_buf_add_format(&e.text, "# written by libkb\nversion = %s\n", first_version(want));
	find_version(&e);
	enable_cri(&e);
	if (!e.status) {
		/* a runtime that a file names is no longer filled up with defaults */
		if (!has(&e, e.places[RUNTIME_TYPE]))
			set(&e, e.places[RUNTIME_TYPE], "io.containerd.runc.v2", true);
		set(&e, e.places[CGROUP], "true", false);
		if (kbi_str_is_set(want->sandbox_image))
			set(&e, e.places[SANDBOX], want->sandbox_image, true);
		set_bin_dir(&e);
		if (want->has_mirrors)
			set_certs(&e);
	}
	if (!e.status)
		kbi_buf_add(out, kbi_buf_text(&e.text));
	if (!e.status && kbi_buf_failed(out))
		e.status = kbi_fail_memory(err);
	kbi_buf_free(&e.text);
	return e.status;
}

/* -- what containerd makes of it */

static kb_status
check_one(struct edit *e, struct kbi_judge *j, struct place place, const char *wanted)
{
	struct kbi_buf now = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status = KB_OK;

	if (get(e, place, &now) && !strstr(kbi_buf_text(&now), wanted))
		status = kbi_judge_fail(j, KB_ECONFLICT, "containerd.config-overridden",
			"containerd's %s is %s in the end, although config.toml says %s: another file that it imports says otherwise", place.key,
			kbi_buf_text(&now), wanted);
	kbi_buf_free(&now);
	return status;
}

kb_status
kbi_containerd_check_dump(const struct kbi_containerd_want *want, struct kbi_judge *j, const char *dump)
{
	struct edit e = { .want = want, .text = KBI_BUF(KBI_SIZE_TEXT) };
	struct kbi_buf dirs = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status;

	kbi_buf_add(&e.text, dump);
	find_version(&e);
	if (e.status) {		/* of a version to come: then the file itself has to do */
		kbi_buf_free(&e.text);
		return KB_OK;
	}
	status = check_one(&e, j, e.places[CGROUP], "true");
	if (!status && kbi_str_is_set(want->sandbox_image))
		status = check_one(&e, j, e.places[SANDBOX], want->sandbox_image);
	if (!status)
		status = check_one(&e, j, e.places[get(&e, e.places[BIN_DIRS], &dirs) ? BIN_DIRS : BIN_DIR], want->bin_dir);
	if (!status && want->has_mirrors)
		status = check_one(&e, j, e.places[CERTS], KBI_CONTAINERD_CERTS);
	kbi_buf_free(&dirs);
	kbi_buf_free(&e.text);
	return status;
}
