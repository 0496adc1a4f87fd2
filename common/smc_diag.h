/* SPDX-License-Identifier: Apache-2.0 */
/* SMC sockets of the thread's own network namespace, by the kernel's socket monitor (module
 * smc_diag, linux/smc_diag.h). For connections of one's own: the monitor of old kernels is not safe
 * while others come and go in great numbers, so that what counts uses common/smc_nl.h. */
#ifndef SMC_COMMON_SMC_DIAG_H
#define SMC_COMMON_SMC_DIAG_H

#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

enum smc_diag_kind {
	SMC_DIAG_KIND_NONE, /* not connected */
	SMC_DIAG_KIND_SMCR,
	SMC_DIAG_KIND_SMCD,
	SMC_DIAG_KIND_TCP, /* has fallen back */
};

struct smc_diag_socket {
	ino_t inode; /* of the socket, as fstat(2) says it */
	enum smc_diag_kind kind;
	uint32_t reason; /* of KIND_TCP: smc_fallback_reason() takes it */
	uint32_t peer_diagnosis; /* what the peer gave as its reason, or 0 */
	uint32_t buffer_bytes; /* send and receive buffer of this end; 0: not known */
};

/* Calls fn for each. 0 or -errno: -ENOENT where the kernel cannot list them. */
typedef void smc_diag_fn(const struct smc_diag_socket *s, void *arg);
int smc_diag_each(int timeout_ms, smc_diag_fn *fn, void *arg, struct err *err);

#endif
