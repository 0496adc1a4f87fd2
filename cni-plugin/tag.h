/* SPDX-License-Identifier: Apache-2.0 */
/* The alternative name ("ip link property") that marks a link without an end on the host as ours.
 * It goes with the link from namespace to namespace, and back to the host's when a pod's dies.
 *
 * "smc-cni.<attachment>.<network>", both as 16 hex digits; of a device that is to be given back
 * also ".<MAC>.<MTU>.<up or down>.<name>", what it was like before.
 */
#ifndef SMC_PLUGIN_TAG_H
#define SMC_PLUGIN_TAG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/wire.h"

struct tag {
	char attachment[WIRE_HASH_LEN];
	char network[WIRE_HASH_LEN];
	struct link before; /* name, mac, mtu, up; name "": the link is our own making */
};

/* The group ("ip link set group") that a link of this network is born with. Unlike a tag or an
 * alias it is part of the request that makes the link, so it tells whose the link is even when the
 * plugin is killed right after that. Never 0, the default group. */
uint32_t tag_group(const char *network);

/* before: NULL for a link of our own making. ret holds LINK_TAG_MAX + 1 bytes. */
const char *tag_format(const struct wire_attachment *a, const struct link *before, char *ret);
/* False if the text is no tag. */
bool tag_parse(const char *text, struct tag *ret);

/* A link has one tag. A device of the host may have several, of ADDs at the same time before
 * hostdev_hold() was there. It then counts as the device of each of them, as only one of them has
 * it in its pod. */

/* The first tag of the link that says what it was like before; NULL: it is no device of the
 * host. */
const char *tag_of_device(const struct link *link, struct tag *ret);
bool tag_is_of(const struct link *link, const struct wire_attachment *a);
/* True if all its tags are of this network, and none is of valid[0..n). */
bool tag_is_stale(const struct link *link, const char *network, const struct wire_attachment *valid,
		  size_t n);

#endif
