/* SPDX-License-Identifier: Apache-2.0 */
/* The agent itself on /metrics, under the names that Prometheus' clients share. */
#ifndef SMC_AGENT_PROCESS_METRICS_H
#define SMC_AGENT_PROCESS_METRICS_H

#include <stdint.h>
#include <stdio.h>

struct process_metrics {
	double cpu_s; /* user and system time */
	double start_s; /* since 1970 */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds;
};

/* From /proc/self (proc(5)), which waits for nothing. What cannot be read is 0. */
void process_metrics_read(struct process_metrics *ret);
void process_metrics_render(FILE *out, const struct process_metrics *p);

#endif
