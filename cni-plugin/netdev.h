/* SPDX-License-Identifier: Apache-2.0 */
/* Tells which network device is which, whatever it is called and wherever it is. The id is the
 * inode of the device's folder in sysfs: a device keeps that for its life, also when it moves to
 * another network namespace, and it is not used again within a boot. It is the one thing of a
 * device that a pod cannot choose. Name, alternative names, addresses and index it can give to a
 * link of its own.
 */
#ifndef SMC_PLUGIN_NETDEV_H
#define SMC_PLUGIN_NETDEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* netns_fd -1: the calling thread's own namespace, which is the host's. */

/* The id of the device that has the name at this moment. -ENODEV. *ret_real (NULL is fine) tells
 * whether it is a real device, which the kernel brings home when its namespace dies. */
int netdev_id(int netns_fd, const char *name, uint64_t *ret, bool *ret_real, struct err *err);

struct netdev { /* what a device is at the moment */
	char name[IFNAMSIZ]; /* any bytes, if the namespace is a pod's */
	int index;
};

/* Returns 1, or 0 if the device is not in this namespace. If that is a pod's, the pod may give the
 * device another name and index at once, and those to another link. */
int netdev_find(int netns_fd, uint64_t id, struct netdev *ret, struct err *err);

/* What all devices are called; the caller frees *ret. Returns their number. A device that is there
 * all the time is among them, however many others come and go meanwhile: unlike a dump of the
 * kernel's table (RTM_GETLINK) this is never interrupted. */
int netdev_names(int netns_fd, char (**ret)[IFNAMSIZ], struct err *err);

#endif
