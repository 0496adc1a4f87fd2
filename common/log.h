/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log lines on stderr, one a line: `level=warn msg="..." pod="ns/name" err="..."`.
 *
 * Only programs (mains, command handlers, the agent's own modules) log; common/ never does. Values
 * are quoted and escaped when they hold anything but [A-Za-z0-9._:/@+-]. Thread-safe: a line is one
 * write(2). No time stamp when stderr is not a terminal: journald and the kubelet add theirs.
 */
#ifndef SMC_COMMON_LOG_H
#define SMC_COMMON_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* "error", "warn", "info" or "debug"; -EINVAL for anything else. */
int log_level_parse(const char *text, enum log_level *ret);

/* key-value pairs of strings, NULL-terminated; a pair whose value is NULL is left out:
 * log_kv(LOG_LEVEL_WARN, "steer pod", "pod", "ns/name", "err", err.msg, NULL) */
void log_kv(enum log_level level, const char *msg, ...) __attribute__((sentinel));

#define log_error(...) log_kv(LOG_LEVEL_ERROR, __VA_ARGS__, NULL)
#define log_warn(...) log_kv(LOG_LEVEL_WARN, __VA_ARGS__, NULL)
#define log_info(...) log_kv(LOG_LEVEL_INFO, __VA_ARGS__, NULL)
#define log_debug(...) log_kv(LOG_LEVEL_DEBUG, __VA_ARGS__, NULL)

#endif
