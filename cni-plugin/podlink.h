/* SPDX-License-Identifier: Apache-2.0 */
/* A link that is only in the pod: macvlan, ipvlan, dummy. Marked by its tag (tag.h). */
#ifndef SMC_PLUGIN_PODLINK_H
#define SMC_PLUGIN_PODLINK_H

#include "cni-plugin/kind.h"

struct podlink {
	const char *kind; /* as the kernel names it */
	int lower; /* index of the device on the host that it is made on; 0: none */
	int mode_attr; /* IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE; 0: the kind has no mode */
	size_t mode_size; /* bytes: 2 or 4 */
};

/* Makes the link in the pod in one request, down, under the pod's name. Before 6.15 the kernel
 * looks for that name on the host; if it is taken there, the link is made under another name and
 * renamed. On failure nothing is left. */
int podlink_make(struct kind_work *w, const struct podlink *p, struct err *err);
/* Kind, mode and lower device of links[0]. -ENOENT. */
int podlink_check(struct kind_work *w, const struct podlink *p, struct err *err);
int podlink_del(struct kind_work *w, struct err *err);
/* One of this network without a tag: its ADD was killed before it could set one. */
bool podlink_is_half_made(const struct link *link, const char *network);

/* ADD: p with the device to make it on, `master` or the one of the default route. -ENODEV if there
 * is none, -EINVAL if `mtu` is larger than its own. */
int podlink_on_master(struct kind_work *w, const struct podlink *p, struct podlink *ret,
		      struct err *err);
/* STATUS: would it be there? */
int podlink_ready(struct kind_work *w, struct err *err);
/* CHECK: p with `master`, if it is set: the default route may have gone elsewhere since. */
int podlink_on_known_master(struct kind_work *w, const struct podlink *p, struct podlink *ret,
			    struct err *err);

#endif
