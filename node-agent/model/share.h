/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods are in a share of N per cent: the same ones on every node, at every start, and all of
 * them still when the share grows. Pure. */
#ifndef SMC_AGENT_SHARE_H
#define SMC_AGENT_SHARE_H

/* The pod's place among a hundred, 0 to 99: FNV-1a (32 bits) of its uid, modulo 100; of
 * "namespace/name" where there is no uid. It is in a share of N per cent if that is below N. */
unsigned int share_place(const char *uid, const char *namespace, const char *name);

#endif
