/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that deadlines are told by. */
#ifndef SMC_COMMON_CLOCK_H
#define SMC_COMMON_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: they do not jump when somebody sets the time. */
int64_t clock_now_ms(void);
/* Nanoseconds of CLOCK_BOOTTIME: what BPF programs write down (bpf_ktime_get_boot_ns()). */
uint64_t clock_boot_ns(void);

#endif
