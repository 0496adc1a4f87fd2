#include "cni-plugin/tag.h"

#include <inttypes.h>
#include <stdio.h>
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

static bool take_before(const char *text, struct link *ret)
{
	uint8_t *mac = ret->mac;
	char state[8];
	int end = 0;

	if (sscanf(text, ".%2" SCNx8 "%2" SCNx8 "%2" SCNx8 "%2" SCNx8 "%2" SCNx8 "%2" SCNx8
			 ".%" SCNu32 ".%7[a-z].%n",
		   &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &ret->mtu, state,
		   &end) != 8 ||
	    end == 0 || !wire_ifname_valid(text + end))
		return false;
	ret->up = !strcmp(state, "up");
	strcpy(ret->name, text + end);
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

bool tag_is_of(const struct link *link, const struct wire_attachment *a)
{
	char hash[WIRE_HASH_LEN];
	struct tag tag;

	return tag_parse(link->tag, &tag) &&
	       !strcmp(tag.attachment, wire_attachment_hash(a, hash));
}

bool tag_is_stale(const struct link *link, const char *network, const struct wire_attachment *valid,
		  size_t n)
{
	char hash[WIRE_HASH_LEN];
	struct tag tag;

	if (!tag_parse(link->tag, &tag) || strcmp(tag.network, network_hash(network, hash)) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(tag.attachment, wire_attachment_hash(&valid[i], hash)))
			return false;
	}
	return true;
}
