/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/share.h"

#include <stdint.h>

#include "common/fnv.h"

unsigned int share_place(const char *uid, const char *namespace, const char *name)
{
	uint32_t hash = uid && *uid ? fnv1a(FNV1A_START, uid) : fnv1a_pair(namespace, name);

	return hash % 100;
}
