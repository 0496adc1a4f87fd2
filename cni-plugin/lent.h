/* SPDX-License-Identifier: Apache-2.0 */
/* What the host remembers of each device that it has lent to a pod, in a file of the plugin's own
 * folder (rundir.h), where no pod can write. The file is written before the device is moved, and
 * removed when the device is as it was. DEL, GC and CHECK go by it: what a device in a pod looks
 * like, or says of itself, gives nobody an order.
 */
#ifndef SMC_PLUGIN_LENT_H
#define SMC_PLUGIN_LENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/link.h"
#include "common/netns.h"
#include "common/rdma_nl.h"
#include "common/wire.h"

#define LENT_ALTNAMES_MAX 16 /* what a device has beyond these is not given back */

struct lent {
	struct wire_attachment attachment; /* whose it is */
	struct netns_id netns; /* of the pod */
	uint64_t id; /* netdev.h */
	bool real; /* netdev.h */
	struct link before; /* name, mac, mtu, flags, group, alias */
	int n_altnames; /* before */
	char altnames[LENT_ALTNAMES_MAX][LINK_ALTNAME_MAX + 1];
	bool has_rdma; /* its RDMA device was lent with it */
	struct rdma_nl_device rdma;
};

/* Replaces what is remembered of the device. */
int lent_write(const struct lent *l, struct err *err);
/* It is fine if nothing is remembered. */
int lent_forget(const struct lent *l, struct err *err);

/* Calls fn for each, in no order, until it returns other than 0, which is then returned. A file
 * that cannot be understood is told of on stderr, and left alone; those of an earlier boot are
 * removed. */
typedef int lent_fn(const struct lent *l, void *arg, struct err *err);
int lent_each(lent_fn *fn, void *arg, struct err *err);
/* These return 1 and the first that there is, or 0. */
int lent_to(const struct wire_attachment *a, struct lent *ret, struct err *err);
int lent_of_device(uint64_t id, struct lent *ret, struct err *err);

#endif
