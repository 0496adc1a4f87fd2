/* SPDX-License-Identifier: Apache-2.0 */
/* A device of the host that is lent to a pod: found by name or PCI address, moved, given back as it
 * was. While it is lent its tag (tag.h) says whose it is and what it was like; the tag goes with it
 * when the pod's namespace dies and the kernel moves it home by itself.
 */
#ifndef SMC_PLUGIN_HOSTDEV_H
#define SMC_PLUGIN_HOSTDEV_H

#include <netlink/netlink.h>

#include "cni-plugin/conf_interface.h"
#include "common/err.h"
#include "common/link.h"
#include "common/rdma_nl.h"
#include "common/wire.h"

/* The network device at a PCI address, not the representor of one of its functions (those are in
 * the same folder of sysfs). -ENODEV. */
int hostdev_at_pci(const char *pci, char ret[IFNAMSIZ], struct err *err);
/* The PCI address of a network device of the host; "" if it has none. */
void hostdev_pci_of(const char *name, char ret[PCI_NAME_MAX]);

/* Only one plugin at a time works on the devices that may be lent: from its look at one until it is
 * in the pod, and from the pod until it has its name again. Returns a descriptor to close. */
int hostdev_hold(struct err *err);
/* To be called with hostdev_hold(), so that nobody is about to move the device. A device with a tag
 * that is called `name`, or was before it was lent, belongs to no pod any more: it came home by
 * itself when its pod's namespace died, or its ADD was killed between mark and move. It becomes as
 * it was. Returns how many there were. */
int hostdev_reclaim(struct nl_sock *host, const char *name, struct err *err);
/* To be called with hostdev_hold() since `link` was read. Marks the device and moves it to the pod,
 * where it has the attachment's name and what conf says. On failure it is as it was. -EBUSY if it
 * is in use. */
int hostdev_lend(struct nl_sock *host, struct nl_sock *pod, const struct wire_attachment *a,
		 const struct link *link, int netns_fd, const struct conf_interface *conf,
		 struct err *err);
/* Moves a device from the pod's namespace back to the host. This function and the next one call
 * hostdev_hold() themselves. */
int hostdev_give_back(struct nl_sock *pod, struct nl_sock *host, const struct link *link,
		      struct err *err);
/* For a device that was seen on the host with its tag. If it is still there, its name, MAC, MTU and
 * whether it is up become as before, and the tag is removed. Its addresses are lost. */
int hostdev_restore(struct nl_sock *host, const struct link *link, struct err *err);
/* ---- RDMA netns mode exclusive: the RDMA device that belongs to the interface goes along ---- */

/* Finds the RDMA device of an interface in a namespace (-1: the host's). -ENODEV. */
int hostdev_rdma_find(int netns_fd, const char *ifname, char ret[RDMA_NL_DEVICE_MAX],
		      struct err *err);
/* Asked before anything is moved: -EOPNOTSUPP says what is in the way, the mode or a device made by
 * software. */
int hostdev_rdma_can(const char *device, struct err *err);
/* To be called once the interface is in the pod. -EOPNOTSUPP: the driver cannot. */
int hostdev_rdma_lend(const char *device, int netns_fd, struct err *err);
/* Finds the RDMA device by the interface, which is still in the pod. When the pod's namespace dies
 * the kernel gives it back. */
int hostdev_rdma_give_back(int netns_fd, const char *ifname, struct err *err);

#endif
