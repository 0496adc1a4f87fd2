/* Runs another program to its end: text on its stdin, its stdout captured, its stderr ours. */
#ifndef SMC_PLUGIN_EXEC_H
#define SMC_PLUGIN_EXEC_H

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

/* One that runs, between exec_start() and exec_finish(). */
struct exec {
	pid_t pid;
	int out_fd;
	const char *path; /* borrowed */
	int timeout_ms;
	int64_t deadline_ms;
};

/* The program leads a process group of its own, which is killed when it is not done at the time
 * limit (-ETIMEDOUT) or prints more than EXEC_OUTPUT_MAX (-EFBIG). Its end counts, not that of
 * its output: what it leaves running in the background is not waited for. Other failures to
 * start or watch it are
 * -errno. *ret is set on success only. Descriptors other than 0-2 must be O_CLOEXEC. */
int exec_run(const char *path, char *const envp[], const char *in, size_t in_len, int timeout_ms,
	     struct exec_result *ret, struct err *err);

/* The same in two steps, with time for other work between them; the time limit counts from the
 * first. What has been started must be finished. `path` is used until then, the rest is not. */
int exec_start(const char *path, char *const envp[], const char *in, size_t in_len, int timeout_ms,
	       struct exec *ret, struct err *err);
int exec_finish(const struct exec *e, struct exec_result *ret, struct err *err);

#endif
