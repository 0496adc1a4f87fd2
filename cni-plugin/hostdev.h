/* SPDX-License-Identifier: Apache-2.0 */
/* A device of the host that is lent to a pod. It is found by name or PCI address, moved, and given
 * back as it was. The host remembers whose the device is and what it was like (lent.h). Which
 * device it is, in the pod or back from a pod whose namespace has died, we tell by what no pod can
 * write (netdev.h).
 */
#ifndef SMC_PLUGIN_HOSTDEV_H
#define SMC_PLUGIN_HOSTDEV_H

#include <netlink/netlink.h>

#include "cni-plugin/conf_interface.h"
#include "cni-plugin/lent.h"
#include "common/err.h"
#include "common/link.h"
#include "common/rdma_nl.h"

/* The network device at a PCI address, not the representor of one of its functions (those are in
 * the same folder of sysfs). -ENODEV. */
int hostdev_at_pci(const char *pci, char ret[IFNAMSIZ], struct err *err);
/* The PCI address of a network device of the host; "" if it has none. */
void hostdev_pci_of(const char *name, char ret[PCI_NAME_MAX]);

/* One process at a time works on the devices that may be lent: from the look at a device until it
 * is in the pod, and from the pod until it has its name again. Returns a descriptor to close. The
 * caller of the next four functions must hold it. */
int hostdev_hold(struct err *err);

/* Remembers `link` as it is, and moves it to the pod, where it gets the attachment's name and what
 * conf says. The caller has set attachment, netns, id, real and rdma of *l; the rest is filled in.
 * On failure everything is as it was. -EBUSY if the device is in use. */
int hostdev_lend(struct nl_sock *host, struct lent *l, const struct link *link, int netns_fd,
		 const struct conf_interface *conf, struct err *err);

/* Takes the device from the pod's namespace, if netns_fd is not -1 and it is there. On the host it
 * gets back its name, alternative names, alias, group, MAC, MTU and flags; its addresses are lost.
 * Then it is forgotten. Returns 1, or 0 if the device is in neither place: it may be on its way
 * home from a namespace that dies. */
int hostdev_return(struct nl_sock *host, const struct lent *l, int netns_fd, struct err *err);
/* Does the same for the device with this id if it is on the host although it is lent. Then it
 * belongs to no pod any more: it came home by itself when its pod's namespace died, or its ADD was
 * killed before it was moved. Returns how many such there were. */
int hostdev_reclaim(struct nl_sock *host, uint64_t id, struct err *err);
/* Does the same for the device that had this name when it was lent, whatever it is called by now.
 * -EBUSY if that one is still away. */
int hostdev_reclaim_name(struct nl_sock *host, const char *name, struct err *err);

/* hostdev_return() for what was lent to the attachment, from the namespace that it was lent to.
 * netns_fd is used only if it is that one: by the time of a DEL a path may lead to another pod.
 * Returns 1, also if nothing was lent; 0 if the namespace is gone and the device is not here yet.
 * Takes hostdev_hold() itself. */
int hostdev_fetch(struct nl_sock *host, const struct wire_attachment *a, int netns_fd,
		  struct err *err);

/* ---- RDMA netns mode exclusive: the RDMA device that belongs to the interface goes along ---- */

/* The RDMA device of an interface in a namespace (-1: the host's). -ENODEV. */
int hostdev_rdma_find(int netns_fd, const char *ifname, struct rdma_nl_device *ret,
		      struct err *err);
/* Tells before anything is moved what is in the way (-EOPNOTSUPP): the mode, or that the device is
 * made of software. */
int hostdev_rdma_can(const char *device, struct err *err);
/* Is called once the interface is in the pod. -EOPNOTSUPP: the driver cannot. */
int hostdev_rdma_lend(const struct rdma_nl_device *device, int netns_fd, struct err *err);
/* The device may be back already, as the kernel moves it when the pod's namespace dies; with
 * netns_fd -1 it is. It gets its old name, whatever the pod has called it. */
int hostdev_rdma_give_back(const struct rdma_nl_device *device, int netns_fd, struct err *err);

#endif
