/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean ...?": the known word that a mistyped one is closest to. */
#ifndef SMC_COMMON_NEAREST_H
#define SMC_COMMON_NEAREST_H

#include <stddef.h>

/* The word of known[0..n) that differs from `word` only in case, or by at most two letters added,
 * left out, exchanged or replaced (one when the word has fewer than five). NULL when none is that
 * close. */
const char *nearest(const char *word, const char *const known[], size_t n);

#endif
