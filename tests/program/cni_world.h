/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the built plugin share: a host and two pods as real network namespaces, a
 * folder for everything on disk, a fake agent for what a real one does not do on demand, and IPAM
 * plugins made of shell.
 */
#ifndef SMC_TESTS_CNI_WORLD_H
#define SMC_TESTS_CNI_WORLD_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* For a group: the test process moves to a mount and a network namespace of its own ("the host"),
 * with an empty /run. */
int world_setup(void **state);
int world_teardown(void **state);
/* For each test: no agent, nothing pending, lent or leased, and the CNI_ variables of pod 0. */
int world_reset(void **state);

const char *world_dir(void);
const char *world_netns(int pod); /* 0 or 1 */
const char *world_path(const char *name); /* below world_dir(); valid until the next call */

/* The configuration with `members` (printf) behind cniVersion, name, type and agentSocket. The
 * agent has a minute to answer, unless they say another time: the machine may be busy. Valid until
 * the next call. */
const char *world_conf(const char *version, const char *members, ...)
	__attribute__((format(printf, 2, 3)));

/* A bridge br0 of the host, there before any pod; no address comes and goes on it by itself. */
void world_bridge(void);

struct world_run {
	int status; /* exit status; 128 + signal */
	char *err; /* stderr; owned */
	json_t *doc; /* stdout, of which it was made sure that it is one JSON document, unless a
		      * signal ended the plugin; owned */
	int64_t took_ms;
};

/* The plugin may have so much data at most, till the next world_reset(). */
void world_limit_memory(size_t bytes);
/* From here on the plugin is the one with fault points (common/fault.h). */
void world_use_faults(void);

const char *world_plugin(void); /* its path */
/* Starts the plugin with the environment as it is, and CNI_COMMAND; what it prints goes to these
 * files. */
pid_t world_start(const char *command, const char *conf, size_t conf_len, int out, int errs);
/* The same, to its end. */
void world_run(struct world_run *ret, const char *command, const char *conf, size_t conf_len);
void world_run_clear(struct world_run *r);

/* Runs it and expects success; stderr has `lines` lines. world_run_clear() is the caller's. */
struct world_run world_expect_ok(const char *command, const char *conf, int lines);
/* Runs it and expects this code, and `text` in the details. */
void world_expect_error(const char *command, const char *conf, int code, const char *text);

/* Links, addresses, routes of host and pods, and the files of agent and IPAM, as text. */
char *world_snapshot(void);
void world_expect_same(const char *before, const char *after);
/* A command line that must succeed. */
void world_sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Answers of the fake agent: to the verb, the text as it is; NULL closes the connection, "" is
 * silence. Verbs that are not listed get {"v":1,"ok":true}. The list ends with verb NULL. */
struct world_reply {
	const char *verb;
	const char *answer;
};
pid_t world_agent(const struct world_reply *replies);
void world_agent_stop(void);
/* What it received: one JSON document each, with "fd": true when a network namespace came along. */
json_t *world_agent_log(void);

/* Makes an IPAM plugin of that name with a shell script's body, which has the configuration in
 * $asked; each call that comes with one is noted. */
void world_ipam(const char *name, const char *body);
/* "ADD DEL ": the calls of all IPAM plugins; owned by the caller. */
char *world_ipam_log(void);

#endif
