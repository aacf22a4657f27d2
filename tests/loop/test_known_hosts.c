/* SPDX-License-Identifier: Apache-2.0 */
/* known_hosts, line by line, and against ssh-keygen on generated files. */
#include "turn.h"

#include <sys/wait.h>

#include "base/str.h"
#include "transport/known_hosts.h"
#include "transport/wire.h"

/* Keys that are well formed, and of no use. */
static void
make_blob(struct kbi_buf *blob, const char *type, char fill)
{
	char bytes[32];

	*blob = KBI_BUF((size_t)4096);
	memset(bytes, fill, sizeof(bytes));
	kbi_wire_add_text(blob, type);
	kbi_wire_add_string(blob, bytes, sizeof(bytes));
}

static void
add_key(struct kbi_buf *text, const char *type, char fill)
{
	struct kbi_buf blob;

	make_blob(&blob, type, fill);
	kbi_buf_add_format(text, "%s ", type);
	kbi_str_base64(text, blob.data, blob.size_bytes);
	kbi_buf_free(&blob);
}

/* A line pattern: $E and $F are two Ed25519 keys, $R an RSA key, $C one of ECDSA. */
static void
expand(struct kbi_buf *text, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern != '$' || !pattern[1]) {
			kbi_buf_add_char(text, *pattern);
			continue;
		}
		char key = *++pattern;
		add_key(text, key == 'R' ? "ssh-rsa" : key == 'C' ? "ecdsa-sha2-nistp256" : "ssh-ed25519", key);
	}
}

static struct kbi_known_host
look(const char *pattern, const char *address, int port, char key)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT), name = KBI_BUF(KBI_SIZE_TEXT), blob;
	struct kbi_known_host host;

	expand(&text, pattern);
	kbi_known_hosts_name(&name, address, port);
	make_blob(&blob, key == 'R' ? "ssh-rsa" : key == 'C' ? "ecdsa-sha2-nistp256" : "ssh-ed25519", key);
	kbi_known_hosts_look(
		kbi_buf_text(&text), text.size_bytes, kbi_buf_text(&name), blob.data, blob.size_bytes, &host);
	kbi_buf_free(&text);
	kbi_buf_free(&name);
	kbi_buf_free(&blob);
	return host;
}

