/* SPDX-License-Identifier: Apache-2.0 */
/* The paths to peers, which the programs write (bpf/paths.h). */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "node-agent/pins/pins.h"

int offer_paths_gate(struct offer *o, const struct path_node *node, struct err *err)
{
	uint32_t zero = 0;
	int rc;

	FAULT_POINT("proof of paths", err);
	rc = bpf_map_update_elem(o->maps[OFFER_MAP_PATH_NODE], &zero, node, BPF_ANY);
	return rc < 0 ? err_sys(err, rc, "say whether paths are watched") : 0;
}

int offer_paths_read(struct offer *o, uint64_t now_ns, struct path_list *ret, struct err *err)
{
	auto_free struct path_key *keys = calloc(PATHS_MAX, sizeof(*keys));
	auto_free struct path *values = calloc(PATHS_MAX, sizeof(*values));
	struct path_list list = { .n = 0 };
	uint32_t n = PATHS_MAX;
	int rc;

	if (!keys || !values)
		return err_sys(err, ENOMEM, "read paths");
	rc = pins_read_map(o->maps[OFFER_MAP_PATHS], keys, values, &n);
	if (rc < 0)
		return err_sys(err, rc, "read paths");
	list.all = calloc((size_t)n + 1, sizeof(*list.all));
	if (!list.all)
		return err_sys(err, ENOMEM, "read paths");
	for (uint32_t i = 0; i < n; i++) {
		if (path_is_forgotten(&values[i], now_ns))
			(void)bpf_map_delete_elem(o->maps[OFFER_MAP_PATHS], &keys[i]);
		else
			list.all[list.n++] = (struct path_entry){ keys[i], values[i] };
	}
	qsort(list.all, (size_t)list.n, sizeof(*list.all), path_compare);
	*ret = list;
	return 0;
}
