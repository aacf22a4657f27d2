/* SPDX-License-Identifier: Apache-2.0 */
#include "session_login.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sh.h"
#include "base/str.h"

#define BOOT_MAX KBI_SIZE_LARGE
#define EVIDENCE_LINES 10

/* Read by the privileged shell before anything else. The blank lines are for an rc file that reads a line of
 * stdin. Every later request is one call, "kbs NUMBER SCRIPT [BYTES OF INPUT] .": cut anywhere, it is either
 * an open quote or lacks its last word, and then nothing of it runs. With "=" for the bytes it runs in this shell
 * itself, else in one beneath it. It is short, because a step costs four of
 * them. The script's facts are its descriptor 3; whatever prints to 1 prints to the log. Input passes a count
 * before the script sees its end: a stream that was cut kills the whole session's process group, instead of
 * giving the script a short file. What the script leaves unread is drained, so that the shell never reads it as
 * commands. */
static const char boot_head[] =
	"\n\n\n"
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C\n"
	"export PATH LC_ALL\n"
	"unset LANG LANGUAGE HISTFILE ENV BASH_ENV CDPATH KUBECONFIG kbs_uid\n"
	"kb_cr='\r'\n"
	"umask 022\n"
	"cd /\n"
	/* the effective one, as id(1) tells it: proc(5); a process less */
	"while read -r kbs_name kbs_real kbs_uid kbs_rest && [ \"$kbs_name\" != Uid: ]; do :; done 2>/dev/null </proc/self/status\n"
	"[ -n \"$kbs_uid\" ] || kbs_uid=$(id -u)\n"
	"kbs_feed() {\n"
	"{ [ \"$(head -c \"$1\" | tee /dev/fd/5 | wc -c)\" -eq \"$1\" ] || kill -9 0; } 5>&1\n"
	"}\n"
	"kbs_eat() {\n"
	"( eval \"set --;$1\" )\n"
	"kbs_status=$?\n"
	"cat >/dev/null\n"
	"return \"$kbs_status\"\n"
	"}\n"
	"kbs_here() {\n"
	"eval \"$1\"\n"
	"}\n"
	"kbs() {\n"
	"case $#:$3:${4-} in\n"
	"3:.:)\n"
	"( eval \"set --;$2\" ) 3>&1 >&2 </dev/null ;;\n"
	"4:=:.)\n"
	"kbs_here \"$2\" 3>&1 >&2 </dev/null ;;\n"
	"4:*:.)\n"
	"kbs_ready \"$1\"\n"
	"kbs_feed \"$3\" | kbs_eat \"$2\" 3>&1 >&2 ;;\n"
	"*)\n"
	"exit 1 ;;\n"
	"esac\n"
	"kbs_mark \"$1\" \"$?\"\n"
	"}\n";

static kb_status
make_boot(struct kbi_login *login, const char *prelude, const struct kbi_nonce *nonce)
{
	struct kbi_buf *boot = &login->boot;

	kbi_buf_add(boot, boot_head);
	kbi_buf_add_format(boot, "kbs_ready() {\nprintf '\\n%s %%s ready\\n' \"$1\"\n}\n", nonce->text);
	kbi_buf_add_format(boot,
		"kbs_mark() {\nprintf '\\n%s %%s %%s\\n' \"$@\"\nprintf '\\n%s %%s %%s\\n' \"$@\" >&2\n}\n",
		nonce->text, nonce->text);
	if (kbi_str_is_set(prelude)) {
		kbi_buf_add(boot, "eval ");
		kbi_sh_quote(boot, prelude, strlen(prelude));
		kbi_buf_add(boot, " >&2 </dev/null\n");
	}
	kbi_buf_add(boot, "kbs_mark 0 \"$kbs_uid\"\n");
	kbi_buf_fit(boot);	/* kept until it is written; many hosts may connect at a time */
	return kbi_buf_failed(boot);
}

/* What sudo prints is not what stands in its command line ("%%" becomes "%"), and what the shell says is not
 * what stands in its own: so a login that traces its commands (set -x) can imitate neither. Each has a nonce
 * of its own, since command lines can be read by all users. */
static kb_status
make_sudo_command(struct kbi_login *login)
{
	struct kbi_nonce prompt, hello;
	const size_t half = KBI_NONCE_BYTES / 2;

	if (!login->may_prompt) {
		kbi_buf_add(&login->command, "exec env LC_ALL=C sudo -n -- /bin/sh");
		return kbi_buf_failed(&login->command);
	}
	if (kbi_nonce_make(&prompt) || kbi_nonce_make(&hello))
		return KB_EIO;
	kbi_buf_add_format(&login->command,
		"exec env LC_ALL=C sudo -S -p '%%%%%s:' -- /bin/sh -c 'echo; echo %.*s\"\"%s; exec /bin/sh'",
		prompt.text, (int)half, hello.text, hello.text + half);
	snprintf(login->prompt, sizeof(login->prompt), "%%%s:", prompt.text);
	snprintf(login->hello, sizeof(login->hello), "\n%s\n", hello.text);
	return kbi_buf_failed(&login->command);
}

