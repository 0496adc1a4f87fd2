/* SPDX-License-Identifier: Apache-2.0 */
/* What changes a device, of rdma_nl.h. */
#include <errno.h>
#include <rdma/rdma_netlink.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "common/nlsock.h"
#include "common/rdma_nl.h"

static struct nl_msg *set_request(const struct rdma_nl_device *device)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc();

	if (!msg ||
	    !nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ,
		       RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_SET), 0, 0) ||
	    nla_put_u32(msg, RDMA_NLDEV_ATTR_DEV_INDEX, device->index) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

struct move {
	const struct rdma_nl_device *device;
	int to_netns_fd;
	int timeout_ms;
};

static int move_from_here(void *arg, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	const struct move *m = arg;
	auto_nlmsg struct nl_msg *msg = set_request(m->device);
	int r = nlsock_open(-1, NETLINK_RDMA, m->timeout_ms, &sk, err);

	if (r < 0)
		return r;
	if (!msg || nla_put_u32(msg, RDMA_NLDEV_NET_NS_FD, (uint32_t)m->to_netns_fd) < 0)
		return err_sys(err, ENOMEM, "write message");
	r = nlsock_talk(sk, msg, err);
	/* So the kernel says that it has no such index here (nldev_set_doit). */
	return r == -EINVAL ? err_sys(err, ENODEV, "find it") : r;
}

/* The kernel looks at the caller's namespace, not at the socket's
 * (drivers/infiniband/core/device.c, ib_device_set_netns_put), so it is entered for the whole
 * call. */
int rdma_nl_move(int from_netns_fd, int to_netns_fd, const struct rdma_nl_device *device,
		 int timeout_ms, struct err *err)
{
	struct move m = { device, to_netns_fd, timeout_ms };
	int r = from_netns_fd < 0 ? move_from_here(&m, err) :
				    netns_call(from_netns_fd, move_from_here, &m, err);

	return r < 0 ? err_prefix(err, r, "move RDMA device '%s' to another network namespace",
				  device->name) :
		       0;
}

int rdma_nl_rename(int netns_fd, const struct rdma_nl_device *device, int timeout_ms,
		   struct err *err)
{
	auto_nlmsg struct nl_msg *msg = set_request(device);
	auto_nlsock struct nl_sock *sk = NULL;
	int r = nlsock_open(netns_fd, NETLINK_RDMA, timeout_ms, &sk, err);

	if (r == 0 && (!msg || nla_put_string(msg, RDMA_NLDEV_ATTR_DEV_NAME, device->name) < 0))
		return err_sys(err, ENOMEM, "write message");
	if (r == 0)
		r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "give RDMA device %u the name '%s'", device->index,
				  device->name) :
		       0;
}
