/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of the offer programs, which end with the layout: "smc_egress_v1". The kernel keeps 15
 * characters. */
#ifndef SMC_BPF_OFFER_NAMES_H
#define SMC_BPF_OFFER_NAMES_H

#include "bpf/steer.h"

#define OFFER_PASTE_(a, b) a##b
#define OFFER_PASTE(a, b) OFFER_PASTE_(a, b)
#define OFFER_EGRESS OFFER_PASTE(smc_egress_v, STEER_LAYOUT)
#define OFFER_INGRESS OFFER_PASTE(smc_ingress_v, STEER_LAYOUT)

#endif
