/* SPDX-License-Identifier: Apache-2.0 */
/* libkb from C++: a step on this machine, its events, a text function. Exits 0 when all of it went as it should. */
#include <cstring>
#include <memory>

#include <libkb.h>

template <typename T> using owned = std::unique_ptr<T, void (*)(T *)>;

static bool
runs_a_step(kb_ctx *kb)
{
	owned<kb_host> host(kb_host_new(kb, "here", "local:"), kb_host_free);
	owned<kb_step> step(kb_step_script(kb, "test.true", "true", nullptr), kb_step_free);
	if (!host || !step || kb_host_set(host.get(), "become", "none") != KB_OK)
		return false;
	owned<kb_result> result(kb_check(host.get(), step.get(), 20000), kb_result_free);
	return kb_result_status(result.get()) == KB_OK && kb_result_verdict(result.get()) == KB_PRESENT;
}

int
main()
{
	owned<kb_ctx> kb(kb_new(), kb_free);
	owned<kb_bytes> token(kb_token_make(kb.get()), kb_bytes_free);
	if (!token || kb_token_check(kb.get(), static_cast<const char *>(kb_bytes_data(token.get()))) != KB_OK)
		return 1;
	return runs_a_step(kb.get()) ? 0 : 1;
}
