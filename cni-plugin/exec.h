/* Runs another program to its end: text on its stdin, its stdout captured, its stderr ours. */
#ifndef SMC_PLUGIN_EXEC_H
#define SMC_PLUGIN_EXEC_H

#include <stddef.h>

#include "common/err.h"

#define EXEC_OUTPUT_MAX (1024 * 1024) /* bytes */

struct exec_result {
	int status; /* as waitpid(2) has it */
	char *out; /* NUL-terminated; owned */
	size_t out_len;
};

/* The program leads a process group of its own, which is killed when it is not done at the time
 * limit (-ETIMEDOUT) or prints more than EXEC_OUTPUT_MAX (-EFBIG). Its end counts, not that of
 * its output: what it leaves running in the background is not waited for. Other failures to
 * start or watch it are
 * -errno. *ret is set on success only. Descriptors other than 0-2 must be O_CLOEXEC. */
int exec_run(const char *path, char *const envp[], const char *in, size_t in_len, int timeout_ms,
	     struct exec_result *ret, struct err *err);

#endif
