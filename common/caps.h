/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the calling thread (capabilities(7)). */
#ifndef SMC_COMMON_CAPS_H
#define SMC_COMMON_CAPS_H

#include <stdint.h>

/* The effective set: bit n is capability n of <linux/capability.h>. 0 or -errno. */
int caps_effective(uint64_t *ret);

#endif
