/* SPDX-License-Identifier: Apache-2.0 */
/* Many connections of one size of message, each of which is sent back, served by one thread. */
#ifndef SMC_PERF_POOL_H
#define SMC_PERF_POOL_H

#include <stdint.h>

#include "common/err.h"

/* Starts the thread, which lives as long as the program. */
int pool_start(struct err *err);

/* Takes fd over, whatever comes of it. size: at most POOL_SIZE_MAX. */
#define POOL_SIZE_MAX 4096
void pool_add(int fd, uint32_t size);

#endif
