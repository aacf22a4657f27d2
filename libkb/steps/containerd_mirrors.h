/* SPDX-License-Identifier: Apache-2.0 */
/* Mirrors of image registries: one hosts.toml a registry (containerd, docs/hosts.md), from parameters of "REGISTRY=URL". */
#ifndef KBI_CONTAINERD_MIRRORS_H
#define KBI_CONTAINERD_MIRRORS_H

#include "steps/step.h"

kb_status kbi_containerd_check_mirror(const char *text, struct kb_err *err);
/* The files that differ become changes, and want_mirrors: lines of "REGISTRY BASE64". */
void kbi_containerd_judge_mirrors(struct kbi_judge *judge);

#endif
