/* SPDX-License-Identifier: Apache-2.0 */
/* The routing rules that the kernel adds with the first VRF of a namespace: "pref 1000 from all
 * lookup [l3mdev-table]", for IPv4, IPv6 and the multicast routing of both (drivers/net/vrf.c,
 * vrf_add_fib_rules). They outlive the VRF, and once removed do not come back with a second one.
 */
#ifndef SMC_COMMON_RULE_H
#define SMC_COMMON_RULE_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* Sets of families. */
#define RULE_IPV4 1u
#define RULE_IPV6 2u
#define RULE_IPMR 4u /* ip mrule */
#define RULE_IP6MR 8u
#define RULE_ALL 15u

/* The families in which the kernel's own rule (protocol kernel, pref 1000, l3mdev) is there; one
 * that somebody added by hand does not count. */
int rule_l3mdev_get(struct nl_sock *sk, uint32_t *ret_families, struct err *err);

/* Removes the kernel's own rule of the wanted families; what is gone is fine. */
int rule_l3mdev_del(struct nl_sock *sk, uint32_t wanted, struct err *err);

/* True if a rule of any family looks up the table. */
int rule_uses_table(struct nl_sock *sk, uint32_t table, bool *ret, struct err *err);

#endif
