/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of node-agent/flows/: the handle. */
#ifndef SMC_AGENT_FLOWS_IMPL_H
#define SMC_AGENT_FLOWS_IMPL_H

#include "node-agent/flows/flows.h"

#include <limits.h>

enum flows_map {
	FLOWS_MAP_FLOWS,
	FLOWS_MAP_FALLBACKS,
	FLOWS_MAP_COUNTERS,
	FLOWS_MAP_CONNECTING,
	FLOWS_MAP_PENDING,
	FLOWS_MAPS
};

extern const char *const flows_map_names[FLOWS_MAPS];

struct flows_bpf;

struct flows {
	struct flows_bpf *skel; /* owns the links */
	int maps[FLOWS_MAPS];
	uint32_t map_ids[FLOWS_MAPS];
	char bpffs_dir[PATH_MAX];
};

/* drop.c: no connect waits, as far as is known. Before the programs are attached. */
int flows_reset_pending(struct flows *f, struct err *err);

#endif
