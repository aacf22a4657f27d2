/* SPDX-License-Identifier: Apache-2.0 */
/* libkb's object model, for SWIG: the same for every language, and without typemaps, which are python/kb_python.i and go/internal/ckb/ckb.i.
 * Those say before %include what each of the types below becomes; the prototypes are those of include/kb, where they are explained.
 * A method without a body calls kb_CLASS_METHOD(self, ...). A method that is const may be called while another thread is inside.
 * What a language says first: handle.h, which also explains the result types; the typemaps; KB_FUNCTION_NAME, a pattern of %rename.
 */
%include <stdint.i>
/* Types, codes, kinds, verdicts and modes are those of the headers; functions are declared below. */
%rename("$ignore", %$isfunction) "";
%include <kb/common.h>
%include <kb/error.h>
%include <kb/log.h>
%include <kb/host.h>
%include <kb/step.h>
%include <kb/event.h>
%include <kb/plan.h>
%include <kb/cluster.h>
%rename(KB_FUNCTION_NAME, %$isfunction) "";
typedef int64_t kb_number;
typedef int kb_bare;

%define %opaque(TYPE)
%nodefaultctor TYPE;
%nodefaultdtor TYPE;
struct TYPE {};
%enddef
%opaque(kb_ctx) %opaque(kb_host) %opaque(kb_step) %opaque(kb_plan) %opaque(kb_task) %opaque(kb_cluster)
%opaque(kb_event) %opaque(kb_result) %opaque(kb_log_entry)

/* common.h */
const char *kb_version(void);
const char *kb_err_name(kb_bare code);

/* loop.h, error.h */
%newobject kb_new;
kb_ctx *kb_new(void);
%extend kb_ctx {
	kb_bare fd() const { return kb_fd((kb_ctx *)$self); }
	kb_bare cancel(int64_t run) const { return kb_cancel((kb_ctx *)$self, run); }
	kb_status dispatch() { return kb_dispatch($self); }
	kb_number wait(int64_t timeout_ms) { return kb_wait($self, timeout_ms); }
	kb_err *error() { return kb_error($self); }
	kb_status answer(int64_t question, const void *secret, size_t size_bytes) { return kb_answer($self, question, secret, size_bytes); }
}

/* log.h */
const char *kb_log_level_name(int level);
%newobject kb_ctx::log_next;
%extend kb_ctx {
	kb_status log_set_level(int level) { return kb_log_set_level($self, level); }
	kb_number log_level() const { return kb_log_level($self); }
	kb_status log_set_size(size_t size_bytes) { return kb_log_set_size($self, size_bytes); }
	kb_log_entry *log_next() { return kb_log_next($self); }
	kb_number log_dropped() const { return kb_log_dropped($self); }
}
%extend kb_log_entry {
	int64_t time_ms() const;
	int level() const;
	const char *host() const;
	const char *text() const;
	~kb_log_entry() { kb_log_entry_free($self); }
}

/* host.h */
%newobject kb_host_new;
kb_host *kb_host_new(kb_ctx *kb, const char *name, const char *uri);
%newobject kb_host::run;
%newobject kb_host::check;
%extend kb_host {
	kb_status set(const char *key, const kb_opt *value);
	kb_status set_secret(const char *key, const void *secret, size_t size_bytes);
	kb_status set_jump(kb_host *jump);
	const char *name() const;
	const char *get(const char *key) const;
	static const char *key(size_t index);
	kb_result *run(kb_step *step, int64_t timeout_ms) { return kb_run($self, step, timeout_ms); }
	kb_result *check(kb_step *step, int64_t timeout_ms) { return kb_check($self, step, timeout_ms); }
}

/* step.h */
%newobject kb_step_new;
kb_step *kb_step_new(kb_ctx *kb, const char *name);
%newobject kb_step_script;
kb_step *kb_step_script(kb_ctx *kb, const char *name, const char *probe, const kb_opt *apply);
%extend kb_step {
	kb_status set(const char *name, const kb_opt *value);
	kb_status add(const char *name, const char *value);
	kb_status set_secret(const char *name, const void *secret, size_t size_bytes);
	const char *name() const;
}
const char *kb_verdict_name(int verdict);
const char *kb_step_def_name(size_t index);
const char *kb_step_def_summary(const char *step);
const char *kb_step_param_name(const char *step, size_t index);
const char *kb_step_param_doc(const char *step, const char *param);
const char *kb_step_param_default(const char *step, const char *param);
kb_bare kb_step_param_is_list(const char *step, const char *param);
kb_bare kb_step_param_is_required(const char *step, const char *param);
kb_bare kb_step_param_is_secret(const char *step, const char *param);
const char *kb_step_output_name(const char *step, size_t index);
const char *kb_step_output_doc(const char *step, const char *output);
%extend kb_result {
	int status() const;
	int verdict() const;
	int is_changed() const;
	int exit_status() const;
	int64_t duration_ms() const;
	const char *diff() const;
	const char *log() const;
	kb_found *output(const char *name) const;
	kb_err *error() const;
	~kb_result() { kb_result_free($self); }
}

