/* SPDX-License-Identifier: Apache-2.0 */
/* An error message that travels up the call stack, on the caller's stack.
 *
 * A function that can fail in a way an operator may hear about takes `struct err *err` last and
 * returns 0 (or a length or descriptor >= 0) or -errno. The message reads verb + object +
 * 'quoted name' + cause: "open network namespace '/run/netns/a': No such file or directory".
 * A message is one line of printable text, whatever it quotes. err may be NULL: then only the
 * return value tells. Nothing is allocated; messages are cut at the end of the buffer. On success
 * err is left untouched.
 */
#ifndef SMC_COMMON_ERR_H
#define SMC_COMMON_ERR_H

#include <errno.h>

struct err {
	char msg[512];
};

#define ERR_INIT ((struct err){ .msg = "" })

/* Sets the message and returns rc (a negative errno), so that callers can write
 * `return err_set(err, -EINVAL, "...", ...)`. */
int err_set(struct err *err, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Sets the message followed by ": " and the text of errno value `errnum` (positive or negative),
 * and returns it as a negative errno. errnum 0 becomes -EIO: an error is never success. */
int err_sys(struct err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As strerror(3), but with the number where libc has no text: musl has fewer texts, and none for
 * the kernel's own numbers (ENOTSUPP, 524). The text is valid until the thread's next call. */
const char *err_text(int errnum);

/* Puts the formatted text and ": " before what is there already, and returns rc. */
int err_prefix(struct err *err, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* For a caller that goes on after a failure: *first keeps the first negative rc, and ret (NULL is
 * fine) its message. */
void err_keep_first(int *first, struct err *ret, int rc, const struct err *err);

/* err_set, err_sys and err_prefix return a negative number, whatever they were given. Compilers and
 * analysers see one file at a time and learn it here: they then know that a caller which goes on
 * after `if (r < 0)` has its outputs. */
static inline int err_negative(int rc)
{
	return rc < 0 ? rc : -EIO;
}
#define err_set(...) err_negative(err_set(__VA_ARGS__))
#define err_sys(...) err_negative(err_sys(__VA_ARGS__))
#define err_prefix(...) err_negative(err_prefix(__VA_ARGS__))

#endif