bool
kbi_login_is_password(const char *data, size_t size_bytes)
{
	return !memchr(data, '\n', size_bytes) && !memchr(data, '\0', size_bytes);
}

static kb_status
choose_become(struct kbi_login *login, const char *scheme, const struct kbi_map *settings, bool may_ask, struct kb_err *err)
{
	const char *become = kbi_map_get_or(settings, "become", "auto");
	bool is_root = kbi_str_is(scheme, "local")
		? geteuid() == 0
		: kbi_str_is(kbi_map_get_or(settings, "user", "root"), "root");

	if (!kbi_str_is(become, "auto") && !kbi_str_is(become, "sudo") && !kbi_str_is(become, "none"))
		return kbi_fail(err, KB_EINVAL, "become: \"%s\" is not sudo, none or auto", become);
	login->wants_root = !kbi_str_is(become, "none");
	if (kbi_str_is(scheme, "replay"))	/* what was recorded is the shell behind sudo */
		return KB_OK;
	login->has_sudo = kbi_str_is(become, "sudo") || (login->wants_root && !is_root);
	const struct kbi_entry *password = kbi_map_find(settings, "sudo_password");
	bool has_password = password && password->size_bytes;
	login->may_prompt = login->has_sudo && (has_password || may_ask);
	if (login->may_prompt && has_password && !kbi_login_is_password(password->value, password->size_bytes))
		return kbi_fail(err, KB_EINVAL, "sudo_password: holds a newline or a NUL");
	return KB_OK;
}

kb_status
kbi_login_make(struct kbi_login *login, const char *scheme, const struct kbi_map *settings, bool may_ask, const char *prelude,
	       const struct kbi_nonce *nonce, struct kb_err *err)
{
	*login = (struct kbi_login){.command = KBI_BUF(KBI_SIZE_TEXT), .boot = KBI_BUF(BOOT_MAX)};
	kb_status failed = choose_become(login, scheme, settings, may_ask, err);
	if (failed)
		return failed;
	if (login->has_sudo)
		failed = make_sudo_command(login);
	else
		kbi_buf_add(&login->command, "exec /bin/sh");
	if (!failed)
		failed = kbi_buf_failed(&login->command);
	if (!failed)
		failed = make_boot(login, prelude, nonce);
	return failed ? kbi_fail(err, failed, "a shell's first lines cannot be made: %s", kb_err_name(failed))
		      : KB_OK;
}

void
kbi_login_free(struct kbi_login *login)
{
	kbi_buf_free(&login->command);
	kbi_buf_free(&login->boot);
}

kb_status
kbi_login_frame(
	struct kbi_buf *buf, uint64_t number, int64_t input_bytes, bool is_here, const char *script, size_t script_bytes)
{
	kbi_buf_add_format(buf, "kbs %" PRIu64 " ", number);
	kb_status failed = kbi_sh_quote(buf, script, script_bytes);
	if (failed)
		return failed;
	if (input_bytes >= 0)
		kbi_buf_add_format(buf, " %" PRId64, input_bytes);
	kbi_buf_add(buf, is_here ? " = .\n" : " .\n");
	return kbi_buf_failed(buf);
}

/* sudo's own words come untranslated (LC_ALL=C): from plugins/sudoers and src/ of sudo 1.8 and 1.9, and from
 * sudo-rs. Those of the shells are their own. */
