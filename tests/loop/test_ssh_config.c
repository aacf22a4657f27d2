/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_config, line by line, against ssh -G on generated files, and as a host's settings. */
#include "long.h"
#include "turn.h"

#include <ctype.h>
#include <pwd.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"
#include "transport/ssh_config.h"

static const char *
me(void)
{
	return getpwuid(geteuid())->pw_name;
}

static kb_status
read_text(const char *text, const char *host, struct kbi_map *found, struct kb_err *err)
{
	struct kbi_ssh_config config = {
		.host = host, .local_user = me(), .include = kbi_ssh_config_include, .found = found};

	return kbi_ssh_config_read(&config, "config", text, strlen(text), err);
}

static void
lines_are_read_as_ssh_reads_them(void **state)
{
	static const struct {
		const char *text, *key, *value;
	} cases[] = {
		{"", "user", NULL},
		{"User a", "user", "a"},
		{"user=a\n", "user", "a"},
		{"  USER \t = \"a\"  \r\n", "user", "a"},
		{"User 'a' # comment\n", "user", "a"},
		{"# User a\nUser b\nUser c\n", "user", "b"},
		{"Host other\nUser a\nHost h\nUser b\n", "user", "b"},
		{"Host h !h\nUser a\nHost !x *\nUser b\n", "user", "b"},
		{"Host !x\nUser a\n", "user", NULL},
		{"Host ?\nUser a\n", "user", "a"},
		{"Host H\nUser a\n", "user", NULL},
		{"Match all\nUser a\n", "user", "a"},
		{"Match !all\nUser a\n", "user", NULL},
		{"Match host x,h\nUser a\n", "user", "a"},
		{"HostName z\nMatch host h\nUser a\nMatch host z\nUser b\n", "user", "b"},
		{"HostName %h.z\nMatch host h.z\nUser b\n", "user", "b"},
		{"HostName z\nMatch originalhost h\nUser a\n", "user", "a"},
		{"User u\nMatch user u\nPort 3\n", "port", "3"},
		{"User u\nMatch !user u\nPort 3\n", "port", NULL},
		{"Match final\nUser a\nMatch all\nUser b\n", "user", "b"},
		{"Match final host h\nUser a\n", "user", "a"},
		{"Match host x exec \"touch /nowhere\"\nUser a\n", "user", NULL},
		{"ProxyJump a,b\nProxyJump c\n", "proxyjump", "a,b"},
		{"ProxyCommand x y\nProxyJump c\n", "proxyjump", NULL},
		{"ForwardAgent yes\nNoSuchWord \"\nUser a\n", "user", "a"},
		{"Include /nowhere/*\nUser a\n", "user", "a"},
		{"IdentityFile \"a b\"\n", "identityfile", "a b"},
		{"IdentityFile a\\ b\n", "identityfile", "a b"},
		{"IdentityFile \"a\\\"b\"\n", "identityfile", "a\"b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_map found = {0};
		struct kb_err err = {0};
		if (read_text(cases[i].text, "h", &found, &err))
			fail_msg("%s: %s", cases[i].text, kb_err_cause(&err));
		const char *value = kbi_map_get(&found, cases[i].key);
		if (!kbi_str_is(value, cases[i].value))
			fail_msg("%s: %s", cases[i].text, value ? value : "nothing");
		kbi_map_free(&found);
	}
}

static void
what_cannot_be_read_is_an_error_with_its_line(void **state)
{
	static const struct {
		const char *text, *cause;
		kb_status code;
	} cases[] = {
		{"\nUser \"a\n", "config:2: user: a quote is not closed", KB_EINVAL},
		{"User\n", "config:1: user: without a value", KB_EINVAL},
		{"User a b\n", "config:1: user: one value is wanted", KB_EINVAL},
		{"Port x\n", "config:1: port: not a number from 1 to 65535", KB_EINVAL},
		{"Port 65536\n", "config:1: port: not a number from 1 to 65535", KB_EINVAL},
		{"Host\n", "config:1: host: without a pattern", KB_EINVAL},
		{"Match\n", "config:1: match: without a criterion", KB_EINVAL},
		{"Match host\n", "config:1: match: a criterion without a value", KB_EINVAL},
		{"Match exec \"touch /tmp/x\"\n", "config:1: Match exec: not supported, and nothing was run", KB_EUNSUPPORTED},
		{"Match host h exec true\n", "config:1: Match exec: not supported, and nothing was run", KB_EUNSUPPORTED},
		{"Match !exec true\n", "config:1: Match exec: not supported, and nothing was run", KB_EUNSUPPORTED},
		{"Match localnetwork 10.0.0.0/8\n", "config:1: Match localnetwork: not supported, and nothing was run",
			KB_EUNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_map found = {0};
		struct kb_err err = {0};
		assert_int_equal(read_text(cases[i].text, "h", &found, &err), cases[i].code);
		assert_string_equal(kb_err_cause(&err), cases[i].cause);
		kbi_err_clear(&err);
		kbi_map_free(&found);
	}
}

/* -- against ssh */

static const char *const hosts[] = {"alpha", "beta.example", "gamma", "al", "x1", "10.0.0.7"};

static const char *
pick(const char *const *of, size_t count, unsigned *seed)
{
	return of[(size_t)rand_r(seed) % count];
}
#define PICK(array) pick(array, COUNT(array), seed)

static void
add_keyword(struct kbi_buf *text, const char *keyword, unsigned *seed)
{
	static const char *const separators[] = {" ", " ", " ", "\t", "=", " = ", "  "};
	int how = rand_r(seed) % 3;

	kbi_buf_add(text, rand_r(seed) % 2 ? "  " : "");
	for (; *keyword; keyword++)
		kbi_buf_add_char(text, (char)(how == 0 ? tolower(*keyword) : how == 1 ? toupper(*keyword) : *keyword));
	kbi_buf_add(text, PICK(separators));
}

static void
add_header(struct kbi_buf *text, unsigned *seed)
{
	static const char *const patterns[] = {"*", "al*", "?1", "*.example", "!gamma *", "beta.example gamma", "!al* *a*",
		"alpha", "10.0.0.*", "\"gamma\"", "x1 # nobody else", "!*"};
	static const char *const matches[] = {"all", "host alpha", "host al*,!alpha", "!host *.example", "host *.lan",
		"originalhost x1", "originalhost gamma,x?", "user root", "!user ops", "user ops,dev", "final", "final host *.lan",
		"host gamma originalhost gamma", "localuser root", "!all", "final all"};

	if (rand_r(seed) % 2) {
		add_keyword(text, "Host", seed);
		kbi_buf_add(text, PICK(patterns));
	} else {
		kbi_buf_add(text, "Match ");
		kbi_buf_add(text, PICK(matches));
	}
	kbi_buf_add_char(text, '\n');
}

static void
add_setting(struct kbi_buf *text, const char *folder, unsigned *seed)
{
	static const char *const settings[][6] = {
		{"HostName", "%h.lan", "real.lan", "10.9.8.7", "\"quoted.lan\"", "a%%b"},
		{"User", "ops", "dev", "\"ops\"", "root", "'dev'"},
		{"Port", "22", "2222", "\"2200\"", "1", "65535"},
		{"IdentityFile", "~/.ssh/one", "/keys/%h_%r", "\"/keys/with blank\"", "%d/.ssh/two", "/keys/a\\ b # c"},
		{"ProxyJump", "bastion", "ops@gate:2222,inner", "none", "a,b,c", "ssh://me@gate:22"},
		{"UserKnownHostsFile", "/k/one", "/k/one /k/two", "\"/k/with blank\" /k/three", "/k/four", "/k/five # six"},
		{"ForwardAgent", "no", "yes", "no", "yes", "no"},
		{"ProxyCommand", "none", "nc %h %p", "none", "cat", "none"},
		{"ServerAliveInterval", "5", "6", "7", "8", "9"},
	};
	size_t which = (size_t)rand_r(seed) % (COUNT(settings) + 1);

	if (which == COUNT(settings)) {
		kbi_buf_add_format(text, "Include %s/part%d%s\n", folder, rand_r(seed) % 3, rand_r(seed) % 2 ? "" : "*");
		return;
	}
	add_keyword(text, settings[which][0], seed);
	kbi_buf_add(text, settings[which][1 + rand_r(seed) % 5]);
	kbi_buf_add_char(text, '\n');
}

static void
make_config(const char *folder, const char *name, bool may_include, unsigned *seed)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT), line;
	char path[256];

	for (int i = rand_r(seed) % 14; i >= 0; i--) {
		if (rand_r(seed) % 3 == 0)
			add_header(&text, seed);
		line = KBI_BUF(KBI_SIZE_TEXT);
		add_setting(&line, folder, seed);
		if (may_include || !kbi_str_starts(kbi_buf_text(&line), "Include"))
			kbi_buf_add(&text, kbi_buf_text(&line));
		kbi_buf_free(&line);
		kbi_buf_add(&text, rand_r(seed) % 5 ? "" : "\n# a comment\n");
	}
	snprintf(path, sizeof(path), "%.128s/%.64s", folder, name);
	write_file(path, kbi_buf_text(&text), text.size_bytes, 0600);
	kbi_buf_free(&text);
}

