/* SPDX-License-Identifier: Apache-2.0 */
/* raw check|apply LAB NAME ADDRESS STEP [PARAMETER=VALUE...]: one step of the library as a caller of raw steps would run it. Prints verdict, and of an
 * error code, id, cause, evidence and fix, a line each. Exits 0 when it ended well, 1 when not, 2 for bad arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkb.h>

static void
print_error(kb_err *err)
{
	printf("code %s\nid %s\ncause %s\nfix %s\n", kb_err_name(kb_err_code(err)), kb_err_id(err), kb_err_cause(err), kb_err_fix(err));
	for (size_t i = 0; i < kb_err_evidence_count(err); i++)
		printf("evidence %s\n", kb_err_evidence(err, i));
}

static int
complain(kb_ctx *kb)	/* it could not even be started */
{
	kb_err *err = kb_error(kb);
	print_error(err);
	kb_err_free(err);
	return 2;
}

static kb_host *
make_host(kb_ctx *kb, const char *lab, const char *name, const char *address)
{
	char text[512];
	snprintf(text, sizeof(text), "ssh://vagrant@%s", address);
	kb_host *host = kb_host_new(kb, name, text);
	snprintf(text, sizeof(text), "%s/id", lab);
	kb_host_set(host, "identity", text);
	snprintf(text, sizeof(text), "%s/known_hosts", lab);
	kb_host_set(host, "known_hosts", text);
	return host;
}

static kb_status
set_all(kb_step *step, int count, char **params)
{
	kb_status status = KB_OK;
	for (int i = 0; !status && i < count; i++) {
		char *value = strchr(params[i], '=');
		if (!value)
			return KB_EINVAL;
		*value++ = '\0';
		status = kb_step_param_is_list(kb_step_name(step), params[i]) == 1 ? kb_step_add(step, params[i], value) :
			kb_step_set(step, params[i], value);
	}
	return status;
}

int
main(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	kb_ctx *kb = kb_new();
	kb_host *host = make_host(kb, argv[2], argv[3], argv[4]);
	kb_step *step = kb_step_new(kb, argv[5]);
	if (!host || !step || set_all(step, argc - 6, argv + 6))
		return complain(kb);
	kb_result *r = strcmp(argv[1], "apply") == 0 ? kb_run(host, step, 600000) : kb_check(host, step, 600000);
	if (!r)
		return complain(kb);
	int failed = kb_result_status(r) != KB_OK;
	printf("verdict %s\n", kb_verdict_name(kb_result_verdict(r)));
	kb_err *err = kb_result_error(r);
	if (err)
		print_error(err);
	kb_err_free(err);
	kb_result_free(r);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	return failed;
}
