/* SPDX-License-Identifier: Apache-2.0 */
/* Routes over an rtnetlink socket (nlsock_open with NETLINK_ROUTE), in that socket's namespace.
 *
 * Errors name the route: "add route '10.0.0.0/8 via 10.1.0.1': Network is unreachable".
 */
#ifndef SMC_COMMON_ROUTE_H
#define SMC_COMMON_ROUTE_H

#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <stdint.h>

#include "common/err.h"
#include "common/inet.h"

struct route {
	struct inet_addr dst; /* host bits are cleared; prefix length 0: the default route */
	struct inet_addr gateway; /* family 0: none, the destination is on the link */
	int ifindex;
	uint32_t table; /* 0: RT_TABLE_MAIN */
	uint32_t priority; /* metric; 0: the kernel's choice */
	uint32_t mtu; /* bytes; 0: the interface's */
	uint32_t advmss; /* bytes; 0: the kernel's choice */
	uint8_t scope; /* RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, ... */
	uint8_t protocol; /* who added it; 0: RTPROT_STATIC when added */
};

/* -EEXIST if the table has the route already. */
int route_add(struct nl_sock *sk, const struct route *route, struct err *err);
/* Adds a route behind those to the same destination by other interfaces (for IPv6 with a larger
 * metric). -EEXIST only for the very same route. */
int route_append(struct nl_sock *sk, const struct route *route, struct err *err);
/* -ESRCH if it is not there. */
int route_del(struct nl_sock *sk, const struct route *route, struct err *err);
/* The unicast routes of one table (0: of all) that go out by one interface each; AF_INET
 * or AF_INET6. The caller frees *ret. Returns the number. */
int route_list(struct nl_sock *sk, int family, uint32_t table, struct route **ret, struct err *err);

#endif
