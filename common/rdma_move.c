/* SPDX-License-Identifier: Apache-2.0 */
/* The part of rdma_nl.h that moves devices between namespaces. */
#include <errno.h>
#include <rdma/rdma_netlink.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "common/nlsock.h"
#include "common/rdma_nl.h"

#define DUMP_TRIES 5

static struct nl_msg *request(int cmd, int flags)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, cmd),
			       0, flags))
		return NULL;
	return TAKE_PTR(msg);
}

struct wanted {
	const char *name;
	bool found;
	uint32_t index;
};

static int take_device(const struct nlmsghdr *nlh, void *arg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)(uintptr_t)nlh; /* libnl only reads it */
	struct nlattr *name = nlmsg_find_attr(hdr, 0, RDMA_NLDEV_ATTR_DEV_NAME),
		      *index = nlmsg_find_attr(hdr, 0, RDMA_NLDEV_ATTR_DEV_INDEX);
	struct wanted *wanted = arg;

	if (name && index && !strcmp(nla_get_string(name), wanted->name)) {
		wanted->found = true;
		wanted->index = nla_get_u32(index);
	}
	return 0;
}

static int find(struct nl_sock *sk, const char *device, uint32_t *ret, struct err *err)
{
	struct wanted wanted = { .name = device };
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		auto_nlmsg struct nl_msg *msg = request(RDMA_NLDEV_CMD_GET, NLM_F_DUMP);

		r = msg ? nlsock_query(sk, msg, take_device, &wanted, err) :
			  err_sys(err, ENOMEM, "write message");
	}
	if (r == 0 && !wanted.found)
		return err_sys(err, ENODEV, "find it");
	*ret = wanted.index;
	return r;
}

struct move {
	const char *device;
	int to_netns_fd;
	int timeout_ms;
};

static int move_from_here(void *arg, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RDMA_NLDEV_CMD_SET, 0);
	auto_nlsock struct nl_sock *sk = NULL;
	const struct move *m = arg;
	uint32_t index = 0;
	int r = nlsock_open(-1, NETLINK_RDMA, m->timeout_ms, &sk, err);

	if (r == 0)
		r = find(sk, m->device, &index, err);
	if (r < 0)
		return r;
	if (!msg || nla_put_u32(msg, RDMA_NLDEV_ATTR_DEV_INDEX, index) < 0 ||
	    nla_put_u32(msg, RDMA_NLDEV_NET_NS_FD, (uint32_t)m->to_netns_fd) < 0)
		return err_sys(err, ENOMEM, "write message");
	return nlsock_talk(sk, msg, err);
}

/* The kernel looks at the caller's namespace, not at the socket's
 * (drivers/infiniband/core/device.c, ib_device_set_netns_put), so it is entered for the whole
 * call. */
int rdma_nl_move(int from_netns_fd, int to_netns_fd, const char *device, int timeout_ms,
		 struct err *err)
{
	struct move m = { device, to_netns_fd, timeout_ms };
	int r = from_netns_fd < 0 ? move_from_here(&m, err) :
				    netns_call(from_netns_fd, move_from_here, &m, err);

	return r < 0 ? err_prefix(err, r, "move RDMA device '%s' to another network namespace",
				  device) :
		       0;
}
