/* SPDX-License-Identifier: Apache-2.0 */
/* A run: who is at the other end, that each transport is what it is called, then all samples. */
#ifndef SMC_PERF_CLIENT_H
#define SMC_PERF_CLIENT_H

#include <stdio.h>

#include "perf/options.h"
#include "perf/results.h"

/* ret_bench's info_fd is the caller's to close (-1 before). -EPROTONOSUPPORT: SMC was asked for and
 * is not to be had; err says why. */
int client_open(const struct options *o, struct bench *ret, struct err *err);

/* All cells, round by round with the transports in turns (stats_order()). progress: a line for each
 * cell goes there, or NULL. */
int client_run(const struct options *o, const struct bench *b, struct results *ret, FILE *progress,
	       struct err *err);

#endif
