/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts of tests/data/replay: a cluster is planned, made, run again, asked, reset, seen half made and mended, with no host. */
#include "replay.h"

#include <ctype.h>

#define DATA TEST_DATA "/replay/"
#define CALICO_VERSION "v3.32.1"

/* The recorded description, with another text in the place of one of its own when `from` is there. */
static void
write_description(struct fixture *f, const char *name, const char *from, const char *to)
{
	struct kbi_buf text = read_whole(DATA "cluster.yaml");
	char path[160];
	snprintf(path, sizeof(path), "%s/cluster.yaml", f->folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	const char *at = kbi_buf_text(&text);
	bool was_found = !from;
	while (*at) {
		if (from && strncmp(at, from, strlen(from)) == 0) {
			fputs(to, file);
			at += strlen(from);
			was_found = true;
		} else if (strncmp(at, "CALICO", 6) == 0) {
			fprintf(file, "%s/calico", f->folder);
			at += 6;
		} else {
			fputc(*at++, file);
		}
	}
	assert_true(was_found);
	fprintf(file, "replay: %s%s\n", DATA, name);
	assert_int_equal(fclose(file), 0);
	kbi_buf_free(&text);
}

static void
link_file(struct fixture *f, const char *target, const char *name)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static kb_cluster *
load(struct fixture *f, const char *name, const char *from, const char *to)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/calico", f->folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/calico/" CALICO_VERSION, f->folder);
	mkdir(path, 0700);
	link_file(f, TEST_DATA "/calico/" CALICO_VERSION, "calico/" CALICO_VERSION "/manifests");
	link_file(f, DATA "Release.key", "Release.key");
	write_description(f, name, from, to);
	snprintf(path, sizeof(path), "%s/cluster.yaml", f->folder);
	kb_cluster *cluster = kb_cluster_load(f->kb, path);
	if (!cluster) {
		kb_err *err = kb_error(f->kb);
		fail_msg("%s", kb_err_cause(err));
	}
	return cluster;
}

enum command { UP, STATUS, RESET };

static kb_status
run(struct fixture *f, const char *name, enum command command, int mode)
{
	kb_cluster *cluster = load(f, name, NULL, NULL);
	kb_plan *plan = command == UP ? kb_cluster_up(cluster) : command == STATUS ? kb_cluster_status(cluster) : kb_cluster_reset(cluster);
	assert_non_null(plan);
	kb_status status = play(f, plan, mode);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
	return status;
}

/* How many lines of the events have all three words. */
static int
count(const struct fixture *f, const char *a, const char *b, const char *c)
{
	int number = 0;
	char *text = strdup(kbi_buf_text(&f->events)), *rest = text, *line;
	while ((line = strsep(&rest, "\n")))
		number += strstr(line, a) && strstr(line, b) && strstr(line, c);
	free(text);
	return number;
}

#define DONE "\"event\":\"step-done\""
#define CHANGED "\"changed\":true"

#define assert_ok(f, status)                                                                             \
	do {                                                                                              \
		kb_status status_ = (status);                                                              \
		if (status_)                                                                               \
			fail_msg("%s:\n%s", kb_err_name(status_), kbi_buf_text(&(f)->events));             \
	} while (0)

static void
what_fresh_hosts_need_is_told(void **state)
{
	struct fixture *f = *state;
	assert_ok(f, run(f, "check", UP, KB_CHECK));
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.init\"", "\"verdict\":\"absent\""), 1);
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.join\"", ""), 2);
	assert_int_equal(count(f, "replay.not-recorded", "", ""), 0);
}

/* The whole installation, and what the controller makes anew in it is another one each time. */
static void
bare_hosts_become_a_cluster(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 2; i++) {
		assert_ok(f, run(f, "fresh", UP, KB_APPLY));
		assert_int_equal(count(f, DONE, "\"step\":\"packages.install\"", CHANGED), 3);
		assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.init\"", CHANGED), 1);
		assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.join\"", CHANGED), 2);
		assert_int_equal(count(f, DONE, "\"step\":\"calico.install\"", CHANGED), 1);
		assert_int_equal(count(f, DONE, "\"step\":\"token.delete\"", CHANGED), 1);
		assert_int_equal(count(f, DONE, "\"step\":\"node.ready\"", "\"verdict\":\"present\""), 1);
		assert_int_equal(count(f, "***", "ca-cert-hash", ""), 0);
	}
}

