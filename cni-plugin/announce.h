/* SPDX-License-Identifier: Apache-2.0 */
/* Tells a segment of a pod's new addresses by unsolicited neighbour advertisements and gratuitous
 * ARP, so that neighbours which knew another MAC address for them (the previous pod's) learn at
 * once. For IPv4 the kernel does it when the interface comes up, iface_pod_up(), if it is not up
 * already.
 */
#ifndef SMC_PLUGIN_ANNOUNCE_H
#define SMC_PLUGIN_ANNOUNCE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/link.h"

/* Sends one for each IPv6 address of the result, and with v4 for each IPv4 address, from the pod's
 * interface, which is up. A failure is logged, and nothing else comes of it. Without a carrier
 * there is nobody to tell. */
void announce(int netns_fd, const struct link *link, const json_t *result, bool v4);

#endif
