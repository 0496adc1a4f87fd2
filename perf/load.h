/* SPDX-License-Identifier: Apache-2.0 */
/* What the whole system has used so far, as /proc says: SMC works in threads of the kernel that no
 * process is charged for, and keeps its buffers in memory that no process has. In a container /proc
 * says it of the node. */
#ifndef SMC_PERF_LOAD_H
#define SMC_PERF_LOAD_H

#include <stdint.h>

#include "common/err.h"

struct load {
	uint64_t busy_us; /* of all processors since boot: user, nice, system, irq, softirq */
	uint64_t used_bytes; /* of memory: neither free nor a cache that can be dropped */
};

int load_read(struct load *ret, struct err *err);

/* The two halves, of the files' text: /proc/stat, /proc/meminfo. ticks_s: how many ticks a second
 * has. -EPROTO. */
int load_parse_stat(const char *text, long ticks_s, uint64_t *ret_busy_us, struct err *err);
int load_parse_meminfo(const char *text, uint64_t *ret_used_bytes, struct err *err);

#endif