static void
a_complete_cluster_stays_as_it_is(void **state)
{
	struct fixture *f = *state;
	assert_ok(f, run(f, "complete", UP, KB_APPLY));
	assert_int_equal(count(f, CHANGED, "", ""), 0);
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.join\"", "\"verdict\":\"present\""), 2);
	assert_ok(f, run(f, "complete", UP, KB_CHECK));
	assert_int_equal(count(f, CHANGED, "", ""), 0);
	assert_ok(f, run(f, "status", STATUS, KB_CHECK));
}

/* Logins that print change nothing, and nothing that they print is taken for an answer. */
static void
noise_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct kbi_buf recording = read_whole(DATA "noisy/cluster1-master1.rec");
	assert_non_null(strstr(kbi_buf_text(&recording), "Welcome to cluster1-master1"));
	kbi_buf_free(&recording);
	assert_ok(f, run(f, "noisy", UP, KB_APPLY));
	assert_int_equal(count(f, CHANGED, "", ""), 0);
	int present = count(f, DONE, "\"verdict\":\"present\"", "");
	assert_null(strstr(kbi_buf_text(&f->events), "Welcome to"));
	assert_ok(f, run(f, "complete", UP, KB_APPLY));
	assert_int_equal(count(f, DONE, "\"verdict\":\"present\"", ""), present);
}

static void
a_cluster_is_reset(void **state)
{
	struct fixture *f = *state;
	assert_ok(f, run(f, "reset", RESET, KB_APPLY));
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.reset\"", CHANGED), 3);
}

/* kubeadm was killed when etcd had its manifest: that is told, seen afterwards, and mended. */
static void
half_a_control_plane_is_seen_and_mended(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(run(f, "broken", UP, KB_APPLY), KB_ESTEP);
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.init\"", "KB_ESTEP"), 1);
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.join\"", CHANGED), 0);
	assert_ok(f, run(f, "half", UP, KB_CHECK));
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.init\"", "\"verdict\":\"partial\""), 1);
	assert_int_equal(count(f, DONE, "\"step\":\"packages.install\"", "\"verdict\":\"present\""), 3);
	assert_ok(f, run(f, "mended", UP, KB_APPLY));
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.init\"", CHANGED), 1);
	assert_int_equal(count(f, DONE, "\"step\":\"kubeadm.join\"", CHANGED), 2);
	assert_int_equal(count(f, DONE, "\"step\":\"packages.install\"", CHANGED), 0);
}

/* -- recordings of scripts that were edited since answer other questions than they were asked */

/* Adds the steps of which the last run said so, with commas between them. */
static void
add_changed_steps(const struct fixture *f, struct kbi_buf *names)
{
	const char *at = kbi_buf_text(&f->events);
	while ((at = strstr(at, "\"replay.changed\""))) {
		const char *line = at, *end = at + strcspn(at, "\n");
		while (line > kbi_buf_text(&f->events) && line[-1] != '\n')
			line--;
		const char *step = strstr(line, "\"step\":\"");
		assert_true(step && step < end);
		step += strlen("\"step\":\"");
		struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);
		kbi_buf_add_format(&name, "%.*s,", (int)strcspn(step, "\""), step);
		if (!strstr(kbi_buf_text(names), kbi_buf_text(&name)))
			kbi_buf_add(names, kbi_buf_text(&name));
		kbi_buf_free(&name);
		at = end;
	}
}

static const struct {
	const char *name;
	enum command command;
	int mode;
	kb_status status;
} recorded[] = {
	{"fresh", UP, KB_APPLY, KB_OK}, {"complete", UP, KB_APPLY, KB_OK}, {"noisy", UP, KB_APPLY, KB_OK}, {"status", STATUS, KB_CHECK, KB_OK},
	{"reset", RESET, KB_APPLY, KB_OK},
	{"broken", UP, KB_APPLY, KB_ESTEP}, {"check", UP, KB_CHECK, KB_OK}, {"half", UP, KB_CHECK, KB_OK}, {"mended", UP, KB_APPLY, KB_OK},
};

