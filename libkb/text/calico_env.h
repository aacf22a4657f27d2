/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of the calico-node container in calico.yaml, which holds some of them in comments. */
#ifndef KBI_CALICO_ENV_H
#define KBI_CALICO_ENV_H

#include "text/manifest.h"

struct kbi_calico_env {
	struct kbi_manifest *m;
	const struct kbi_yaml_node *list;	/* NULL: there is no such container */
};

kb_status kbi_calico_env_find(struct kbi_calico_env *env, struct kbi_manifest *m);
const struct kbi_yaml_node *kbi_calico_env_value(const struct kbi_calico_env *env, const char *name);	/* NULL when it is not set */
/* Replaces its value; or takes it out of its comment; or adds it behind the last one. */
kb_status kbi_calico_env_set(struct kbi_calico_env *env, const char *name, const char *value);

#endif
