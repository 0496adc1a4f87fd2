/* SPDX-License-Identifier: Apache-2.0 */
/* The text of /metrics (Prometheus text exposition format 0.0.4). Pure rendering: the caller says
 * what is. */
#ifndef SMC_AGENT_METRICS_H
#define SMC_AGENT_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/steer.h"
#include "common/err.h"
#include "common/smc_nl.h"
#include "node-agent/model/facts.h"
#include "node-agent/model/latency.h"
#include "node-agent/model/stats.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Of a pod: smc_cni_pods{state}. */
enum metrics_state {
	METRICS_STEERED, /* in force */
	METRICS_TCP, /* nobody asked, or not allowed */
	METRICS_INVALID, /* a bad annotation */
	METRICS_UNAVAILABLE, /* asked for, and the node cannot */
	METRICS_N_STATES,
};

/* One a pod: the caller merges the attachments of one pod (they share counters and statistics).
 * Those of one namespace lie together. */
struct metrics_pod {
	const char *namespace;
	const char *name;
	enum metrics_state state;
	bool own; /* it has series of its own; else it is counted by namespace and state */
	const struct stats *stats; /* NULL: none were read */
};

struct process_metrics;

struct metrics_node {
	bool ready; /* smc_cni_node_ready{check="agent"} */
	const struct facts *facts; /* the other checks */
	const struct latency *requests; /* LATENCY_N_VERBS of them */
	bool paused; /* the switch */
	int paths_closed; /* of the RDMA paths to peers */
	uint64_t watch_restarts;
	uint64_t events_lost;
	const struct process_metrics *process; /* NULL: not shown */
};

/* The caller frees *ret, a string of *ret_len bytes. -ENOMEM. */
int metrics_render(const struct metrics_node *node, const struct metrics_pod *pods, size_t n_pods,
		   char **ret, size_t *ret_len, struct err *err);

#endif
