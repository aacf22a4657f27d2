/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_config: what a host's settings become by it. Other settings than those are another host, another login, or another list of keys that
 * are trusted. */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "place.h"
#include "transport/ssh_config.h"

#define TEXT_MAX 4096

static char config_path[128];

static void
write_file(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", place_folder, name);
	FILE *file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		exit(2);
}

static void
begin(void)
{
	char text[1024];

	place_make_folder();
	snprintf(config_path, sizeof(config_path), "%s/config", place_folder);
	snprintf(text, sizeof(text), "Include %s/part*\nHost gamma !al*\nHostName %%h.lan\nIdentityFile %s/key_%%u\nIdentityFile %s/key_two\nHost *\n"
		"UserKnownHostsFile %s/known_%%n %s/known_two\nMatch final host *.lan\nProxyJump ops@gate:2222,inner\n",
		place_folder, place_folder, place_folder, place_folder, place_folder);
	write_file("config", text);
	write_file("part1", "Host \"gamma\"\nPort 2222\n");
	write_file("part2", "Match originalhost gamma\n# nothing\nPort 23\n");
	write_file("key_two", "");
}

static void
describe(const struct kbi_map *settings, char *out)
{
	size_t used = 0;

	*out = '\0';
	for (size_t i = 0; i < settings->count; i++)
		used += (size_t)snprintf(out + used, TEXT_MAX - used, "%s=%s\n", settings->entries[i].name, settings->entries[i].value);
}

/* What is asked for is set before anything fails. */
static int
settle(bool is_counted, char *out)
{
	struct kbi_map settings = {0};
	struct kb_err err = {0};

	if (kbi_map_set(&settings, "address", "gamma") || kbi_map_set(&settings, "ssh_config", config_path))
		fault_wrong("it works not even when nothing fails");
	if (is_counted)
		fault_begin();
	int status = kbi_ssh_config_settle(&settings, &err);
	if (status != (int)err.code && !fault_goes_on())
		fault_wrong("the status is %s, its error %s", kb_err_name(status), kb_err_name(err.code));
	describe(&settings, out);
	kbi_err_clear(&err);
	kbi_map_free(&settings);
	return status;
}

/* A key of which it cannot be said whether it is there is passed over, as one that is not there: the login says so. */
static bool
is_same(const char *right, const char *now)
{
	bool may_miss_keys = fault_name() && strcmp(fault_name(), "access") == 0;

	for (const char *line = right; *line; line += strcspn(line, "\n") + 1) {
		char one[512];
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(line, "\n") + 1, line);
		if (!strstr(now, one) && !(may_miss_keys && strncmp(one, "identity=", 9) == 0))
			return false;
	}
	return may_miss_keys || strlen(right) == strlen(now);
}

static int
play(const struct scenario *scenario)
{
	static char right[TEXT_MAX], now[TEXT_MAX];

	(void)scenario;
	if (settle(false, right) || !strstr(right, "port=2222\n") || !strstr(right, "jump=ops@gate:2222,inner\n") || !strstr(right, "known_two\n")
		|| !strstr(right, "address=gamma.lan\n") || !strstr(right, "key_two\n"))
		fault_wrong("it works not even when nothing fails: %.400s", right);
	int status = settle(true, now);
	if (status == KB_OK && !is_same(right, now))
		fault_wrong("KB_OK, and the settings are %.400s", now);
	if (status && !fault_goes_on() && (settle(false, now) || !is_same(right, now)))
		fault_wrong("the second time it failed");
	return status;
}

const struct scenario fault_config[] = {
	{"config.read", begin, play, place_remove_folder, 0, 0},
	{0},
};