/* Ours, as ssh -G would print it. */
static char *
our_dump(const char *path, const char *host)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_map found = {0};
	struct kb_err err = {0};
	const struct kbi_entry *entry = NULL;
	char *text = run("cat %s", path);
	struct kbi_ssh_config config = {
		.host = host, .local_user = me(), .include = kbi_ssh_config_include, .found = &found};

	if (kbi_ssh_config_read(&config, path, text, strlen(text), &err))
		fail_msg("%s: in\n%s", kb_err_cause(&err), text);
	kbi_buf_add(&out, "hostname ");
	for (const char *at = kbi_map_get_or(&found, "hostname", "%h"); *at; at++) {
		if (at[0] == '%' && at[1] == 'h')
			kbi_buf_add(&out, host);
		else
			kbi_buf_add_char(&out, *at);
		at += *at == '%';
	}
	kbi_buf_add_format(&out, "\nuser %s\nport %s\n", kbi_map_get_or(&found, "user", me()),
		kbi_map_get_or(&found, "port", "22"));
	while ((entry = kbi_map_next(&found, "identityfile", entry)))
		kbi_buf_add_format(&out, "identityfile %s\n", entry->value);
	const char *jump = kbi_map_get_or(&found, "proxyjump", "none");
	if (!kbi_str_is(jump, "none"))
		kbi_buf_add_format(&out, "proxyjump %s\n", jump + (kbi_str_starts(jump, "ssh://") ? 6 : 0));
	if (kbi_map_has(&found, "userknownhostsfile"))
		kbi_buf_add(&out, "userknownhostsfile");
	while ((entry = kbi_map_next(&found, "userknownhostsfile", entry)))
		kbi_buf_add_format(&out, " %s", entry->value);
	kbi_buf_add(&out, kbi_map_has(&found, "userknownhostsfile") ? "\n" : "");
	kbi_map_free(&found);
	free(text);
	return kbi_buf_take(&out);
}