/* event.h */
const char *kb_event_kind_name(int kind);
%extend kb_event {
	int kind() const;
	int64_t run() const;
	int64_t time_ms() const;
	const char *host() const;
	const char *step() const;
	int64_t task() const;
	int64_t total() const;
	int status() const;
	int verdict() const;
	int is_changed() const;
	int is_skipped() const;
	int64_t duration_ms() const;
	int exit_status() const;
	const char *text() const;
	const char *id() const;
	int severity() const;
	const char *log() const;
	const char *diff() const;
	const char *journal() const;
	int64_t question() const;
	const char *subject() const;
	int attempt() const;
	size_t change_count() const;
	const char *change_kind(size_t index) const;
	const char *change_name(size_t index) const;
	kb_found *change_before(size_t index) const;
	kb_found *change_after(size_t index) const;
	kb_err *error() const;
	kb_found *json() const;
	~kb_event() { kb_event_free($self); }
}

/* plan.h */
%newobject kb_plan_new;
kb_plan *kb_plan_new(kb_ctx *kb);
%newobject kb_plan::add;
%newobject kb_plan::task;
%newobject kb_plan::next_event;
%extend kb_plan {
	kb_task *add(kb_host *host, kb_step *step);
	kb_status after(kb_task *task, kb_task *before);
	kb_status bind(kb_task *task, const char *param, kb_task *from, const char *output);
	kb_status barrier();
	size_t task_count() const;
	kb_task *task(size_t index) const;
	kb_status only(const char *pattern);
	kb_status skip(const char *pattern);
	kb_number start(int mode, int64_t timeout_ms);
	kb_event *next_event();
	kb_number is_running();
}
%extend kb_task {
	kb_status set_on_demand();
	kb_status set_wave(const kb_opt *group, int limit);
	const char *step() const;
	const char *host() const;
	kb_found *output(const char *name) const;
}

/* cluster.h */
%newobject kb_cluster_new;
kb_cluster *kb_cluster_new(kb_ctx *kb);
%newobject kb_cluster_load;
kb_cluster *kb_cluster_load(kb_ctx *kb, const char *path);
%newobject kb_cluster_parse;
kb_cluster *kb_cluster_parse(kb_ctx *kb, const char *name, const kb_opt *folder, const void *data, size_t size_bytes);
%newobject kb_cluster::up;
%newobject kb_cluster::reset;
%newobject kb_cluster::status;
%extend kb_cluster {
	kb_status set(const char *key, const kb_opt *value);
	const char *get(const char *key) const;
	static const char *key(size_t index);
	static const char *key_doc(const char *key);
	kb_status add_host(const char *name, const char *address, const char *role);
	kb_status set_host(const char *name, const char *key, const kb_opt *value);
	kb_status set_secret(const kb_opt *name, const char *key, const void *secret, size_t size_bytes);
	kb_status add_kubeadm(const void *data, size_t size_bytes);
	size_t host_count() const;
	const char *host_name(size_t index) const;
	kb_status check();
	kb_plan *up();
	kb_plan *reset();
	kb_plan *status();
}

/* text.h */
kb_status kb_cidr_check(kb_ctx *kb, const char *cidr);
kb_number kb_cidr_contains(kb_ctx *kb, const char *cidr, const char *address);
kb_number kb_cidr_overlaps(kb_ctx *kb, const char *a, const char *b);
kb_number kb_cidr_block_count(kb_ctx *kb, const char *cidr, int block_size);
kb_bytes *kb_cidr_suggest(kb_ctx *kb, int prefix_length, const kb_opt *taken);
kb_bytes *kb_calico_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes);
kb_bytes *kb_calico_set_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes, const char *cidr);
kb_bytes *kb_calico_set_block_size(kb_ctx *kb, const void *data, size_t size_bytes, int block_size);
kb_bytes *kb_calico_set_encapsulation(kb_ctx *kb, const void *data, size_t size_bytes, const char *encapsulation);
kb_bytes *kb_kubeadm_config(kb_ctx *kb, const char *kind, const char *options);
kb_bytes *kb_kubeadm_merge(kb_ctx *kb, const void *data, size_t size_bytes, const char *documents);
kb_bytes *kb_token_make(kb_ctx *kb);
kb_status kb_token_check(kb_ctx *kb, const char *token);
kb_bytes *kb_ca_hash(kb_ctx *kb, const void *data, size_t size_bytes);
kb_bytes *kb_join_parse(kb_ctx *kb, const char *command);
kb_bytes *kb_join_print(kb_ctx *kb, const char *endpoint, const char *token, const char *ca_cert_hash, const kb_opt *certificate_key);
kb_bytes *kb_fstab_swap_off(kb_ctx *kb, const void *data, size_t size_bytes);
kb_bytes *kb_fstab_swap_on(kb_ctx *kb, const void *data, size_t size_bytes);
kb_bytes *kb_hosts_block(kb_ctx *kb, const void *data, size_t size_bytes, const char *entries);
kb_bytes *kb_apt_source(kb_ctx *kb, const char *flavour, const kb_opt *url, const kb_opt *version, const char *keyring);
const kb_must *kb_apt_flavour(kb_ctx *kb, const char *version);
kb_bytes *kb_toml_set(kb_ctx *kb, const void *data, size_t size_bytes, const char *table, const char *key, const char *value);
kb_bytes *kb_diff(kb_ctx *kb, const char *name, const void *before, size_t before_bytes, const void *after, size_t after_bytes);
