/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses of interfaces over an rtnetlink socket (nlsock_open with NETLINK_ROUTE), in that
 * socket's namespace.
 *
 * Errors name the address, not the interface (only its index is known here): callers prefix the
 * name.
 */
#ifndef SMC_COMMON_ADDR_H
#define SMC_COMMON_ADDR_H

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <stdint.h>

#include "common/err.h"
#include "common/inet.h"

#ifndef IFA_PROTO /* in <linux/if_addr.h> since 5.18; older kernels ignore it */
#define IFA_PROTO 11
#endif

struct addr {
	int ifindex;
	struct inet_addr local; /* prefix_len counts when there is no peer */
	struct inet_addr peer; /* the other end's address or prefix ("ip addr add L peer P/len");
				  family 0: none */
	uint8_t scope; /* RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, RT_SCOPE_HOST */
	uint8_t protocol; /* IFA_PROTO: who added it; 0: nobody said. Read back as 0 before 5.18 */
	uint32_t flags; /* IFA_F_NOPREFIXROUTE, IFA_F_NODAD; read back with what the kernel adds */
};

/* -EEXIST if the interface has the address already (with whatever scope and flags). */
int addr_add(struct nl_sock *sk, const struct addr *addr, struct err *err);
/* Matches ifindex, local, prefix and peer. -EADDRNOTAVAIL if it is not there; -ENODEV if the
 * interface is gone. */
int addr_del(struct nl_sock *sk, const struct addr *addr, struct err *err);
/* family: AF_INET or AF_INET6 or AF_UNSPEC; ifindex 0: of all interfaces. The caller frees *ret.
 * Returns the number. */
int addr_list(struct nl_sock *sk, int family, int ifindex, struct addr **ret, struct err *err);

#endif
