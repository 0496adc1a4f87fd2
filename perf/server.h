/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of what is measured: answers whoever speaks smc-perf's protocol. */
#ifndef SMC_PERF_SERVER_H
#define SMC_PERF_SERVER_H

#include <stdbool.h>

#include "perf/transport.h"

/* Serves until it is killed, or with `once` until the first client has left. Without SMC in the
 * kernel the other transports are served, and stderr is told. 0 or -errno. */
int server_run(const struct target *where, bool once, struct err *err);

#endif
