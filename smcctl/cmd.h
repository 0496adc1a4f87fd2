/* The commands of smcctl: one file each. */
#ifndef SMC_SMCCTL_CMD_H
#define SMC_SMCCTL_CMD_H

#include <stdio.h>

enum cmd_exit {
	CMD_OK = 0,
	CMD_FAILED = 1, /* the agent cannot be reached, or has no answer */
	CMD_USAGE = 2,
};

struct cmd {
	const char *name;
	const char *what; /* one line for --help */
	/* argv[0] is the command's name. The answer goes to out, messages to stderr. */
	enum cmd_exit (*run)(int argc, char **argv, FILE *out);
};

enum cmd_exit cmd_status(int argc, char **argv, FILE *out);
enum cmd_exit cmd_version(int argc, char **argv, FILE *out);

#endif