static const struct refusal {
	const char *words;
	kb_status code;
	const char *id;
	const char *cause;
	const char *fix;
} refusals[] = {
	{"a password is required", KB_EPRIVILEGE, "privilege.password-required", "sudo wants a password",
		"kb_host_set_secret(host, \"sudo_password\", ...), or a sudoers rule with NOPASSWD"},
	{"interactive authentication is required", KB_EPRIVILEGE, "privilege.password-required",
		"sudo wants a password",
		"kb_host_set_secret(host, \"sudo_password\", ...), or a sudoers rule with NOPASSWD"},
	{"incorrect authentication attempt", KB_EPRIVILEGE, "privilege.password-wrong",
		"sudo did not take the password", "kb_host_set_secret(host, \"sudo_password\", ...)"},
	{"I'm afraid I can't do that", KB_EPRIVILEGE, "privilege.not-allowed",
		"sudoers does not allow the user to run /bin/sh as root", "a sudoers rule for the user"},
	{"incorrect password attempt", KB_EPRIVILEGE, "privilege.password-wrong",
		"sudo did not take the password", "kb_host_set_secret(host, \"sudo_password\", ...)"},
	{"not in the sudoers file", KB_EPRIVILEGE, "privilege.not-allowed", "the user is not in sudoers",
		"a sudoers rule for the user"},
	{"not allowed to", KB_EPRIVILEGE, "privilege.not-allowed",
		"sudoers does not allow the user to run /bin/sh as root", "a sudoers rule for the user"},
	{"may not run sudo", KB_EPRIVILEGE, "privilege.not-allowed",
		"sudoers does not allow the user to run sudo", "a sudoers rule for the user"},
	{"you must have a tty", KB_EPRIVILEGE, "privilege.requiretty",
		"sudoers asks for a terminal (requiretty)", "a sudoers line: Defaults:USER !requiretty"},
	{"no tty present", KB_EPRIVILEGE, "privilege.password-required", "sudo wants a password",
		"kb_host_set_secret(host, \"sudo_password\", ...), or a sudoers rule with NOPASSWD"},
	{"account validation failure", KB_EPRIVILEGE, "privilege.account-locked",
		"sudo says that the account is locked or expired", NULL},
	{"Password change required but no TTY", KB_EPRIVILEGE, "login.password-expired",
		"the login's password has expired, and sshd wants a new one first", "passwd -x, or a new password, on the host"},
	{"Account or password is expired", KB_EPRIVILEGE, "privilege.account-expired",
		"sudo says that the account or its password has expired", NULL},
	{"password expired", KB_EPRIVILEGE, "privilege.account-expired",
		"sudo says that the account or its password has expired", NULL},
	{"account has expired", KB_EPRIVILEGE, "privilege.account-expired",
		"sudo says that the account has expired", NULL},
	{"effective uid is not 0", KB_EPRIVILEGE, "privilege.sudo-broken", "sudo cannot become root there",
		NULL},
	{"syntax error near line", KB_EPRIVILEGE, "privilege.sudo-broken", "sudoers has a syntax error",
		"visudo -c on the host"},
	{"no new privileges", KB_EPRIVILEGE, "privilege.sudo-broken", "sudo may not gain privileges there",
		NULL},
	{"sudo: not found", KB_EPRIVILEGE, "privilege.no-sudo", "there is no sudo",
		"log in as root, or install sudo"},
	{"sudo: command not found", KB_EPRIVILEGE, "privilege.no-sudo", "there is no sudo",
		"log in as root, or install sudo"},
	{"'sudo': No such file", KB_EPRIVILEGE, "privilege.no-sudo", "there is no sudo",
		"log in as root, or install sudo"},
	{"sudo: No such file", KB_EPRIVILEGE, "privilege.no-sudo", "there is no sudo",
		"log in as root, or install sudo"},
	{"account is currently not available", KB_EPRIVILEGE, "login.no-shell",
		"the login has no shell (nologin)", "a user whose shell is a shell"},
	{"exec: restricted", KB_EPRIVILEGE, "login.restricted-shell", "the login's shell is a restricted one",
		"a user whose shell is not restricted"},
	{"restricted: cannot", KB_EPRIVILEGE, "login.restricted-shell",
		"the login's shell is a restricted one", "a user whose shell is not restricted"},
};

static const struct refusal ends[] = {
	[KBI_LOGIN_ENDED] = {NULL, KB_EPROTOCOL, "login.ended", "the login ended before a shell answered",
		NULL},
	[KBI_LOGIN_LATE] = {NULL, KB_EPROTOCOL, "login.no-answer", "logged in, but no shell answered in time",
		NULL},
	[KBI_LOGIN_REFUSED] = {NULL, KB_EPRIVILEGE, "privilege.password-wrong",
		"sudo did not take the password", "kb_host_set_secret(host, \"sudo_password\", ...)"},
	[KBI_LOGIN_NOT_ROOT] = {NULL, KB_EPRIVILEGE, "privilege.not-root", "the shell is not root's",
		"kb_host_set(host, \"become\", \"sudo\"), or none to go on as that user"},
};

static const struct refusal silent = {
	NULL, KB_ETIMEOUT, "login.no-answer", "logged in, but nothing answered in time", NULL};

static const struct refusal *
find_refusal(const struct kbi_login *login, enum kbi_login_end end, const char *out, const char *error)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		bool is_of_sudo = kbi_str_starts(refusals[i].id, "privilege.");
		if (is_of_sudo && !login->has_sudo)
			continue;
		if (strstr(error, refusals[i].words) || (!is_of_sudo && strstr(out, refusals[i].words)))
			return &refusals[i];
	}
	return end == KBI_LOGIN_LATE && !*out && !*error ? &silent : &ends[end];
}

bool
kbi_login_is_expired(const char *error)
{
	return strstr(error, "sudo: Account or password is expired") != NULL;
}

kb_status
kbi_login_explain(const struct kbi_login *login, enum kbi_login_end end, const char *host, const char *out,
	const char *error, struct kb_err *err)
{
	bool is_certain = end == KBI_LOGIN_REFUSED || end == KBI_LOGIN_NOT_ROOT;
	const struct refusal *why = is_certain ? &ends[end] : find_refusal(login, end, out, error);

	kbi_fail(err, why->code, "%s: %s%s: %s", host, "become root", login->has_sudo ? " by sudo" : "",
		why->cause);
	kbi_err_id(err, why->id);
	kbi_err_evidence_lines(err, error, EVIDENCE_LINES);
	kbi_err_evidence_lines(err, out, EVIDENCE_LINES);
	if (why->fix)
		kbi_err_fix(err, "%s", why->fix);
	kbi_err_where(err, host, NULL);
	return why->code;
}
