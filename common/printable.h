/* SPDX-License-Identifier: Apache-2.0 */
/* Text that others wrote, for a terminal, a log or an event: what a pod's owner puts into an
 * annotation must neither move a cursor nor look like a line of ours. Pure.
 */
#ifndef SMC_COMMON_PRINTABLE_H
#define SMC_COMMON_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Room for one character as it is written: "\u{10ffff}" and NUL. */
#define PRINTABLE_ONE_MAX 12

/* Reads one character of UTF-8 at *text, which moves on, and writes what stands for it: itself, or
 * if it is a control character (C0, DEL, C1), one that changes the direction or the line, an
 * invisible one, or no UTF-8, an escape such as \n, \x1b or \u{202e}. Returns its length in ret; 0
 * at the end of the text. */
size_t printable_next(const char **text, char ret[PRINTABLE_ONE_MAX]);

/* All of it, as far as there is room; no character is cut. Returns buf. */
const char *printable(const char *text, char *buf, size_t size);

/* True when printable() would change nothing. */
bool printable_is(const char *text);

#endif
