/* SPDX-License-Identifier: Apache-2.0 */
/* The names in wire.h's messages: what is allowed, and a hash of the three of an attachment. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/wire.h"

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool wire_name_valid(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= WIRE_NAME_MAX || !plain(text[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!plain(text[i]) && !strchr("_.-", text[i]))
			return false;
	}
	return true;
}

/* As the kernel's dev_valid_name(), without what a terminal or a log line would choke on, and
 * without '%', which no interface has: asked for "eth%d" the kernel makes an eth0 (net/core/dev.c,
 * dev_alloc_name). */
bool wire_ifname_valid(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= IFNAMSIZ || !strcmp(text, ".") || !strcmp(text, ".."))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~' || strchr("/:%", text[i]))
			return false;
	}
	return true;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do { /* with the NUL: "a","bc" and "ab","c" differ */
		hash ^= (unsigned char)*text;
		hash *= UINT64_C(0x100000001b3);
	} while (*text++);
	return hash;
}

const char *wire_attachment_hash(const struct wire_attachment *a, char buf[WIRE_HASH_LEN])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = hash_text(hash, a->network);
	hash = hash_text(hash, a->container_id);
	hash = hash_text(hash, a->ifname);
	(void)snprintf(buf, WIRE_HASH_LEN, "%016" PRIx64, hash);
	return buf;
}

bool wire_attachment_same(const struct wire_attachment *a, const struct wire_attachment *b)
{
	return !strcmp(a->container_id, b->container_id) && !strcmp(a->ifname, b->ifname) &&
	       !strcmp(a->network, b->network);
}
