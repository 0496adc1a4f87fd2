/* SPDX-License-Identifier: Apache-2.0 */
/* Room flows/: who of a pod's peers got SMC, who TCP, and why: the programs that watch handshakes.
 * Thread: the worker's.
 * Never: knows of pods: a flow has the cookie of a network namespace.
 */

/* The programs of bpf/flows.bpf.c and their maps (bpf/flows.h). The maps are pinned, so that an
 * agent goes on where the one before it ended. The programs are not: they watch as long as this
 * handle is open, and keep the module smc in the kernel for that time. */
#ifndef SMC_AGENT_FLOWS_H
#define SMC_AGENT_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/flows.h"
#include "common/err.h"
#include "node-agent/model/flow.h"

struct flows;

/* Loads and attaches. The hook's maps must be there (steer_open()), and SMC in the kernel.
 * -EOPNOTSUPP: its functions cannot be found in the kernel's BTF or the module's. */
int flows_open(const char *bpffs_dir, struct flows **ret, struct err *err);
void flows_close(struct flows *f); /* NULL is fine; what was counted stays */

/* 0, or -ENOENT: the maps that are pinned are not ours any more. flows_close(), then flows_open()
 * mends it. */
int flows_check(struct flows *f, struct err *err);

/* Fallbacks of that reason (SMC_CLC_DECL_*) in that role; 0: none was seen. */
uint64_t flows_fallbacks(struct flows *f, uint64_t cookie, uint32_t reason, bool server);

/* All flows; the caller frees. Returns their number. */
int flows_read(struct flows *f, struct flow_entry **ret, struct err *err);

/* Forgets what was counted, and how many connects wait, of namespaces that have no entry in
 * `counters` any more. */
int flows_drop_gone(struct flows *f, struct err *err);

#endif
