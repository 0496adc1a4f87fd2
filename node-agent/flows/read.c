/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/flows/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/steer.h"
#include "common/cleanup.h"
#include "node-agent/pins/pins.h"

uint64_t flows_fallbacks(struct flows *f, uint64_t cookie, uint32_t reason, bool server)
{
	const struct flow_fallback id = { .cookie = cookie, .reason = reason, .server = server };
	uint64_t n = 0;

	(void)bpf_map_lookup_elem(f->maps[FLOWS_MAP_FALLBACKS], &id, &n);
	return n;
}

int flows_read(struct flows *f, struct flow_entry **ret, struct err *err)
{
	auto_free struct flow_key *keys = calloc(FLOWS_MAX, sizeof(*keys));
	auto_free struct flow *values = calloc(FLOWS_MAX, sizeof(*values));
	auto_free struct flow_entry *all = NULL;
	uint32_t n = FLOWS_MAX;
	int used = 0, rc;

	if (!keys || !values)
		return err_sys(err, ENOMEM, "read flows");
	rc = pins_read_map(f->maps[FLOWS_MAP_FLOWS], keys, values, &n);
	if (rc < 0)
		return err_sys(err, rc, "read flows");
	all = calloc((size_t)n + 1, sizeof(*all));
	if (!all)
		return err_sys(err, ENOMEM, "read flows");
	for (uint32_t i = 0; i < n; i++) {
		if (values[i].n > 0) /* else all of them fell back after all */
			all[used++] = (struct flow_entry){ keys[i], values[i] };
	}
	*ret = TAKE_PTR(all);
	return used;
}
