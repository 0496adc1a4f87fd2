/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of stand-alone interface: how its links are made, checked and removed. What all kinds have
 * in common (up, addresses, the result) is in iface.c; each kind is a file kind_*.c.
 */
#ifndef SMC_PLUGIN_KIND_H
#define SMC_PLUGIN_KIND_H

#include <jansson.h>
#include <netlink/netlink.h>
#include <stdbool.h>

#include "cni-plugin/conf.h"
#include "cni-plugin/env.h"
#include "common/err.h"
#include "common/link.h"
#include "common/wire.h"

#define KIND_LINKS_MAX 3

/* One verb's work on one attachment. All pointers are borrowed. */
struct kind_work {
	const struct env *env;
	const struct conf *conf;
	int netns_fd; /* the pod's; -1 with DEL: gone */
	struct nl_sock *host, *pod; /* pod: NULL with netns_fd -1 */
	struct wire_attachment attachment;
	struct link links[KIND_LINKS_MAX]; /* as the result lists them; the pod's own is the last */
	int n_links;
	bool made_bridge;
	char pci[PCI_NAME_MAX]; /* the pod's device's PCI address; "" if it has none */
};

struct kind {
	bool has_host_end; /* a veth pair: DEL and GC find it from the host */
	bool is_shared; /* on a segment with others, who are told of new addresses */
	uint32_t addr_flags; /* of the pod's addresses, beside IFA_F_NODAD */
	/* Makes the links; the pod's has its name and is down. Sets those of the host in `links`
	 * and n_links. On failure nothing is left. */
	int (*make)(struct kind_work *w, struct err *err);
	/* NULL, or: routes in the pod that come before those of the result. */
	int (*add_routes)(struct kind_work *w, const json_t *result, struct err *err);
	/* NULL, or: the host's side, once the pod's addresses are known and in place. */
	int (*finish)(struct kind_work *w, const json_t *result, struct err *err);
	/* NULL, or for STATUS: fails when something that ADD needs of the host is not there. */
	int (*ready)(struct kind_work *w, struct err *err);
	/* The pod's link is in links[0]. -ENOENT names the first thing that is not as made. */
	int (*check)(struct kind_work *w, const json_t *result, struct err *err);
	/* What is gone is fine. */
	int (*del)(struct kind_work *w, struct err *err);
};

const struct kind *kind_of(const struct conf *conf);

extern const struct kind kind_veth, kind_ptp, kind_macvlan, kind_ipvlan_l2, kind_ipvlan_l3,
	kind_host_device, kind_dummy;

#endif
