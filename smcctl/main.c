/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nearest.h"
#include "smcctl/ctl.h"

static const struct ctl_command commands[] = {
	{ "status", "the node and its pods: who is on SMC, who is on TCP, and why", ctl_status },
	{ "flows", "with whom pods have talked: SMC or TCP, and why", ctl_flows },
	{ "version", "the version of smcctl", ctl_version },
};

static void print_help(FILE *out)
{
	(void)fprintf(out, "Usage: smcctl COMMAND [ARGUMENTS]\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		(void)fprintf(out, "  %-9s%s\n", commands[i].name, commands[i].what);
	(void)fprintf(out, "\n'smcctl COMMAND --help' says more. Exit status: 0 done, 1 the agent "
			   "has no answer, 2 wrong usage.\n");
}

static int unknown(const char *name)
{
	const char *known[ARRAY_SIZE(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		known[i] = commands[i].name;
	near = nearest(name, known, ARRAY_SIZE(commands));
	(void)fprintf(stderr, "smcctl: unknown command '%s'%s%s%s; 'smcctl --help' lists them\n",
		      name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return CTL_USAGE;
}

/* Output that could not be written is a failure: `smcctl status >/full/disk`. */
static int finish(int rc)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	perror("smcctl: write the answer");
	return rc == CTL_OK ? CTL_FAILED : rc;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		print_help(stderr);
		return CTL_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return finish(CTL_OK);
	}
	if (strcmp(name, "--version") == 0)
		name = "version";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return finish((int)commands[i].run(argc - 1, argv + 1, stdout));
	return unknown(name);
}
