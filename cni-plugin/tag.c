/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/tag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(LINK_TAG_PREFIX) + 2 * WIRE_HASH_LEN <= LINK_TAG_MAX, "a tag fits");

static const char *network_hash(const char *network, char ret[WIRE_HASH_LEN])
{
	struct wire_attachment a = { 0 };

	(void)snprintf(a.network, sizeof(a.network), "%s", network);
	return wire_attachment_hash(&a, ret);
}

uint32_t tag_group(const char *network)
{
	char hash[WIRE_HASH_LEN];

	return (uint32_t)strtoull(network_hash(network, hash), NULL, 16) | 1;
}

const char *tag_format(const struct wire_attachment *a, char *ret)
{
	char hash[WIRE_HASH_LEN], network[WIRE_HASH_LEN];

	(void)snprintf(ret, LINK_TAG_MAX + 1, LINK_TAG_PREFIX "%s.%s",
		       wire_attachment_hash(a, hash), network_hash(a->network, network));
	return ret;
}

bool tag_is_of(const struct link *link, const struct wire_attachment *a)
{
	char tag[LINK_TAG_MAX + 1];

	(void)tag_format(a, tag);
	for (int i = 0; i < link->n_tags; i++) {
		if (!strcmp(link->tags[i], tag))
			return true;
	}
	return false;
}

static bool is_of_network(const char *tag, const char *network)
{
	char hash[WIRE_HASH_LEN];
	const char *its = tag + strlen(LINK_TAG_PREFIX) + WIRE_HASH_LEN;

	return strlen(tag) == strlen(LINK_TAG_PREFIX) + 2 * WIRE_HASH_LEN - 1 &&
	       !strcmp(its, network_hash(network, hash));
}

bool tag_is_stale(const struct link *link, const char *network, const struct wire_attachment *valid,
		  size_t n)
{
	for (int i = 0; i < link->n_tags; i++) {
		if (!is_of_network(link->tags[i], network))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (tag_is_of(link, &valid[i]))
			return false;
	}
	return link->n_tags > 0;
}
