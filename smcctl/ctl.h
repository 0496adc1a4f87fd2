/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of smcctl: one file each. */
#ifndef SMC_SMCCTL_CTL_H
#define SMC_SMCCTL_CTL_H

#include <stdio.h>

enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1, /* the agent cannot be reached, or has no answer */
	CTL_USAGE = 2,
	CTL_NODE = 3, /* the answer is that this node cannot steer */
};

struct ctl_command {
	const char *name;
	const char *what; /* one line for --help */
	/* argv[0] is the command's name. The answer goes to out, messages to stderr. */
	enum ctl_exit (*run)(int argc, char **argv, FILE *out);
};

enum ctl_exit ctl_status(int argc, char **argv, FILE *out);
enum ctl_exit ctl_flows(int argc, char **argv, FILE *out);
enum ctl_exit ctl_version(int argc, char **argv, FILE *out);

#endif
