/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/tally.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/smc_fallback.h"

/* The place of that reason, made if there is room; NULL: the kernel keeps no more either. */
static struct tally_reason *place(struct tally *t, uint32_t code, bool server)
{
	int k = 0;

	while (k < t->n && (t->reasons[k].code != code || t->reasons[k].server != server))
		k++;
	if (k == (int)ARRAY_SIZE(t->reasons))
		return NULL;
	if (k == t->n)
		t->reasons[t->n++] = (struct tally_reason){ .code = code, .server = server };
	return &t->reasons[k];
}

#define BEHIND_MAX 1024 /* what may come between the two readings */

/* The number from r->count on that has the low 16 bits of the kernel's counter. */
static void count_on(struct tally_reason *r, uint16_t low, uint64_t seen)
{
	bool raised = seen > r->count;
	uint16_t ahead;

	if (raised)
		r->count = seen;
	ahead = (uint16_t)(low - (uint16_t)r->count);
	if (raised && ahead > UINT16_MAX - BEHIND_MAX) /* it was read before what was seen */
		return;
	r->count += ahead;
}

void tally_update(struct tally *t, const struct smc_stats *stats, const uint64_t *seen)
{
	for (int i = 0; i < stats->n_fallbacks; i++) {
		const struct smc_fallback *now = &stats->fallbacks[i];
		struct tally_reason *r = place(t, now->code, now->server);

		if (r)
			count_on(r, now->count, seen ? seen[i] : 0);
	}
}

void tally_add(struct tally *sum, const struct tally *more)
{
	for (int i = 0; i < more->n; i++) {
		struct tally_reason *r = place(sum, more->reasons[i].code, more->reasons[i].server);

		if (r)
			r->count += more->reasons[i].count;
	}
}

/* Equal counts are sorted by what never changes, so that they keep their places. */
static int by_count(const void *a, const void *b)
{
	const struct tally_entry *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->server != y->server)
		return x->server ? 1 : -1;
	return strcmp(x->name, y->name);
}

int tally_list(const struct tally *t, struct tally_entry *ret)
{
	int n = 0;

	for (int i = 0; i < t->n; i++) {
		const struct smc_fallback_reason *r = smc_fallback_reason(t->reasons[i].code);
		bool server = t->reasons[i].server;
		int k = 0;

		while (k < n && (ret[k].server != server || strcmp(ret[k].name, r->name) != 0))
			k++;
		if (k == n)
			ret[n++] = (struct tally_entry){ .name = r->name,
							 .text = r->text,
							 .advice = r->advice,
							 .server = server };
		ret[k].count += t->reasons[i].count;
	}
	qsort(ret, (size_t)n, sizeof(*ret), by_count);
	return n;
}
