/* SPDX-License-Identifier: Apache-2.0 */
/* Runs another program to its end: text on its stdin, its stdout captured, its stderr ours. */
#ifndef SMC_PLUGIN_EXEC_H
#define SMC_PLUGIN_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

#define EXEC_OUTPUT_MAX (1024 * 1024) /* bytes */

struct exec_result {
	int status; /* as waitpid(2) has it */
	char *out; /* NUL-terminated; owned */
	size_t out_len;
};

/* A program that runs: between exec_start() and exec_finish() or exec_clear(). */
struct exec {
	const char *path; /* borrowed; NULL: none runs */
	pid_t pid; /* 0: it was reaped */
	int timeout_ms;
	int64_t deadline_ms;
	int in_fd; /* -1 when the program has all its input, or wants no more */
	const char *in; /* what is still to be written; borrowed */
	size_t in_len;
	int out_fd;
	char *out; /* so far; room for EXEC_OUTPUT_MAX + 1 */
	size_t out_len;
	bool out_ended;
};

/* Starts the program; its input stays empty and open until exec_feed(). It leads a process group
 * of its own, which exec_finish() kills when the program is not done at the time limit, counted
 * from exec_feed(). `path` is used until then, envp is not. -errno; *ret is set on success only.
 * Descriptors other than 0-2 must be O_CLOEXEC, and SIGPIPE ignored; the program gets its
 * default. */
int exec_start(const char *path, char *const envp[], int timeout_ms, struct exec *ret,
	       struct err *err);
/* Gives the program all its input, of which it need not take any. The text is used until
 * exec_finish(). */
void exec_feed(struct exec *e, const char *in, size_t len);
/* Returns when `whole` says that the output so far is all of it, when the program has ended, and
 * when something is wrong, which exec_finish() tells. */
typedef bool exec_whole_fn(void *arg, const char *out, size_t len);
void exec_wait(struct exec *e, exec_whole_fn *whole, void *arg);
/* Waits for the program's end, not for that of its output: what it leaves running in the background
 * is not waited for. -ETIMEDOUT at the time limit, -EFBIG when it printed more than
 * EXEC_OUTPUT_MAX; otherwise -errno. */
int exec_finish(struct exec *e, struct exec_result *ret, struct err *err);
/* Kills the program and its process group if exec_finish() was not called. An all-zero one is
 * fine. */
void exec_clear(struct exec *e);

#endif
