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

static bool is_gone(struct flows *f, uint64_t cookie)
{
	struct steer_counters ignored;

	return bpf_map_lookup_elem(f->maps[FLOWS_MAP_COUNTERS], &cookie, &ignored) == -ENOENT;
}

/* Both kinds of key begin with the cookie. */
static int drop_gone(struct flows *f, enum flows_map map, size_t max, size_t key_size,
		     size_t value_size)
{
	auto_free char *keys = calloc(max, key_size);
	auto_free void *values = calloc(max, value_size);
	uint64_t cookie, last = 0;
	uint32_t n = (uint32_t)max;
	bool gone = false;
	int rc;

	if (!keys || !values)
		return -ENOMEM;
	rc = pins_read_map(f->maps[map], keys, values, &n);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		const char *key = keys + i * key_size;

		memcpy(&cookie, key, sizeof(cookie));
		if (i == 0 || cookie != last)
			gone = is_gone(f, cookie);
		last = cookie;
		if (gone)
			rc = bpf_map_delete_elem(f->maps[map], key);
		if (rc == -ENOENT)
			rc = 0;
	}
	return rc;
}

int flows_drop_gone(struct flows *f, struct err *err)
{
	int rc = drop_gone(f, FLOWS_MAP_FLOWS, FLOWS_MAX, sizeof(struct flow_key),
			   sizeof(struct flow));

	if (rc == 0)
		rc = drop_gone(f, FLOWS_MAP_FALLBACKS, FLOWS_FALLBACKS_MAX,
			       sizeof(struct flow_fallback), sizeof(uint64_t));
	return rc < 0 ? err_sys(err, rc, "forget flows of pods that are gone") : 0;
}
