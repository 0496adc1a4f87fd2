/* SPDX-License-Identifier: Apache-2.0 */
/* What connections really are: an SMC socket that has fallen back is TCP, and nothing that is
 * measured over it may be called SMC. */
#ifndef SMC_PERF_VERDICT_H
#define SMC_PERF_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perf/transport.h"

enum verdict_kind {
	VERDICT_NONE, /* nothing was asked yet */
	VERDICT_TCP,
	VERDICT_UNIX,
	VERDICT_SMC, /* SMC; which one could not be asked (no module smc_diag) */
	VERDICT_SMCR,
	VERDICT_SMCD,
	VERDICT_FALLBACK, /* at least one has fallen back */
};

struct verdict {
	enum verdict_kind kind;
	size_t n; /* connections looked at */
	size_t fallen; /* how many of them have fallen back */
	uint32_t reason; /* of one that has; 0: it could not be asked */
	uint32_t peer_diagnosis;
	uint64_t buffer_bytes; /* SMC's buffers of one connection, at our end; 0: not known */
};

/* Of open connections of the thread's network namespace, each made by `t`. 0 or -errno. */
int verdict_of(enum transport t, const int *fds, size_t n, struct verdict *ret, struct err *err);

/* False: it is not what was asked for, so no number of it may be shown under its name. */
bool verdict_holds(enum transport t, const struct verdict *v);

/* "TCP", "SMC-D", "fallback" and so on. */
const char *verdict_name(const struct verdict *v);

/* Why it does not hold, with what to do about it, as an error. Returns -EPROTONOSUPPORT. */
int verdict_refuse(enum transport t, const struct verdict *v, struct err *err);

#endif