/* In the order of ours, without ssh's defaults of what is a list. */
static char *
their_dump(const char *path, const char *host)
{
	return run("ssh -G -F %s %s </dev/null >%s.out 2>/dev/null; for k in hostname user port identityfile proxyjump userknownhostsfile; do "
		   "sed -n \"/^$k /p\" %s.out; done | grep -vE '^identityfile ~/.ssh/id_|^userknownhostsfile .*known_hosts2'",
		path, host, path, path);
}

static void
generated_files_say_what_they_say_to_ssh(void **state)
{
	enum { FILES = 50, LONG_FILES = 500 };
	char *folder = make_folder(), path[256], *there = run("command -v ssh");
	unsigned seed = 20261122;
	int compared = 0, told = 0;

	(void)state;
	if (!*there) {
		print_message("skipped: ssh is not installed\n");
		skip();
	}
	snprintf(path, sizeof(path), "%.128s/config", folder);
	for (int file = 0; file < (is_long_run() ? LONG_FILES : FILES); file++) {
		make_config(folder, "part0", false, &seed);
		make_config(folder, "part1", true, &seed);
		make_config(folder, "part2", false, &seed);
		make_config(folder, "config", true, &seed);
		free(run("sed -i '/part1/d' %s/part1", folder));
		for (size_t i = 0; i < COUNT(hosts); i++, compared++) {
			char *ours = our_dump(path, hosts[i]), *theirs = their_dump(path, hosts[i]);
			if (strcmp(ours, theirs) != 0) {
				char *all = run("cd %s && for f in config part0 part1 part2; do echo \"== $f\"; cat $f; done; cat config.out | head -3",
					folder);
				fail_msg("%s: ssh says\n%s\nwe say\n%s\nof\n%s", hosts[i], theirs, ours, all);
			}
			told += strchr(strchr(strchr(ours, '\n') + 1, '\n') + 1, '\n')[1] != '\0';
			free(ours);
			free(theirs);
		}
	}
	print_message("%d readings compared, %d with more than a name\n", compared, told);
	assert_true(compared >= 300 && told >= 150);
	free(there);
	remove_folder(folder);
}

static void
a_file_that_includes_itself_ends(void **state)
{
	char *folder = make_folder(), path[256], text[600];
	struct kbi_map settings = {0};
	struct kb_err err = {0};

	(void)state;
	snprintf(path, sizeof(path), "%.128s/config", folder);
	snprintf(text, sizeof(text), "Include %s\nInclude %s\n", path, path);
	write_file(path, text, strlen(text), 0600);
	kbi_map_set(&settings, "address", "h");
	kbi_map_set(&settings, "ssh_config", path);
	assert_int_equal(kbi_ssh_config_settle(&settings, &err), KB_ETOOBIG);
	kbi_err_clear(&err);
	kbi_map_free(&settings);
	remove_folder(folder);
}

