/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a stand-alone interface that is in the pod: up, addresses, routes. */
#ifndef SMC_PLUGIN_IFACE_POD_H
#define SMC_PLUGIN_IFACE_POD_H

#include <jansson.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "cni-plugin/conf.h"
#include "common/err.h"
#include "common/link.h"
#include "common/route.h"

/* To be called before the interface comes up: the kernel then sends a gratuitous ARP when it
 * does. */
int iface_pod_set_arp_notify(struct nl_sock *sk, const struct link *link, struct err *err);
/* For a pod whose addresses come from IPAM: it makes itself none (SLAAC), and takes no route from a
 * router on the link. Before the interface comes up. */
int iface_pod_refuse_routers(int netns_fd, const char *ifname, struct err *err);
/* Gives it the result's addresses, with these IFA_F_ flags, and brings it up. sk is the pod's. With
 * IPv6 in the result, duplicate address detection is off on the interface before it comes up: its
 * addresses are usable when ADD returns. They stay when the link goes down. */
int iface_pod_up(struct nl_sock *sk, int netns_fd, const struct link *link, const json_t *result,
		 uint32_t addr_flags, struct err *err);
int iface_pod_add_routes(struct nl_sock *sk, const struct link *link, const json_t *result,
			 struct err *err);
/* -ENOENT names the first address or route that is missing, or is not as the result has it. What
 * the result does not say a later plugin of the chain may have changed, such as the table (sbr). */
int iface_pod_check(struct nl_sock *sk, const struct link *link, const json_t *result,
		    struct err *err);

/* Is a route of this destination, gateway and table (0: any) there? -ENOENT. `where` is for
 * messages ("of the pod"). */
int iface_pod_check_route(struct nl_sock *sk, const struct route *wanted, const char *where,
			  const struct link *link, struct err *err);

/* isDefaultGateway: a default route for each family that has a gateway and no default route yet.
 * -ENOMEM. */
int iface_pod_add_default_routes(json_t *result, const struct conf *conf);

#endif
