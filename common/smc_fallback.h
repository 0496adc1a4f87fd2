/* SPDX-License-Identifier: Apache-2.0 */
/* Why a connection stayed TCP: SMC's diagnosis codes in words (net/smc/smc_clc.h SMC_CLC_DECL_*).
 */
#ifndef SMC_COMMON_SMC_FALLBACK_H
#define SMC_COMMON_SMC_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

struct smc_fallback_reason {
	uint32_t code;
	const char *name; /* short, stable, for a metric label: "peer-no-smc" */
	const char *text; /* a sentence for an operator: what it means */
	const char *advice; /* what to do about it, or NULL when it is normal */
};

/* Never NULL: unknown codes give the entry named "other". */
const struct smc_fallback_reason *smc_fallback_reason(uint32_t code);

/* The other way round; several codes may share a name, text and advice. */
const struct smc_fallback_reason *smc_fallback_named(const char *name);

#endif
