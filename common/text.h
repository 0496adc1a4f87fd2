/* SPDX-License-Identifier: Apache-2.0 */
/* A text that never changes and has several owners, on any thread: taking part in it cannot fail.
 */
#ifndef SMC_TEXT_H
#define SMC_TEXT_H

#include <stdbool.h>

struct text;

/* A copy of s, with one owner. NULL: no memory. */
struct text *text_new(const char *s);
/* One owner more, or less; the last one frees it. NULL is fine. */
struct text *text_ref(struct text *t);
void text_unref(struct text *t);

const char *text_get(const struct text *t); /* NULL of NULL */
bool text_same(const struct text *a, const struct text *b); /* both NULL, or the same letters */

#endif
