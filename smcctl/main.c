#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nearest.h"
#include "smcctl/cmd.h"

static const struct cmd cmds[] = {
	{ "status", "the node and its pods: who is on SMC, who is on TCP, and why", cmd_status },
	{ "version", "the version of smcctl", cmd_version },
};

static void print_help(FILE *out)
{
	(void)fprintf(out, "Usage: smcctl COMMAND [ARGUMENTS]\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		(void)fprintf(out, "  %-9s%s\n", cmds[i].name, cmds[i].what);
	(void)fprintf(out, "\n'smcctl COMMAND --help' says more. Exit status: 0 done, 1 the agent "
			   "has no answer, 2 wrong usage.\n");
}

static int unknown(const char *name)
{
	const char *known[ARRAY_SIZE(cmds)];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		known[i] = cmds[i].name;
	near = nearest(name, known, ARRAY_SIZE(cmds));
	(void)fprintf(stderr, "smcctl: unknown command '%s'%s%s%s; 'smcctl --help' lists them\n",
		      name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return CMD_USAGE;
}

/* Output that did not get out is a failure: `smcctl status >/full/disk`. */
static int finish(int rc)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	perror("smcctl: write the answer");
	return rc == CMD_OK ? CMD_FAILED : rc;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		print_help(stderr);
		return CMD_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return finish(CMD_OK);
	}
	if (strcmp(name, "--version") == 0)
		name = "version";
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		if (strcmp(name, cmds[i].name) == 0)
			return finish((int)cmds[i].run(argc - 1, argv + 1, stdout));
	return unknown(name);
}
