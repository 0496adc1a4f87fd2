/* SPDX-License-Identifier: Apache-2.0 */
/* The alternative name ("ip link property") that marks a link without an end on the host as ours.
 * It is "smc-cni.<attachment>.<network>", both as 16 hex digits. A pod can write it as well as we
 * can, so that it tells which of the pod's links may be deleted there, and nothing else.
 */
#ifndef SMC_PLUGIN_TAG_H
#define SMC_PLUGIN_TAG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/wire.h"

/* The group ("ip link set group") that a link of this network is born with. Unlike a tag or an
 * alias it is part of the request that makes the link, so it tells whose the link is even when the
 * plugin is killed right after that. Never 0, the default group. */
uint32_t tag_group(const char *network);

/* ret holds LINK_TAG_MAX + 1 bytes. */
const char *tag_format(const struct wire_attachment *a, char *ret);
bool tag_is_of(const struct link *link, const struct wire_attachment *a);
/* True if all its tags are of this network, and none is of valid[0..n). */
bool tag_is_stale(const struct link *link, const char *network, const struct wire_attachment *valid,
		  size_t n);

#endif
