/* SPDX-License-Identifier: Apache-2.0 */
/* What all sources share, for the files that are one. */
#ifndef SMC_AGENT_SOURCE_IMPL_H
#define SMC_AGENT_SOURCE_IMPL_H

#include "node-agent/source/source.h"
#include "node-agent/source/store.h"

struct source_ops {
	const char *kind;
	bool may_lag;
	void (*close)(struct source *s); /* frees all but the store */
	const char *(*from)(const struct source *s);
	const char *(*why)(const struct source *s); /* NULL: nothing is ever wrong */
	uint64_t (*restarts)(const struct source *s); /* NULL: it has no watches */
	int (*seed)(struct source *s, const json_t *saved, struct err *err);
};

struct source { /* the first member of each kind's own struct */
	const struct source_ops *ops;
	source_changed_fn *changed;
	void *arg;
	struct source_store store;
	bool synced;
	bool namespaces_read, namespaces_seeded;
};

#endif