static struct kbi_map
settle(const char *path, const char *user, const char *port, kb_status wanted)
{
	struct kbi_map settings = {0};
	struct kb_err err = {0};

	kbi_map_set(&settings, "address", "h");
	kbi_map_set(&settings, "ssh_config", path);
	if (user)
		kbi_map_set(&settings, "user", user);
	if (port)
		kbi_map_set(&settings, "port", port);
	kb_status status = kbi_ssh_config_settle(&settings, &err);
	if (status != wanted)
		fail_msg("%s: %s", kb_err_name(status), kb_err_cause(&err));
	kbi_err_clear(&err);
	return settings;
}

/* As ssh has it: nothing in such a file counts, but that its "Match final" was met */
static void
a_file_that_another_host_includes_asks_for_the_second_reading(void **state)
{
	static const char part[] = "User nobody\nHost *\nPort 7\nMatch exec true\nUser nobody\nMatch final\nUser nobody\n";
	char *folder = make_folder(), path[256], included[256], text[700];

	(void)state;
	snprintf(path, sizeof(path), "%.128s/config", folder);
	snprintf(included, sizeof(included), "%.128s/part", folder);
	write_file(included, part, strlen(part), 0600);
	snprintf(text, sizeof(text), "Host other\nInclude %s\nHost h\nHostName real.lan\nHost real.lan\nUser found\n", included);
	write_file(path, text, strlen(text), 0600);
	struct kbi_map settings = settle(path, NULL, NULL, KB_OK);
	assert_string_equal(kbi_map_get(&settings, "user"), "found");
	assert_string_equal(kbi_map_get_or(&settings, "port", "22"), "22");
	kbi_map_free(&settings);
	remove_folder(folder);
}

static void
it_fills_what_the_caller_did_not_set(void **state)
{
	static const char text[] = "Host h\nHostName %h.lan\nUser ops\nPort 2222\nIdentityFile ~/k_%n_%h_%p_%r\nProxyJump gate\n"
				   "UserKnownHostsFile /a %d/b\n";
	char *folder = make_folder(), path[256];

	(void)state;
	snprintf(path, sizeof(path), "%.128s/config", folder);
	write_file(path, text, strlen(text), 0600);
	struct kbi_map settings = settle(path, NULL, NULL, KB_OK);
	assert_string_equal(kbi_map_get(&settings, "address"), "h.lan");
	assert_string_equal(kbi_map_get(&settings, "user"), "ops");
	assert_string_equal(kbi_map_get(&settings, "port"), "2222");
	assert_string_equal(kbi_map_get(&settings, "jump"), "gate");
	assert_true(kbi_str_ends(kbi_map_get(&settings, "identity"), "/k_h_h.lan_2222_ops"));
	assert_int_equal(kbi_map_count(&settings, "known_hosts"), 2);
	kbi_map_free(&settings);
	settings = settle(path, "me", "7", KB_OK);
	assert_string_equal(kbi_map_get(&settings, "user"), "me");
	assert_string_equal(kbi_map_get(&settings, "port"), "7");
	kbi_map_free(&settings);
	chmod(path, 0622);	/* who else may write it could choose whom we trust */
	settings = settle(path, NULL, NULL, KB_EINVAL);
	kbi_map_free(&settings);
	write_file(path, "ProxyCommand nc %h %p\n", 22, 0600);
	settings = settle(path, NULL, NULL, KB_EUNSUPPORTED);
	kbi_map_free(&settings);
	write_file(path, "IdentityFile ${HOME}/x\n", 23, 0600);
	settings = settle(path, NULL, NULL, KB_EUNSUPPORTED);
	kbi_map_free(&settings);
	settings = settle("/nowhere/config", NULL, NULL, KB_EIO);
	kbi_map_free(&settings);
	remove_folder(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_as_ssh_reads_them),
		cmocka_unit_test(what_cannot_be_read_is_an_error_with_its_line),
		cmocka_unit_test(generated_files_say_what_they_say_to_ssh),
		cmocka_unit_test(a_file_that_includes_itself_ends),
		cmocka_unit_test(a_file_that_another_host_includes_asks_for_the_second_reading),
		cmocka_unit_test(it_fills_what_the_caller_did_not_set),
	};

	return cmocka_run_group_tests_name("ssh_config", tests, NULL, NULL);
}
