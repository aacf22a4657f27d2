/* SPDX-License-Identifier: Apache-2.0 */
/* A host that is asked one thing over ssh: what the scenarios with a real sshd have in common. */
#ifndef PROBED_H
#define PROBED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

#include <libkb.h>

#define TIMEOUT_MS 8000

struct made {
	kb_ctx *kb;
	kb_host *host;
	kb_step *step;
	char error_id[64];		/* of the last probe; "": it went well */
};

static inline bool
make_probed(struct made *made, const char *uri)
{
	*made = (struct made){.kb = kb_new()};
	if (!made->kb)
		return false;
	made->host = kb_host_new(made->kb, "node-1", uri);
	made->step = kb_step_script(made->kb, "test.probe", "fact output.told yes", NULL);
	return made->host && made->step;
}

static inline void
show_error(const kb_result *result)
{
	kb_err *err = kb_result_error(result);

	fprintf(stderr, "%s\n", kb_err_cause(err));
	for (size_t i = 0; i < kb_err_evidence_count(err); i++)
		fprintf(stderr, "\t%s\n", kb_err_evidence(err, i));
	kb_err_free(err);
}

static inline int
probe(struct made *made)
{
	kb_result *result = kb_check(made->host, made->step, TIMEOUT_MS);
	int status = result ? kb_result_status(result) : fault_code(made->kb);
	kb_bytes *told = kb_result_output(result, "told");

	kb_err *err = kb_result_error(result);
	snprintf(made->error_id, sizeof(made->error_id), "%s", err ? kb_err_id(err) : "");
	kb_err_free(err);
	if (status && getenv("KB_FAULT_SHOW"))
		show_error(result);
	if (status == KB_OK && kb_result_verdict(result) != KB_PRESENT)
		fault_wrong("KB_OK, and the verdict is \"%s\"", kb_verdict_name(kb_result_verdict(result)));
	if (status == KB_OK && !told)
		status = KB_ENOMEM;	/* what the caller would say */
	if (status == KB_OK && strcmp(kb_bytes_data(told), "yes") != 0)
		fault_wrong("KB_OK, and the answer is \"%s\"", (const char *)kb_bytes_data(told));
	kb_bytes_free(told);
	kb_result_free(result);
	return status;
}

static inline void
free_made(struct made *made)
{
	kb_step_free(made->step);
	kb_host_free(made->host);
	kb_free(made->kb);
}

#endif
