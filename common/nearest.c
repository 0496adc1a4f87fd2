/* SPDX-License-Identifier: Apache-2.0 */
#include "common/nearest.h"

#include <string.h>
#include <strings.h>

#define WORD_MAX 64 /* a longer word is close to no known one */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance; two neighbours that are swapped count once. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t d[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = d[i % 3];
		const size_t *above = d[(i + 2) % 3];
		const size_t *above2 = d[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return d[a_len % 3][b_len];
}

const char *nearest(const char *word, const char *const known[], size_t n)
{
	size_t len = strlen(word);
	size_t best_distance = len < 5 ? 2 : 3; /* one more than what counts as close */
	const char *best = NULL;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t known_len = strlen(known[i]);
		size_t d;

		if (strcasecmp(word, known[i]) == 0)
			return known[i];
		if (known_len > WORD_MAX)
			continue;
		d = distance(word, len, known[i], known_len);
		if (d < best_distance) {
			best_distance = d;
			best = known[i];
		}
	}
	return best;
}
