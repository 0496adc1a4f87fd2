/* SPDX-License-Identifier: Apache-2.0 */
/* Where network namespaces are held: what one walk over /run/netns, and one over all processes, has
 * seen. Thousands of namespaces are found again without a walk for each.
 *
 * A yes is looked at anew each time: the path still leads to the namespace, with its cookie. A no
 * needs walks that began after netns_index_doubt(): who asks calls it once before a number of
 * questions, at a moment when all of the namespaces that it is going to ask for were known to be
 * there. One thread only, that of setns(2) (netns.h).
 */
#ifndef SMC_COMMON_NETNS_INDEX_H
#define SMC_COMMON_NETNS_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/netns.h"

struct netns_place {
	uint64_t dev, inode;
	size_t path; /* where it begins in `text` */
};

struct netns_places {
	struct netns_place *places; /* sorted; of one namespace the first that was seen counts */
	size_t n, max;
	char *text;
	size_t len, size;
	int walks; /* since netns_index_doubt() */
};

struct netns_index { /* all zero: nothing was seen yet */
	struct netns_places names; /* /run/netns */
	struct netns_places processes; /* /proc/PID/ns/net, but those of the host's own */
	bool denied; /* there were processes that we may not look at */
	unsigned long n_walks; /* ever */
};

/* Returns an fd, -ENOENT when nothing holds it any more, or -EACCES when, for want of
 * CAP_SYS_PTRACE, processes that may hold it must not be looked at. Any other error is no answer,
 * either. /proc must be the host's (hostPID). */
int netns_index_find(struct netns_index *x, const struct netns_id *id, struct err *err);
/* From now on what was seen is too old for a no. */
void netns_index_doubt(struct netns_index *x);
void netns_index_clear(struct netns_index *x);

/* The same for one question. */
int netns_find(const struct netns_id *id, struct err *err);

#endif
