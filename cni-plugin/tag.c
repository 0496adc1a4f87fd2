/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/tag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS (WIRE_HASH_LEN - 1)

_Static_assert(sizeof(LINK_TAG_PREFIX) + 2 * WIRE_HASH_LEN + 13 + 11 + 5 + IFNAMSIZ <= LINK_TAG_MAX,
	       "a tag fits");

static const char *network_hash(const char *network, char ret[WIRE_HASH_LEN])
{
	struct wire_attachment a = { 0 };

	strncpy(a.network, network, sizeof(a.network) - 1);
	return wire_attachment_hash(&a, ret);
}

uint32_t tag_group(const char *network)
{
	char hash[WIRE_HASH_LEN];

	return (uint32_t)strtoull(network_hash(network, hash), NULL, 16) | 1;
}

const char *tag_format(const struct wire_attachment *a, const struct link *before, char *ret)
{
	char hash[WIRE_HASH_LEN], network[WIRE_HASH_LEN];
	int n = snprintf(ret, LINK_TAG_MAX + 1, LINK_TAG_PREFIX "%s.%s",
			 wire_attachment_hash(a, hash), network_hash(a->network, network));
	const uint8_t *mac = before ? before->mac : NULL;

	if (before)
		(void)snprintf(ret + n, (size_t)(LINK_TAG_MAX + 1 - n),
			       ".%02x%02x%02x%02x%02x%02x.%" PRIu32 ".%s.%s", mac[0], mac[1],
			       mac[2], mac[3], mac[4], mac[5], before->mtu,
			       before->up ? "up" : "down", before->name);
	return ret;
}

static bool take_hash(const char **text, char ret[WIRE_HASH_LEN])
{
	if (strspn(*text, "0123456789abcdef") != HASH_DIGITS)
		return false;
	(void)snprintf(ret, WIRE_HASH_LEN, "%.*s", HASH_DIGITS, *text);
	*text += HASH_DIGITS;
	return true;
}

static bool take_mac(const char **text, uint8_t ret[ETH_ALEN])
{
	for (int i = 0; i < ETH_ALEN; i++, *text += 2) {
		char pair[3] = { (*text)[0], (*text)[0] ? (*text)[1] : '\0' };

		if (strspn(pair, "0123456789abcdef") != 2)
			return false;
		ret[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return true;
}

static bool take_before(const char *text, struct link *ret)
{
	size_t digits;

	if (*text++ != '.' || !take_mac(&text, ret->mac) || *text++ != '.')
		return false;
	digits = strspn(text, "0123456789");
	ret->mtu = (uint32_t)strtoul(text, NULL, 10);
	text += digits;
	ret->up = !strncmp(text, ".up.", 4);
	if (digits == 0 || (!ret->up && strncmp(text, ".down.", 6) != 0))
		return false;
	text += ret->up ? 4 : 6;
	if (!wire_ifname_valid(text))
		return false;
	strcpy(ret->name, text);
	return true;
}

bool tag_parse(const char *text, struct tag *ret)
{
	struct tag tag = { 0 };

	if (strncmp(text, LINK_TAG_PREFIX, strlen(LINK_TAG_PREFIX)) != 0)
		return false;
	text += strlen(LINK_TAG_PREFIX);
	if (!take_hash(&text, tag.attachment) || *text++ != '.' || !take_hash(&text, tag.network))
		return false;
	if (*text && !take_before(text, &tag.before))
		return false;
	*ret = tag;
	return true;
}

const char *tag_of_device(const struct link *link, struct tag *ret)
{
	for (int i = 0; i < link->n_tags; i++) {
		if (tag_parse(link->tags[i], ret) && *ret->before.name)
			return link->tags[i];
	}
	return NULL;
}

bool tag_is_of(const struct link *link, const struct wire_attachment *a)
{
	char hash[WIRE_HASH_LEN];
	struct tag tag;

	(void)wire_attachment_hash(a, hash);
	for (int i = 0; i < link->n_tags; i++) {
		if (tag_parse(link->tags[i], &tag) && !strcmp(tag.attachment, hash))
			return true;
	}
	return false;
}

static bool is_stale(const char *text, const char *network, const struct wire_attachment *valid,
		     size_t n)
{
	char hash[WIRE_HASH_LEN];
	struct tag tag;

	if (!tag_parse(text, &tag) || strcmp(tag.network, network_hash(network, hash)) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(tag.attachment, wire_attachment_hash(&valid[i], hash)))
			return false;
	}
	return true;
}

bool tag_is_stale(const struct link *link, const char *network, const struct wire_attachment *valid,
		  size_t n)
{
	int i = 0;

	while (i < link->n_tags && is_stale(link->tags[i], network, valid, n))
		i++;
	return i > 0 && i == link->n_tags;
}
