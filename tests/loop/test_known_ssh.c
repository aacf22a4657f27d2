/* SPDX-License-Identifier: Apache-2.0 */
/* known_hosts against ssh itself: generated files, each shown to a real ssh that asks a real sshd, and to us. */
#include "long.h"
#include "sshd.h"

#include "base/str.h"
#include "transport/known_hosts.h"

enum { CASES = 520, LONG_CASES = 5000, LINES_MAX = 5 };

static const char *const names[] = {"a.example", "b.example", "[a.example]:2222", "[10.0.0.7]:22022", "10.0.0.7", "x"};

static void
add_patterns(struct kbi_buf *text, unsigned *seed)
{
	static const char *const patterns[] = {
		"*", "*.example", "?.example", "!a.example", "[*]:2222", "[*.example]:*", "a.*", "!*", "10.0.0.*", "![*]:*"};

	for (int i = rand_r(seed) % 3; i >= 0; i--)
		kbi_buf_add_format(text, "%s%s",
			rand_r(seed) % 2 ? names[(size_t)rand_r(seed) % COUNT(names)]
					 : patterns[(size_t)rand_r(seed) % COUNT(patterns)],
			i ? "," : "");
}

/* Keys: the one that the host shows (most often), one of its type that it does not have, its others. */
static void
write_lines(const char *path, char *const *keys, unsigned *seed)
{
	static const char *const markers[] = {"", "", "", "", "", "", "@revoked ", "@cert-authority ", "# "};
	static const int which[] = {0, 0, 0, 0, 1, 1, 2, 3};
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);

	for (int i = rand_r(seed) % LINES_MAX; i > 0; i--) {
		kbi_buf_add(&text, markers[(size_t)rand_r(seed) % COUNT(markers)]);
		add_patterns(&text, seed);
		kbi_buf_add_format(&text, " %s", keys[which[(size_t)rand_r(seed) % COUNT(which)]]);
		if (i > 1 || rand_r(seed) % 2)	/* the last line may have no end */
			kbi_buf_add_char(&text, '\n');
	}
	write_file(path, kbi_buf_text(&text), text.size_bytes, 0600);
	kbi_buf_free(&text);
	if (rand_r(seed) % 5 == 0)
		free(run("ssh-keygen -q -H -f %s >/dev/null 2>&1; rm -f %s.old", path, path));
}

static const char *
our_word(const char *folder, int number, const char *name, const struct kbi_buf *key)
{
	static const char *const words[] = {
		[KBI_KNOWN_NOT] = "unknown", [KBI_KNOWN_SAME] = "trusted", [KBI_KNOWN_OTHER] = "changed",
		[KBI_KNOWN_REVOKED] = "revoked", [KBI_KNOWN_AUTHORITY] = "unknown"};
	struct kbi_known_files files = {0};
	struct kbi_known_host host;
	char path[256];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%.128s/known%c_%d", folder, 'a' + i, number);
		assert_int_equal(kbi_known_files_add(&files, path, NULL), KB_OK);
	}
	kbi_known_hosts_look(
		kbi_buf_text(&files.text), files.text.size_bytes, name, key->data, key->size_bytes, &host);
	kbi_known_files_free(&files);
	/* ssh calls it a change when only keys of other types are known; for us too such a host is not a new one */
	if (host.types && (host.known == KBI_KNOWN_NOT || host.known == KBI_KNOWN_AUTHORITY))
		return "changed";
	return words[host.known];
}

/* One ssh a case, four at a time, with the cheapest key exchange, which ends once the key is trusted; what each said
 * is in said_NUMBER. */
static const char ask_all[] =
	"cd %s && xargs -P 4 -L 1 sh -c 'timeout 60 ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes "
	"-o UpdateHostKeys=no -o GlobalKnownHostsFile=none -o UserKnownHostsFile=\"knowna_$0 knownb_$0\" "
	"-o HostKeyAlgorithms=ssh-ed25519 -o KexAlgorithms=curve25519-sha256 -o PreferredAuthentications=none "
	"-o IdentityFile=none -o HostKeyAlias=\"$1\" -p %d 127.0.0.1 true </dev/null >said_$0 2>&1 || :' <cases";

