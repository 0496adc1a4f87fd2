/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the commands that show something about pods. */
#ifndef SMC_SMCCTL_OPTIONS_H
#define SMC_SMCCTL_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>

struct options {
	bool help;
	bool json;
	bool problems;
	int wait_s; /* 0: does not wait */
	const char *socket;
	const char *namespace; /* NULL: all */
	const char *pod; /* NULL: all */
};

/* argv[0] is the command. may_wait: it has --wait, too. -EINVAL: stderr has been told. */
int options_parse(int argc, char **argv, bool may_wait, struct options *ret);

/* Drops from a list of what belongs to pods what is of others than namespace and pod. */
void options_narrow(const struct options *o, json_t *list);

#endif
