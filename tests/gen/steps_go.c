/* SPDX-License-Identifier: Apache-2.0 */
/* Prints bindings/go/steps.go from the catalogue: a struct for each step, with a field for each parameter. gofmt's layout is kept here. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "catalogue.h"

/* What Go writes in one case. The left-hand side is a word of libkb's names; a plural's s stays small. */
static const struct { const char *word, *in_go; } initialisms[] = {
	{ "api", "API" }, { "apiserver", "APIServer" }, { "ca", "CA" }, { "cidr", "CIDR" }, { "cri", "CRI" }, { "dns", "DNS" },
	{ "id", "ID" }, { "ip", "IP" }, { "sans", "SANs" }, { "sha256", "SHA256" }, { "ttl", "TTL" }, { "url", "URL" },
};

/* A field's type, of the flags of its parameter or of what the parameter is by its name. method: of struct params in step.go. */
struct type { const char *in_go, *method; };

static const struct type TEXT = { "string", "text" }, TEXTS = { "[]string", "texts" }, SECRET = { "Secret", "secret" },
	BOOL = { "bool", "isTrue" }, SWITCH = { "Switch", "choice" };

static const struct { const char *param; bool is_list; struct type type; } by_name[] = {
	{ "address", false, { "netip.Addr", "address" } },
	{ "apiserver-advertise-address", false, { "netip.Addr", "address" } },
	{ "apiserver-bind-port", false, { "int", "number" } },
	{ "block-size", false, { "int", "number" } },
	{ "network", true, { "[]netip.Prefix", "networks" } },
	{ "node-ip", false, { "netip.Addr", "address" } },
	{ "pod-cidr", false, { "netip.Prefix", "network" } },
	{ "pod-network-cidr", false, { "netip.Prefix", "network" } },
	{ "pods", true, { "[]netip.Prefix", "networks" } },
	{ "service-cidr", false, { "netip.Prefix", "network" } },
	{ "services", true, { "[]netip.Prefix", "networks" } },
	{ "timeout", false, { "time.Duration", "seconds" } },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct type
type_of(const struct kbi_param *param)
{
	bool is_list = param->flags & KBI_LIST;
	if (param->flags & KBI_SECRET)
		return SECRET;
	if (param->flags & KBI_YES_NO)	/* a bool's false has to be the default */
		return param->fallback && strcmp(param->fallback, "no") == 0 ? BOOL : SWITCH;
	for (size_t i = 0; i < COUNT(by_name); i++)
		if (strcmp(by_name[i].param, param->name) == 0 && by_name[i].is_list == is_list)
			return by_name[i].type;
	return is_list ? TEXTS : TEXT;
}

/* Writes the name of a step or parameter as Go has it. */
static void
go_name(char *out, size_t size, const char *name)
{
	size_t used = 0;
	while (*name) {
		size_t length = strcspn(name, ".-"), i = 0;
		while (i < COUNT(initialisms) && (strlen(initialisms[i].word) != length || strncmp(name, initialisms[i].word, length) != 0))
			i++;
		int wrote = i < COUNT(initialisms) ? snprintf(out + used, size - used, "%s", initialisms[i].in_go)
			: snprintf(out + used, size - used, "%c%.*s", toupper((unsigned char)*name), (int)length - 1, name + 1);
		used += (size_t)wrote;
		name += length + (name[length] != '\0');
	}
}

static void
print_doc(const char *go, const struct kbi_step_def *def)
{
	printf("\n// %s is the step %s: %s.\n", go, def->name, def->summary);
	if (!def->outputs || !def->outputs->name)
		return;
	printf("//\n// Outputs:\n");
	for (const struct kbi_output *o = def->outputs; o->name; o++)
		printf("//   - %s: %s\n", o->name, o->doc);
}

static void
print_field(const struct kbi_param *param)
{
	char field[80];
	go_name(field, sizeof(field), param->name);
	printf("\t// %s%s%s%s%s\n", param->doc, param->flags & KBI_REQUIRED ? " (required, or bound)" : "",
		param->fallback ? "; default " : "", param->fallback ? param->fallback : "", "");
	printf("\t%s %s\n", field, type_of(param).in_go);
}

static void
print_step(const struct kbi_step_def *def)
{
	char go[80], field[80];
	go_name(go, sizeof(go), def->name);
	print_doc(go, def);
	bool has_params = def->params && def->params->name;
	printf(has_params ? "type %s struct {\n" : "type %s struct{}\n", go);
	for (const struct kbi_param *p = def->params; p && p->name; p++)
		print_field(p);
	printf("%s\n// StepName is %s.\nfunc (%s) StepName() string { return \"%s\" }\n\n", has_params ? "}\n" : "", def->name, go, def->name);
	printf(has_params ? "func (s %s) set(p *params) {\n" : "func (%s) set(*params) {}\n", go);
	for (const struct kbi_param *p = def->params; p && p->name; p++) {
		go_name(field, sizeof(field), p->name);
		printf("\tp.%s(\"%s\", s.%s)\n", type_of(p).method, p->name, field);
	}
	printf(has_params ? "}\n" : "");
}

/* A name of the table above that no step has (any more) would be a mistake. */
static bool
is_known(const char *param, bool is_list)
{
	for (size_t i = 0; kbi_step_defs[i]; i++)
		for (const struct kbi_param *p = kbi_step_defs[i]->params; p && p->name; p++)
			if (strcmp(p->name, param) == 0 && ((p->flags & KBI_LIST) != 0) == is_list)
				return true;
	return false;
}

int
main(void)
{
	for (size_t i = 0; i < COUNT(by_name); i++) {
		if (!is_known(by_name[i].param, by_name[i].is_list)) {
			fprintf(stderr, "steps_go: no step has a parameter %s like that\n", by_name[i].param);
			return 1;
		}
	}
	printf("// Code generated from the records of libkb/steps by tests/gen/steps_go.c. DO NOT EDIT.\n// SPDX-License-Identifier: Apache-2.0\n\n"
	       "package kb\n\nimport (\n\t\"net/netip\"\n\t\"time\"\n)\n");
	for (size_t i = 0; kbi_step_defs[i]; i++)
		print_step(kbi_step_defs[i]);
	return 0;
}
