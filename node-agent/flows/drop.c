/* SPDX-License-Identifier: Apache-2.0 */
/* Takes entries out of the maps: those of pods that are gone, or, of connects that wait
 * (bpf/bounds.h), all: what ended while nobody watched was not seen to end. */
#include "node-agent/flows/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/bounds.h"
#include "bpf/steer.h"
#include "common/cleanup.h"
#include "node-agent/pins/pins.h"

/* Each key begins with 8 bytes that are the cookie, but for `connecting`, of which all go. */
static const struct sizes {
	size_t max, key, value;
} sizes[FLOWS_MAPS] = {
	[FLOWS_MAP_FLOWS] = { FLOWS_MAX, sizeof(struct flow_key), sizeof(struct flow) },
	[FLOWS_MAP_FALLBACKS] = { FLOWS_FALLBACKS_MAX, sizeof(struct flow_fallback),
				  sizeof(uint64_t) },
	[FLOWS_MAP_CONNECTING] = { BOUNDS_CONNECTS_MAX, sizeof(uint64_t), sizeof(uint64_t) },
	[FLOWS_MAP_PENDING] = { STEER_MAX_PODS + 1, sizeof(uint64_t), sizeof(struct pending) },
};

static bool is_gone(struct flows *f, uint64_t cookie)
{
	struct steer_counters ignored;

	return cookie != BOUNDS_NODE_COOKIE &&
	       bpf_map_lookup_elem(f->maps[FLOWS_MAP_COUNTERS], &cookie, &ignored) == -ENOENT;
}

static int drop(struct flows *f, enum flows_map map, bool all)
{
	const struct sizes *size = &sizes[map];
	auto_free char *keys = calloc(size->max, size->key);
	auto_free void *values = calloc(size->max, size->value);
	uint64_t cookie, last = 0;
	uint32_t n = (uint32_t)size->max;
	bool goes = all;
	int rc;

	if (!keys || !values)
		return -ENOMEM;
	rc = pins_read_map(f->maps[map], keys, values, &n);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		const char *key = keys + i * size->key;

		memcpy(&cookie, key, sizeof(cookie));
		if (!all && (i == 0 || cookie != last))
			goes = is_gone(f, cookie);
		last = cookie;
		if (goes)
			rc = bpf_map_delete_elem(f->maps[map], key);
		if (rc == -ENOENT)
			rc = 0;
	}
	return rc;
}

int flows_drop_gone(struct flows *f, struct err *err)
{
	static const enum flows_map maps[] = { FLOWS_MAP_FLOWS, FLOWS_MAP_FALLBACKS,
					       FLOWS_MAP_PENDING };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(maps) && rc == 0; i++)
		rc = drop(f, maps[i], false);
	return rc < 0 ? err_sys(err, rc, "forget flows of pods that are gone") : 0;
}

int flows_reset_pending(struct flows *f, struct err *err)
{
	int rc = drop(f, FLOWS_MAP_CONNECTING, true);

	if (rc == 0)
		rc = drop(f, FLOWS_MAP_PENDING, true);
	return rc < 0 ? err_sys(err, rc, "begin to count connects that wait") : 0;
}