static void
lines_are_read_as_ssh_reads_them(void **state)
{
	static const struct {
		const char *text;
		const char *address;
		int port;
		enum kbi_known known;
		size_t line;
	} cases[] = {
		{"", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"a.example $E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		/* no newline at the end */
		{"a.example $E", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"a.example $E\r\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"# a.example $E\n\n   \na.example $E comment with words\n", "a.example", 22, KBI_KNOWN_SAME,
			4},
		{"  a.example   $E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"a.example\t$E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"A.Example $E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"a.example $E\n", "A.EXAMPLE", 22, KBI_KNOWN_SAME, 1},
		{"a.example $E\n", "a.example.org", 22, KBI_KNOWN_NOT, 0},
		{"a.example $E\n", "a.example", 2222, KBI_KNOWN_NOT, 0},
		{"[a.example]:2222 $E\n", "a.example", 2222, KBI_KNOWN_SAME, 1},
		{"[a.example]:2222 $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"[a.example]:22 $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"[::1]:2222 $E\n", "::1", 2222, KBI_KNOWN_SAME, 1},
		{"::1 $E\n", "::1", 22, KBI_KNOWN_SAME, 1},
		{"b,a.example,c $E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"*.example $E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"?.example $E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"[*]:2222 $E\n", "a.example", 2222, KBI_KNOWN_SAME, 1},
		{"* $E\n", "a.example", 2222, KBI_KNOWN_SAME, 1},
		{"*.example,!a.example $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"!a.example,* $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"!b.example,* $E\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		/* nothing but a negation matches nobody */
		{"!b.example $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"a.example $F\n", "a.example", 22, KBI_KNOWN_OTHER, 1},
		{"a.example $R\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"a.example $R\na.example $C\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		/* a host may have several */
		{"a.example $F\na.example $E\n", "a.example", 22, KBI_KNOWN_SAME, 2},
		{"a.example $E\na.example $F\n", "a.example", 22, KBI_KNOWN_SAME, 1},
		{"a.example $E\n@revoked * $E\n", "a.example", 22, KBI_KNOWN_REVOKED, 2},
		{"@revoked * $E\na.example $E\n", "a.example", 22, KBI_KNOWN_REVOKED, 1},
		{"@revoked b.example $E\na.example $E\n", "a.example", 22, KBI_KNOWN_SAME, 2},
		{"@revoked a.example $F\na.example $E\n", "a.example", 22, KBI_KNOWN_SAME, 2},
		{"@cert-authority *.example $F\n", "a.example", 22, KBI_KNOWN_AUTHORITY, 1},
		/* an authority's key is not a host's */
		{"@cert-authority *.example $E\n", "a.example", 22, KBI_KNOWN_AUTHORITY, 1},
		{"@cert-authority *.example $F\na.example $E\n", "a.example", 22, KBI_KNOWN_SAME, 2},
		{"@cert-authority *.example $F\na.example $F\n", "a.example", 22, KBI_KNOWN_OTHER, 2},
		{"@nonsense a.example $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"@revoked @cert-authority a.example $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"@revoked\n@cert-authority\na.example\na.example ssh-ed25519\n", "a.example", 22,
			KBI_KNOWN_NOT, 0},
		{"a.example ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIEVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVF\n",
			"a.example", 22, KBI_KNOWN_NOT, 0},
		{"a.example ssh-ed25519 !!!!\na.example ssh-ed25519 AAAA\n", "a.example", 22, KBI_KNOWN_NOT,
			0},
		{"a.example 1024 35 123456789\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{"|1|x|y $E\n|1| $E\n|1 $E\n| $E\n|2|a|b $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
		{",,, $E\n", "a.example", 22, KBI_KNOWN_NOT, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_known_host host = look(cases[i].text, cases[i].address, cases[i].port, 'E');
		if (host.known != cases[i].known || host.line != cases[i].line)
			fail_msg("case %zu: \"%s\": %d on line %zu", i, cases[i].text, (int)host.known,
				host.line);
	}
}

static void
the_types_of_a_name_are_counted(void **state)
{
	(void)state;
	assert_int_equal(
		look("a $R\nb $E\n*,!b $C\n@revoked a $F\n@cert-authority a $F\n", "a", 22, 'E').types,
		KBI_KEY_RSA | KBI_KEY_ECDSA256);
	assert_int_equal(look("a $R\nb $E\n", "c", 22, 'E').types, 0);
}

static void
the_other_key_is_shown_by_its_fingerprint(void **state)
{
	struct kbi_known_host host = look("a $F\n", "a", 22, 'E'), other = look("a $F\n", "a", 22, 'F');

	(void)state;
	assert_true(kbi_is_fingerprint(host.fingerprint));
	assert_string_equal(other.fingerprint, "");
}

static void
fingerprints_are_those_of_ssh_keygen(void **state)
{
	char *folder = make_folder(), out[KBI_FINGERPRINT_BYTES], type[KBI_FINGERPRINT_BYTES];
	struct kbi_buf blob = KBI_BUF((size_t)4096);

	(void)state;
	char *public = run("ssh-keygen -q -t ecdsa -N '' -f %s/k && cut -d ' ' -f 2 %s/k.pub", folder, folder);
	if (!*public) {
		print_message("skipped: ssh-keygen is not installed\n");
		skip();
	}
	char *want = run("ssh-keygen -lf %s/k.pub | cut -d ' ' -f 2 | tr -d '\\n'", folder);
	assert_true(kbi_str_unbase64(&blob, public, strlen(public)));
	kbi_fingerprint(blob.data, blob.size_bytes, out);
	assert_string_equal(out, want);
	assert_string_equal(kbi_key_type_name(blob.data, blob.size_bytes, type), "ecdsa-sha2-nistp256");
	assert_true(kbi_is_fingerprint(out));
	free(public);
	free(want);
	kbi_buf_free(&blob);
	remove_folder(folder);
}

static const char *const names[] = {
	"a.example", "b.example", "c.sub.example", "10.0.0.7", "::1", "fe80::2", "UPPER.example", "x"};
static const int ports[] = {22, 2222, 22222};

static void
add_pattern(struct kbi_buf *text, unsigned *seed)
{
	static const char *const patterns[] = {
		"*",
		"*.example",
		"?.example",
		"!a.example",
		"!*.sub.example",
		"10.0.0.*",
		"[*]:2222",
		"[*.example]:*",
		"![b.example]:2222",
		"a.*",
		"*example",
		"!*",
		"x?",
		"?",
		"[::1]:2222",
		"[fe80::*]:2222",
	};
	const char *name = names[(size_t)rand_r(seed) % COUNT(names)];

	switch (rand_r(seed) % 4) {
	case 0:
		kbi_buf_add(text, patterns[(size_t)rand_r(seed) % COUNT(patterns)]);
		break;
	case 1:
		kbi_buf_add_format(text, "[%s]:%d", name, ports[(size_t)rand_r(seed) % COUNT(ports)]);
		break;
	default:
		kbi_buf_add(text, name);
	}
}

/* One key a line, numbered, so that what ssh-keygen -F prints tells which lines it took. */
static void
add_line(struct kbi_buf *text, unsigned *seed, int number)
{
	static const char *const markers[] = {"", "", "", "", "", "@revoked ", "@cert-authority "};

	kbi_buf_add(text, rand_r(seed) % 9 == 0 ? "  " : "");
	kbi_buf_add(text, markers[(size_t)rand_r(seed) % COUNT(markers)]);
	for (int i = rand_r(seed) % 3; i >= 0; i--) {
		add_pattern(text, seed);
		kbi_buf_add(text, i ? "," : "");
	}
	kbi_buf_add(text, rand_r(seed) % 5 == 0 ? "\t " : " ");
	add_key(text, "ssh-ed25519", (char)number);
	kbi_buf_add(text, rand_r(seed) % 4 == 0 ? " a comment\n" : "\n");
}

/* The numbers of the lines that match, each looked at alone with its own key: one line can hide behind
 * another. */
static char *
our_lines(const struct kbi_buf *text, const char *name)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);
	const char *end = text->data + text->size_bytes, *next = text->data, *line;
	size_t line_bytes;

	for (int number = 1; (next = kbi_str_line(next, end, &line, &line_bytes)); number++) {
		const char *key = memmem(line, line_bytes, " AAAA", 5);
		struct kbi_buf blob = KBI_BUF((size_t)4096);
		struct kbi_known_host host;
		assert_non_null(key);
		assert_true(kbi_str_unbase64(&blob, key + 1, strcspn(key + 1, " \n")));
		kbi_known_hosts_look(line, line_bytes, name, blob.data, blob.size_bytes, &host);
		if (host.known != KBI_KNOWN_NOT)
			kbi_buf_add_format(&out, "%d\n", number);
		kbi_buf_free(&blob);
	}
	return kbi_buf_take(&out);
}

/* True when there was a match to agree on. */
static bool
compare(const struct kbi_buf *text, const char *path, const char *address, int port)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	kbi_known_hosts_name(&name, address, port);
	char *ours = our_lines(text, kbi_buf_text(&name));
	char *theirs = run("ssh-keygen -F '%s' -f %s 2>/dev/null | sed -n 's/^# Host .* found: line "
			   "\\([0-9]*\\).*/\\1/p'",
		kbi_buf_text(&name), path);
	if (strcmp(theirs, ours))
		fail_msg("%s: ssh-keygen has lines\n%s, we have\n%s, in\n%s", kbi_buf_text(&name), theirs,
			ours, kbi_buf_text(text));
	bool has_match = *theirs != '\0';
	free(ours);
	free(theirs);
	kbi_buf_free(&name);
	return has_match;
}

static void
make_file(struct kbi_buf *text, const char *path, unsigned *seed, bool is_hashed)
{
	*text = KBI_BUF(KBI_SIZE_TEXT);
	for (int i = 1; i <= 20; i++)
		add_line(text, seed, i);
	write_file(path, kbi_buf_text(text), text->size_bytes, 0600);
	if (!is_hashed)
		return;
	/* the plain names, not the patterns */
	char *hashed = run("ssh-keygen -q -H -f %s >/dev/null 2>&1; cat %s; rm -f %s.old", path, path, path);
	kbi_buf_truncate(text, 0);
	kbi_buf_add(text, hashed);
	free(hashed);
}

static void
generated_files_match_as_with_ssh_keygen(void **state)
{
	char *folder = make_folder(), path[128], *there = run("command -v ssh-keygen");
	unsigned seed = 20261122;
	int compared = 0, matched = 0;
	struct kbi_buf text;

	(void)state;
	if (!*there) {
		print_message("skipped: ssh-keygen is not installed\n");
		skip();
	}
	snprintf(path, sizeof(path), "%.64s/known_hosts", folder);
	for (int file = 0; file < 24; file++) {
		make_file(&text, path, &seed, file % 2);
		for (size_t i = 0; i < COUNT(names) * COUNT(ports); i++, compared++)
			matched += compare(&text, path, names[i / COUNT(ports)], ports[i % COUNT(ports)]);
		kbi_buf_free(&text);
	}
	print_message("%d look-ups compared, %d with matches\n", compared, matched);
	assert_true(compared >= 500 && matched >= 100);
	free(there);
	remove_folder(folder);
}

static void
a_large_file_is_looked_through_quickly(void **state)
{
	struct kbi_buf text = KBI_BUF(KBI_KNOWN_HOSTS_MAX);
	struct kbi_known_host host;
	int lines = 0;

	(void)state;
	while (!kbi_buf_failed(&text) && text.size_bytes < KBI_KNOWN_HOSTS_MAX - 4096) {
		kbi_buf_add_format(&text, "host-%d.example,10.0.%d.%d ", lines, lines / 256 % 256, lines % 256);
		add_key(&text, "ssh-ed25519", 'E');
		kbi_buf_add_char(&text, '\n');
		lines++;
	}
	clock_t start = clock();
	kbi_known_hosts_look(text.data, text.size_bytes, "none.example", "", 0, &host);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 3.0);
	assert_int_equal(host.known, KBI_KNOWN_NOT);
	kbi_buf_free(&text);
}

static void
patterns_made_to_be_slow_are_not(void **state)
{
	struct kbi_buf text = KBI_BUF(KBI_KNOWN_HOSTS_MAX);
	struct kbi_known_host host;

	(void)state;
	for (int i = 0; i < 100000; i++)
		kbi_buf_add(&text, "*a");
	kbi_buf_add(&text, "b ");
	add_key(&text, "ssh-ed25519", 'E');
	clock_t start = clock();
	kbi_known_hosts_look(text.data, text.size_bytes,
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", 0, &host);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 0.5);
	kbi_buf_free(&text);
}

static void
added_lines_are_whole_and_in_one_piece(void **state)
{
	char *folder = make_folder(), path[128];
	struct kbi_buf blob, text = KBI_BUF(KBI_KNOWN_HOSTS_MAX);
	struct kbi_known_host host;

	(void)state;
	snprintf(path, sizeof(path), "%.64s/new/known_hosts", folder);
	make_blob(&blob, "ssh-ed25519", 'E');
	assert_int_equal(
		kbi_known_hosts_add(path, "[a.example]:2222", blob.data, blob.size_bytes, NULL), KB_OK);
	assert_int_equal(kbi_known_hosts_add(path, "b.example", blob.data, blob.size_bytes, NULL), KB_OK);
	assert_int_equal(kbi_known_hosts_read(path, &text, NULL), KB_OK);
	kbi_known_hosts_look(text.data, text.size_bytes, "b.example", blob.data, blob.size_bytes, &host);
	assert_int_equal(host.known, KBI_KNOWN_SAME);
	assert_int_equal(host.line, 2);
	kbi_known_hosts_look(text.data, text.size_bytes, "[a.example]:2222", blob.data, blob.size_bytes, &host);
	assert_int_equal(host.line, 1);
	kbi_buf_free(&blob);
	kbi_buf_free(&text);
	remove_folder(folder);
}

enum { WRITERS = 2, ADDED = 200 };

static void
add_many(const char *path, int writer, const struct kbi_buf *blob)
{
	char name[64];

	for (int i = 0; i < ADDED; i++) {
		snprintf(name, sizeof(name), "host-%d-%d.example", writer, i);
		if (kbi_known_hosts_add(path, name, blob->data, blob->size_bytes, NULL))
			_exit(1);
	}
	_exit(0);
}

/* Each process adds its own hosts to a file whose last line has no end. */
static void
two_processes_that_add_lose_no_line(void **state)
{
	char *folder = make_folder(), path[128], name[64];
	struct kbi_buf blob, text = KBI_BUF(KBI_KNOWN_HOSTS_MAX);
	struct kbi_known_host host;
	pid_t pids[WRITERS];

	(void)state;
	snprintf(path, sizeof(path), "%.64s/known_hosts", folder);
	write_file(path, "# mine", 6, 0600);
	make_blob(&blob, "ssh-ed25519", 'E');
	for (int i = 0; i < WRITERS; i++)
		if ((pids[i] = fork()) == 0)
			add_many(path, i, &blob);
	for (int i = 0, status; i < WRITERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(kbi_known_hosts_read(path, &text, NULL), KB_OK);
	assert_memory_equal(kbi_buf_text(&text), "# mine\n", 7);
	for (int i = 0; i < WRITERS * ADDED; i++) {
		snprintf(name, sizeof(name), "host-%d-%d.example", i % WRITERS, i / WRITERS);
		kbi_known_hosts_look(kbi_buf_text(&text), text.size_bytes, name, blob.data, blob.size_bytes, &host);
		assert_int_equal(host.known, KBI_KNOWN_SAME);
	}
	kbi_buf_free(&blob);
	kbi_buf_free(&text);
	remove_folder(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_as_ssh_reads_them),
		cmocka_unit_test(the_types_of_a_name_are_counted),
		cmocka_unit_test(the_other_key_is_shown_by_its_fingerprint),
		cmocka_unit_test(fingerprints_are_those_of_ssh_keygen),
		cmocka_unit_test(generated_files_match_as_with_ssh_keygen),
		cmocka_unit_test(a_large_file_is_looked_through_quickly),
		cmocka_unit_test(patterns_made_to_be_slow_are_not),
		cmocka_unit_test(added_lines_are_whole_and_in_one_piece),
		cmocka_unit_test(two_processes_that_add_lose_no_line),
	};

	return cmocka_run_group_tests_name("known_hosts", tests, NULL, NULL);
}