static void
the_recordings_are_of_the_scripts_that_there_are(void **state)
{
	struct fixture *f = *state;
	struct kbi_buf names = KBI_BUF(KBI_SIZE_TEXT);
	for (size_t i = 0; i < sizeof(recorded) / sizeof(*recorded); i++) {
		kb_status status = run(f, recorded[i].name, recorded[i].command, recorded[i].mode);
		if (status != recorded[i].status)
			fail_msg("%s: %s:\n%s", recorded[i].name, kb_err_name(status), kbi_buf_text(&f->events));
		add_changed_steps(f, &names);
	}
	if (names.size_bytes)
		fail_msg("edited since the hosts were recorded: %s record them anew with tests/data/replay/record.sh", names.data);
	kbi_buf_free(&names);
}

static void
an_edited_script_is_named(void **state)
{
	struct fixture *f = *state;
	struct kbi_buf names = KBI_BUF(KBI_SIZE_TEXT), text = read_whole(DATA "complete/cluster1-worker1.rec");
	char *probe = strstr(text.data, "\nprobe kernel.sysctl\n"), *digest = strstr(probe, "\ntext ") + 6;
	*digest = *digest == '0' ? '1' : '0';
	FILE *file = fopen(f->file, "w");
	fwrite(text.data, 1, text.size_bytes, file);
	assert_int_equal(fclose(file), 0);
	kb_host *host = new_host(f, "cluster1-worker1", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_new(f->kb, "kernel.sysctl");
	static const char *const settings[] = {"net.bridge.bridge-nf-call-ip6tables=1", "net.bridge.bridge-nf-call-iptables=1", "net.ipv4.ip_forward=1"};
	for (size_t i = 0; i < 3; i++)
		kb_step_add(step, "settings", settings[i]);
	kb_plan_add(plan, host, step);
	assert_ok(f, play(f, plan, KB_CHECK));
	add_changed_steps(f, &names);
	assert_string_equal(kbi_buf_text(&names), "kernel.sysctl,");
	assert_told(f, "\"severity\":2");
	kb_step_free(step);
	kb_plan_free(plan);
	kb_host_free(host);
	kbi_buf_free(&names);
	kbi_buf_free(&text);
}

/* Another description than was recorded asks other questions: no answer is made up, and none is a success. */
static void
another_description_is_no_success(void **state)
{
	struct fixture *f = *state;
	static const char *const changes[][2] = {
		{"version: 1.34.4", "version: 1.34.3"}, {"172.16.0.0/16", "172.17.0.0/16"}, {"http://192.168.1.1:5000", "http://192.168.1.9:5000"},
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		kb_cluster *cluster = load(f, "complete", changes[i][0], changes[i][1]);
		kb_plan *plan = kb_cluster_up(cluster);
		assert_int_equal(play(f, plan, KB_APPLY), KB_EUNSUPPORTED);
		assert_told(f, "replay.not-recorded");
		kb_plan_free(plan);
		kb_cluster_free(cluster);
	}
}

/* What stands behind each label is zeros, as far as words go. */
static int
check_blanked(const char *path, const struct kbi_buf *text, const char *label)
{
	int number = 0;
	for (const char *at = kbi_buf_text(text); (at = strstr(at, label)); number++) {
		at += strlen(label);
		at += strspn(at, " \t\"'");
		if (strspn(at, "0=+/") < strcspn(at, " \t\"'\n\\"))
			fail_msg("%s: %s %.40s", path, label, at);
	}
	return number;
}

/* abcdef.0123456789abcdef, as kubeadm's tokens look, unless it is of zeros */
static void
check_no_token(const char *path, const struct kbi_buf *text)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	for (const char *at = kbi_buf_text(text); (at = strchr(at, '.')); at++) {
		size_t before = 0;
		while (before < 7 && at - before > kbi_buf_text(text) && strchr(word, at[-1 - (ptrdiff_t)before]))
			before++;
		if (before == 6 && strspn(at + 1, word) == 16 && strspn(at - 6, "0.") < 23 && !isalnum((unsigned char)at[17]))
			fail_msg("%s: a token: %.23s", path, at - 6);
	}
}