static const char *
their_word(const char *folder, int number)
{
	static const char *const said[][2] = {
		{"REVOKED HOST KEY", "revoked"},
		{"is revoked", "revoked"},
		{"IDENTIFICATION HAS CHANGED", "changed"},
		{"Host key verification failed", "unknown"},
		{"Permission denied", "trusted"},
	};
	char *text = run("cat %s/said_%d", folder, number);
	const char *word = NULL;

	for (size_t i = 0; i < COUNT(said) && !word; i++)
		if (strstr(text, said[i][0]))
			word = said[i][1];
	if (!word)
		fail_msg("case %d: ssh said: %s", number, text);
	free(text);
	return word;
}

static const char *const key_files[] = {"host_ed25519", "key_ed25519", "host_ecdsa", "host_rsa"};

static void
write_cases(const struct sshd *sshd, int cases, unsigned seed)
{
	struct kbi_buf list = KBI_BUF(KBI_KNOWN_HOSTS_MAX);
	char *keys[COUNT(key_files)], path[256];

	for (size_t i = 0; i < COUNT(keys); i++)
		keys[i] = run("cut -d ' ' -f 1,2 %s/%s.pub | tr -d '\\n'", sshd->folder, key_files[i]);
	for (int i = 0; i < cases; i++) {
		for (int file = 0; file < 2; file++) {
			snprintf(path, sizeof(path), "%.128s/known%c_%d", sshd->folder, 'a' + file, i);
			write_lines(path, keys, &seed);
		}
		kbi_buf_add_format(&list, "%d \"%s\"\n", i, names[(size_t)i % COUNT(names)]);
	}
	write_file(in_folder(sshd, "cases"), kbi_buf_text(&list), list.size_bytes, 0600);
	for (size_t i = 0; i < COUNT(keys); i++)
		free(keys[i]);
	kbi_buf_free(&list);
}

static const char *
compare(const struct sshd *sshd, int number, const struct kbi_buf *key)
{
	const char *name = names[(size_t)number % COUNT(names)];
	const char *ours = our_word(sshd->folder, number, name, key), *theirs = their_word(sshd->folder, number);

	if (strcmp(ours, theirs) != 0) {
		char *text = run("cat %s/knowna_%d; echo ==; cat %s/knownb_%d", sshd->folder, number, sshd->folder, number);
		fail_msg("case %d, %s: ssh says %s, we say %s, of\n%s", number, name, theirs, ours, text);
	}
	return ours;
}

static void
ssh_and_we_trust_the_same(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct kbi_buf key = KBI_BUF(KBI_SIZE_TEXT);
	int cases = is_long_run() ? LONG_CASES : CASES, trusted = 0, refused = 0;

	if (access("/usr/bin/ssh", X_OK) != 0) {
		print_message("skipped: ssh is not installed (Debian: openssh-client)\n");
		skip();
	}
	char *public = run("cut -d ' ' -f 2 %s/host_ed25519.pub | tr -d '\\n'", sshd->folder);
	assert_true(kbi_str_unbase64(&key, public, strlen(public)));
	write_cases(sshd, cases, 1122);
	free(run(ask_all, sshd->folder, sshd->port));
	for (int i = 0; i < cases; i++) {
		const char *word = compare(sshd, i, &key);
		trusted += strcmp(word, "trusted") == 0;
		refused += strcmp(word, "changed") == 0 || strcmp(word, "revoked") == 0;
	}
	print_message("%d cases: %d trusted, %d changed or revoked\n", cases, trusted, refused);
	assert_true(trusted >= 50 && refused >= 50);
	free(public);
	kbi_buf_free(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ssh_and_we_trust_the_same),
	};

	return cmocka_run_group_tests_name("known_ssh", tests, sshd_group, sshd_ungroup);
}
