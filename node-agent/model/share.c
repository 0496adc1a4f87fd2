/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/share.h"

#include <stdint.h>

#define FNV_OFFSET 2166136261u
#define FNV_PRIME 16777619u

static uint32_t fnv1a(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
	return hash;
}

unsigned int share_place(const char *uid, const char *namespace, const char *name)
{
	uint32_t hash = fnv1a(FNV_OFFSET, uid && *uid ? uid : namespace);

	if (!uid || !*uid)
		hash = fnv1a(fnv1a(hash, "/"), name);
	return hash % 100;
}
