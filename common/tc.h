/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic control, as much as SMC-R between two pods of one node needs: packets of one UDP port
 * that come in on an interface (loopback) are handed to another as if that had received them.
 *
 * The redirect must sit on ingress: on loopback's egress the kernel drops the packet's route
 * (act_mirred, "drop dst for egress -> ingress") and then refuses a source address that is its own.
 */
#ifndef SMC_COMMON_TC_H
#define SMC_COMMON_TC_H

#include <netinet/in.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct tc_redirect {
	int from; /* ifindex whose ingress is watched; it has a clsact or ingress qdisc */
	int to; /* ifindex that gets the packets; 0 when read back: its interface is gone */
	struct in_addr dst; /* their destination address, network byte order */
	uint16_t dst_port; /* UDP, host byte order */
	uint16_t pref; /* priority of the filter among all on the hook: 1 is asked first */
};

/* True if the interface has a clsact qdisc, or an ingress one (they share one place, and either
 * will do). */
int tc_has_clsact(struct nl_sock *sk, int ifindex, bool *ret, struct err *err);
int tc_clsact_add(struct nl_sock *sk, int ifindex, struct err *err); /* -EEXIST */
/* With all its filters. -ENOENT. */
int tc_clsact_del(struct nl_sock *sk, int ifindex, struct err *err);
/* Number of filters, of everybody, on both hooks of a clsact. */
int tc_filter_count(struct nl_sock *sk, int ifindex, struct err *err);

/* Adds one more, also if there is an equal one: see tc_redirect_find. A u32 filter: every kernel
 * has it, and it costs the other packets of loopback little. */
int tc_redirect_add(struct nl_sock *sk, const struct tc_redirect *r, struct err *err);
/* By all of r but `to`, which is returned. -ENOENT. */
int tc_redirect_find(struct nl_sock *sk, const struct tc_redirect *r, int *ret_to, struct err *err);
/* By all of r but `to`. -ENOENT. */
int tc_redirect_del(struct nl_sock *sk, const struct tc_redirect *r, struct err *err);

#endif
