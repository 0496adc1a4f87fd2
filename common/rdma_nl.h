/* SPDX-License-Identifier: Apache-2.0 */
/* RDMA devices, as the RDMA subsystem's netlink shows them (rdma/rdma_netlink.h, NLDEV).
 *
 * -EPROTONOSUPPORT: the kernel has no RDMA (module ib_core cannot be loaded). In netns mode
 * `shared` a namespace sees all devices, but a port's interface only if it is in that namespace.
 */
#ifndef SMC_COMMON_RDMA_NL_H
#define SMC_COMMON_RDMA_NL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define RDMA_NL_DEVICE_MAX 64 /* bytes with the NUL: IB_DEVICE_NAME_MAX */

struct rdma_nl_device {
	uint32_t index; /* which it keeps for its life, wherever it is and whatever its name */
	char name[RDMA_NL_DEVICE_MAX];
};

struct rdma_nl_port {
	char device[RDMA_NL_DEVICE_MAX]; /* "mlx5_0", "rxe0" */
	uint32_t device_index;
	uint32_t port; /* 1-based */
	uint8_t state; /* as rdma_nl_state_text() takes it */
	char protocol[8]; /* "roce", "ib", "iw", "" if the kernel does not say */
	unsigned int ifindex; /* of the interface that it sits on; 0 if there is none in this
				 namespace */
	char ifname[IFNAMSIZ]; /* "" if there is none */
};

enum rdma_nl_netns_mode {
	RDMA_NL_EXCLUSIVE, /* a device belongs to one namespace: pods do not see the host's */
	RDMA_NL_SHARED,
};

/* All ports of all devices; the caller frees *ret. Returns their number. netns_fd -1: the calling
 * thread's own. */
int rdma_nl_ports(int netns_fd, int timeout_ms, struct rdma_nl_port **ret, struct err *err);

/* The port in the list, or NULL. */
const struct rdma_nl_port *rdma_nl_find(const struct rdma_nl_port *ports, int n, const char *device,
					uint32_t port);

int rdma_nl_netns_mode(int timeout_ms, enum rdma_nl_netns_mode *ret, struct err *err);

/* Moves a device, by its index, from one namespace (-1: the calling thread's own) to another.
 * -EOPNOTSUPP: in mode `shared`, or the device's driver cannot; -ENODEV: it is not there. The
 * interface that the device belongs to stays where it is. */
int rdma_nl_move(int from_netns_fd, int to_netns_fd, const struct rdma_nl_device *device,
		 int timeout_ms, struct err *err);
/* The device with that index gets that name; it is fine if it has it. */
int rdma_nl_rename(int netns_fd, const struct rdma_nl_device *device, int timeout_ms,
		   struct err *err);

bool rdma_nl_is_active(const struct rdma_nl_port *port);
/* "active", "down", ... ("unknown" for values that the kernel does not have today) */
const char *rdma_nl_state_text(uint8_t state);

#endif
