/* SPDX-License-Identifier: Apache-2.0 */
/* The RDMA device of a lent device (hostdev.h), in RDMA netns mode `exclusive`. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni-plugin/hostdev.h"
#include "cni-plugin/iface.h"
#include "common/cleanup.h"
#include "common/rdma_nl.h"

int hostdev_rdma_find(int netns_fd, const char *ifname, struct rdma_nl_device *ret, struct err *err)
{
	auto_free struct rdma_nl_port *ports = NULL;
	int n = rdma_nl_ports(netns_fd, IFACE_NETLINK_MS, &ports, err);

	for (int i = 0; i < n; i++) {
		if (!strcmp(ports[i].ifname, ifname)) {
			ret->index = ports[i].device_index;
			memcpy(ret->name, ports[i].device, sizeof(ret->name));
			return 0;
		}
	}
	if (n < 0 && n != -EPROTONOSUPPORT)
		return n;
	return err_set(err, -ENODEV, "interface '%s' has no RDMA device%s", ifname,
		       n < 0 ? ": the kernel has no RDMA" : "");
}

/* rxe and siw are made on an interface, and the kernel removes them when that leaves its
 * namespace. */
static bool is_software(const char *device)
{
	char path[64 + RDMA_NL_DEVICE_MAX];

	(void)snprintf(path, sizeof(path), "/sys/class/infiniband/%s/device", device);
	return access(path, F_OK) < 0;
}

int hostdev_rdma_can(const char *device, struct err *err)
{
	enum rdma_nl_netns_mode mode;
	int r = rdma_nl_netns_mode(IFACE_NETLINK_MS, &mode, err);

	if (r < 0)
		return r;
	if (mode == RDMA_NL_SHARED)
		return err_set(
			err, -EOPNOTSUPP,
			"give RDMA device '%s' to the pod: the RDMA netns mode is shared, in "
			"which pods may use it as it is; exclusive is set before the first pod "
			"('rdma system set netns exclusive')",
			device);
	if (is_software(device))
		return err_set(
			err, -EOPNOTSUPP,
			"give RDMA device '%s' to the pod: it is made of software, and would "
			"not outlive the move of its interface",
			device);
	return 0;
}

int hostdev_rdma_lend(const struct rdma_nl_device *device, int netns_fd, struct err *err)
{
	int r = rdma_nl_move(-1, netns_fd, device, IFACE_NETLINK_MS, err);

	return r == -EOPNOTSUPP ? err_prefix(err, r, "the driver of this RDMA device cannot") : r;
}

static int move_home(const struct rdma_nl_device *device, int netns_fd, struct err *err)
{
	auto_close int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (home < 0)
		return err_sys(err, errno, "open own network namespace");
	return rdma_nl_move(netns_fd, home, device, IFACE_NETLINK_MS, err);
}

int hostdev_rdma_give_back(const struct rdma_nl_device *device, int netns_fd, struct err *err)
{
	int r = netns_fd < 0 ? 0 : move_home(device, netns_fd, err);

	if (r < 0 && r != -ENODEV) /* it is back, or never came */
		return r;
	return rdma_nl_rename(-1, device, IFACE_NETLINK_MS, err);
}