static void
no_recording_holds_a_secret_or_a_path_of_the_machine(void **state)
{
	(void)state;
	static const char *const roles[] = {"master1", "worker1", "worker2"};
	static const char *const never[] = {"PRIVATE KEY", "eyJ", "correct horse", TEST_DATA, "/var/tmp/", "libkb-lab"};
	int keys = 0;
	for (size_t i = 0; i < 3 * sizeof(recorded) / sizeof(*recorded); i++) {
		char path[256];
		snprintf(path, sizeof(path), DATA "%s/cluster1-%s.rec", recorded[i / 3].name, roles[i % 3]);
		struct kbi_buf text = read_whole(path);
		keys += check_blanked(path, &text, "client-key-data:");
		check_blanked(path, &text, "certificateKey:");
		check_blanked(path, &text, "token:");
		check_no_token(path, &text);
		for (size_t k = 0; k < sizeof(never) / sizeof(*never); k++)
			if (strstr(kbi_buf_text(&text), never[k]))
				fail_msg("%s: holds %s", path, never[k]);
		assert_true(text.size_bytes < 200000);
		kbi_buf_free(&text);
	}
	assert_true(keys > 0);
}

static const struct {
	const char *name;
	kb_status status;
	const char *told;
} hostile[] = {
	{"garbage", KB_EPROTOCOL, ""}, {"base64", KB_EPROTOCOL, ""}, {"cut", KB_EPROTOCOL, ""}, {"silent", KB_EPROTOCOL, ""},
	{"overlong", KB_ETOOBIG, "more than 16777216 bytes"}, {"chatty", KB_OK, "\"verdict\":\"present\""}, {"control", KB_OK, "\"verdict\":\"present\""},
	{"exit", KB_EPROTOCOL, ""}, {"half", KB_EUNREACHABLE, "its shell ended without an answer"}, {"number", KB_EPROTOCOL, ""}, {"other", KB_EPROTOCOL, ""},
	{"forged", KB_OK, "\"verdict\":\"present\""}, {"welcome", KB_OK, "\"verdict\":\"present\""},
};

static void
check_text(const char *name, const struct kbi_buf *events)
{
	for (const char *at = kbi_buf_text(events); *at; at++)
		if (*at != '\n' && !(*at & 0x80) && iscntrl((unsigned char)*at))
			fail_msg("%s: a control character was shown: %s", name, at);
	assert_null(strstr(kbi_buf_text(events), "\302\233"));
}

static void
hostile_hosts_are_no_success_and_show_no_control_characters(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		char path[256];
		snprintf(path, sizeof(path), DATA "hostile/%s.rec", hostile[i].name);
		for (int mode = KB_CHECK; mode <= KB_APPLY; mode++) {
			kb_host *host = new_host(f, "h", path);
			kb_plan *plan = kb_plan_new(f->kb);
			add_script(f, plan, host, "hostile.step", "true", NULL);
			kb_status status = play(f, plan, mode);
			if (status != hostile[i].status || !strstr(kbi_buf_text(&f->events), hostile[i].told))
				fail_msg("%s: %s\n%.4000s", hostile[i].name, kb_err_name(status), kbi_buf_text(&f->events));
			check_text(hostile[i].name, &f->events);
			assert_true(f->events.size_bytes < ((size_t)1 << 20));
			kb_plan_free(plan);
			kb_host_free(host);
		}
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(what_fresh_hosts_need_is_told), T(bare_hosts_become_a_cluster), T(a_complete_cluster_stays_as_it_is), T(noise_changes_nothing), T(a_cluster_is_reset),
		T(half_a_control_plane_is_seen_and_mended), T(another_description_is_no_success),
		T(the_recordings_are_of_the_scripts_that_there_are), T(an_edited_script_is_named),
		cmocka_unit_test(no_recording_holds_a_secret_or_a_path_of_the_machine),
		T(hostile_hosts_are_no_success_and_show_no_control_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
