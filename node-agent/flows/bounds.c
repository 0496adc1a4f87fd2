/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs count of connects that wait (bpf/bounds.h): what ended while nobody watched was
 * not seen to end. */
#include "node-agent/flows/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "bpf/bounds.h"
#include "bpf/steer.h"
#include "common/cleanup.h"
#include "node-agent/pins/pins.h"

static int empty(int fd, size_t max, size_t value_size)
{
	auto_free uint64_t *keys = calloc(max, sizeof(*keys));
	auto_free void *values = calloc(max, value_size);
	uint32_t n = (uint32_t)max;
	int rc;

	if (!keys || !values)
		return -ENOMEM;
	rc = pins_read_map(fd, keys, values, &n);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		rc = bpf_map_delete_elem(fd, &keys[i]);
		if (rc == -ENOENT)
			rc = 0;
	}
	return rc;
}

int flows_reset_pending(struct flows *f, struct err *err)
{
	int rc = empty(f->maps[FLOWS_MAP_CONNECTING], BOUNDS_CONNECTS_MAX, sizeof(uint64_t));

	if (rc == 0)
		rc = empty(f->maps[FLOWS_MAP_PENDING], STEER_MAX_PODS + 1, sizeof(struct pending));
	return rc < 0 ? err_sys(err, rc, "begin to count connects that wait") : 0;
}
