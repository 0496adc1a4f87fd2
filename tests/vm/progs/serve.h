/* SPDX-License-Identifier: Apache-2.0 */
/* For programs of VM cases that try a room of the agent: a table of commands, given as arguments,
 * or a line at a time on stdin, since one that loads BPF programs at each start takes an emulated
 * machine seconds. Several commands are separated by ",". */
#ifndef TESTS_VM_SERVE_H
#define TESTS_VM_SERVE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/log.h"
#include "common/netns.h"

#define SERVE_WORDS_MAX 64

static struct err err; /* what a command that fails leaves */

struct command {
	const char *name;
	int args; /* how many; -1: it looks itself */
	int (*run)(char **arg, int n); /* < 0 and err: it failed */
	bool no_handle; /* serve_open() is not needed */
};

struct served {
	const char *program;
	const struct command *commands;
	size_t n;
	int (*open)(void); /* the handle, unless it is open; < 0 and err */
};

/* BPFFS_DIR in the environment overrides the folder. */
static inline const char *bpffs_dir(void)
{
	const char *dir = getenv("BPFFS_DIR");

	return dir ? dir : "/sys/fs/bpf/smc-cni";
}

/* -1 and err */
static inline int cookie_of(const char *netns, uint64_t *ret)
{
	auto_close int fd = netns_open(netns, &err);
	struct netns_id id;

	if (fd < 0 || netns_identify(fd, &id, &err) < 0)
		return -1;
	*ret = id.cookie;
	return 0;
}

static inline const struct command *find_command(const struct served *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->commands[i].name, name))
			return &s->commands[i];
	return NULL;
}

static inline int run_commands(const struct served *s, char **at, int n)
{
	for (int len; n > 0; at += len + 1, n -= len + 1) {
		const struct command *c = find_command(s, *at);
		int rc;

		len = 1;
		while (len < n && strcmp(at[len], ",") != 0)
			len++;
		if (!c || (c->args >= 0 && c->args != len - 1))
			return err_set(&err, -EINVAL, "bad command '%s'", *at);
		rc = c->no_handle ? 0 : s->open();
		rc = rc < 0 ? rc : c->run(at + 1, len - 1);
		if (rc < 0)
			return err_prefix(&err, rc, "%s", c->name);
	}
	return 0;
}

/* 0, or 1 when a command failed and that was said. */
static inline int run_and_tell(const struct served *s, char **at, int n)
{
	int rc;

	err = ERR_INIT;
	rc = run_commands(s, at, n);
	if (rc < 0)
		(void)fprintf(stderr, "%s: %s\n", s->program, err.msg);
	return rc < 0 ? 1 : 0;
}

/* main() of the program. Without arguments each line is answered with what the commands print and a
 * last line "done" or "failed". */
static inline int serve(const struct served *s, int argc, char **argv)
{
	char line[1024];

	log_set_level(LOG_LEVEL_WARN);
	if (argc > 1)
		return run_and_tell(s, argv + 1, argc - 1);
	while (fgets(line, sizeof(line), stdin)) {
		char *words[SERVE_WORDS_MAX], *rest = NULL;
		int n = 0;

		for (char *w = strtok_r(line, " \n", &rest); w && n < SERVE_WORDS_MAX;
		     w = strtok_r(NULL, " \n", &rest))
			words[n++] = w;
		puts(run_and_tell(s, words, n) ? "failed" : "done");
		(void)fflush(stdout);
	}
	return 0;
}

#endif
