/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file libkb.h
 * libkb turns bare Debian and Ubuntu hosts into a Kubernetes cluster with kubeadm, over SSH or on the local machine. The one include.
 *
 * A tour
 * ------
 * Everything is made from a context, and freed by its own *_free (NULL is nothing):
 *
 *     kb_ctx *kb = kb_new();
 *
 * A whole cluster from one file is a plan; a plan is started, and tells what happens as events:
 *
 *     kb_cluster *cluster = kb_cluster_load(kb, "cluster.yaml");
 *     kb_plan *plan = kb_cluster_up(cluster);
 *     kb_plan_start(plan, KB_CHECK, -1);              // a dry run: verdicts and diffs. KB_APPLY makes it so
 *     while (kb_plan_is_running(plan) == 1) {
 *             kb_event *ev;
 *             while ((ev = kb_plan_next_event(plan))) {
 *                     printf("%s %s: %s\n", kb_event_host(ev), kb_event_step(ev), kb_event_text(ev));
 *                     kb_event_free(ev);
 *             }
 *             kb_wait(kb, -1);                        // or kb_fd() in a loop of your own, then kb_dispatch()
 *     }
 *
 * Below that, a plan of one's own (plan.h): steps on hosts, what comes before what, outputs bound to parameters:
 *
 *     kb_host *cp = kb_host_new(kb, "cp-1", "ssh://admin@192.168.1.2");
 *     kb_step *init = kb_step_kubeadm_init(kb);       // steps.h has a constructor for each step
 *     kb_step_set(init, "pod-network-cidr", "172.16.0.0/16");
 *     kb_task *a = kb_plan_add(plan, cp, init), *b = kb_plan_add(plan, worker, join);
 *     kb_plan_bind(plan, b, "ca-cert-hash", a, "ca-cert-hash");
 *
 * Below that, one step on one host (step.h), and wait for it:
 *
 *     kb_result *r = kb_run(cp, init, 300000);        // a failed step is a result; NULL only if it could not start
 *
 * What is missing (a passphrase, a password, a host key) is a question, an event that kb_answer() answers, where the host's setting `ask` allows it.
 * kb/log.h has what the library does, when asked. A run can be recorded, and played without hosts, to test an installer: kb/host.h.
 *
 * And alone, without any host, pure functions on text (text.h): kb_calico_set_pod_cidr(), kb_cidr_overlaps(), kb_token_make()...
 *
 * Rules that hold everywhere
 * --------------------------
 * - A fallible call returns kb_status (0, or a negative code of common.h), or a handle or NULL. Predicates and counts return 0 or more, or
 *   a negative code. The detail is in kb_error().
 * - What goes in is copied. Strings that come out are borrowed, and the comment says until when; kb_bytes and events are owned.
 * - No callbacks, varargs, option structs, out-parameters, globals, signals, output. One thread at a time per context: loop.h.
 * - Every wait has a deadline. An answer that did not come is "unknown", and never leads to a write or to success.
 * - Secrets are set by *_set_secret() only, travel on stdin, are masked wherever something is shown, and wiped when freed.
 * - What is exported never changes its meaning. New in a version is marked "Since".
 */
#ifndef LIBKB_H
#define LIBKB_H

#include <kb/common.h>
#include <kb/error.h>
#include <kb/loop.h>
#include <kb/log.h>
#include <kb/host.h>
#include <kb/step.h>
#include <kb/steps.h>
#include <kb/event.h>
#include <kb/plan.h>
#include <kb/cluster.h>
#include <kb/text.h>

#endif
