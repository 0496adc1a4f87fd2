/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/smc_fallback.h"

void path_list_clear(struct path_list *l)
{
	free(l->all);
	*l = (struct path_list){ .n = 0 };
}

/* A first contact that came to nothing is closed by the next SYN that comes, and until then is what
 * that SYN will find. */
static bool has_failed_unseen(const struct path *path, uint64_t now_ns)
{
	return path->state == PATH_TRYING && path->until_ns <= now_ns && path->flags & PATH_AGREED;
}

uint64_t path_closed_until(const struct path *path, uint64_t now_ns)
{
	if (path->state == PATH_CLOSED)
		return path->until_ns > now_ns ? path->until_ns : 0;
	return has_failed_unseen(path, now_ns) ? now_ns + PATHS_CLOSED_NS : 0;
}

enum path_state path_state_at(const struct path *path, uint64_t now_ns)
{
	if (path_closed_until(path, now_ns))
		return PATH_CLOSED;
	if (path->state == PATH_PROVEN || (path->state == PATH_TRYING && path->until_ns > now_ns))
		return (enum path_state)path->state;
	return PATH_UNPROVEN;
}

const char *path_state_text(enum path_state state)
{
	static const char *const texts[] = {
		[PATH_UNPROVEN] = "unproven",
		[PATH_TRYING] = "trying",
		[PATH_PROVEN] = "proven",
		[PATH_CLOSED] = "closed",
	};

	return texts[state];
}

bool path_is_forgotten(const struct path *path, uint64_t now_ns)
{
	return path->state != PATH_PROVEN && path->until_ns <= now_ns &&
	       path->seen_ns + PATH_FORGET_NS <= now_ns;
}

const char *path_peer_text(const struct path_key *key, char buf[PATH_PEER_MAX])
{
	struct inet_addr net;

	if (key->bits == PATHS_BITS_NODE)
		return strcpy(buf, "this node");
	inet_from_v6(key->address, (uint8_t)key->bits, &net);
	return key->bits == PATHS_BITS_ADDRESS ? inet_format_addr(&net, buf) :
						 inet_format(&net, buf);
}

const char *path_failure_text(const struct path *path)
{
	return path->reason ? smc_fallback_reason(path->reason)->text :
			      "The RDMA link to the peer died, or never came up.";
}

static int rank(const struct path *path)
{
	return path->state == PATH_CLOSED ? 0 : path->state == PATH_PROVEN ? 2 : 1;
}

int path_compare(const void *pa, const void *pb)
{
	const struct path_entry *a = pa, *b = pb;
	int d = rank(&a->value) - rank(&b->value);

	return d ? d : memcmp(&a->key, &b->key, sizeof(a->key));
}

/* The key alone does not say where it is: one search for each rank. */
const struct path *path_list_find(const struct path_list *l, const struct path_key *key)
{
	static const enum path_state of_each_rank[] = { PATH_CLOSED, PATH_UNPROVEN, PATH_PROVEN };
	struct path_entry wanted = { .key = *key };

	for (size_t i = 0; l->n && i < ARRAY_SIZE(of_each_rank); i++) {
		const struct path_entry *found;

		wanted.value.state = of_each_rank[i];
		found = bsearch(&wanted, l->all, (size_t)l->n, sizeof(wanted), path_compare);
		if (found)
			return &found->value;
	}
	return NULL;
}
