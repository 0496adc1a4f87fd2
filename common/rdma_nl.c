/* SPDX-License-Identifier: Apache-2.0 */
#include "common/rdma_nl.h"

#include <errno.h>
#include <rdma/rdma_netlink.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

#define STATE_ACTIVE 4 /* IB_PORT_ACTIVE, include/rdma/ib_verbs.h */

struct device {
	uint32_t index;
	char name[RDMA_NL_DEVICE_MAX];
	char protocol[8];
};

struct devices {
	struct device *list;
	int n;
};

struct ports {
	const struct device *device; /* whose ports are read */
	struct rdma_nl_port *list;
	int n, n_before; /* n_before: of other devices */
};

static int parse(const struct nlmsghdr *nlh, struct nlattr *attrs[RDMA_NLDEV_ATTR_MAX])
{
	static const struct nla_policy policy[RDMA_NLDEV_ATTR_MAX] = {
		[RDMA_NLDEV_ATTR_DEV_INDEX] = { .type = NLA_U32 },
		[RDMA_NLDEV_ATTR_DEV_NAME] = { .type = NLA_STRING },
		[RDMA_NLDEV_ATTR_PORT_INDEX] = { .type = NLA_U32 },
		[RDMA_NLDEV_ATTR_PORT_STATE] = { .type = NLA_U8 },
		[RDMA_NLDEV_ATTR_NDEV_INDEX] = { .type = NLA_U32 },
		[RDMA_NLDEV_ATTR_NDEV_NAME] = { .type = NLA_STRING },
		[RDMA_NLDEV_ATTR_DEV_PROTOCOL] = { .type = NLA_STRING },
		[RDMA_NLDEV_SYS_ATTR_NETNS_MODE] = { .type = NLA_U8 },
	};
	/* libnl's parsers only read the message, but do not take it as const. */
	struct nlmsghdr *hdr = (struct nlmsghdr *)(uintptr_t)nlh;

	return nlmsg_parse(hdr, 0, attrs, RDMA_NLDEV_ATTR_MAX - 1, policy) < 0 ? -EPROTO : 0;
}

static struct nl_msg *new_msg(int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, cmd),
			      0, flags)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int take_device(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *attrs[RDMA_NLDEV_ATTR_MAX];
	struct devices *devices = arg;
	struct device *grown, *d;

	if (parse(nlh, attrs) < 0 || !attrs[RDMA_NLDEV_ATTR_DEV_INDEX] ||
	    !attrs[RDMA_NLDEV_ATTR_DEV_NAME])
		return -EPROTO;
	grown = realloc(devices->list, (size_t)(devices->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	devices->list = grown;
	d = &grown[devices->n++];
	*d = (struct device){ .index = nla_get_u32(attrs[RDMA_NLDEV_ATTR_DEV_INDEX]) };
	(void)nla_strlcpy(d->name, attrs[RDMA_NLDEV_ATTR_DEV_NAME], sizeof(d->name));
	if (attrs[RDMA_NLDEV_ATTR_DEV_PROTOCOL])
		(void)nla_strlcpy(d->protocol, attrs[RDMA_NLDEV_ATTR_DEV_PROTOCOL],
				  sizeof(d->protocol));
	return 0;
}

static int take_port(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *attrs[RDMA_NLDEV_ATTR_MAX];
	struct rdma_nl_port *grown, *p;
	struct ports *ports = arg;

	if (parse(nlh, attrs) < 0 || !attrs[RDMA_NLDEV_ATTR_PORT_INDEX])
		return -EPROTO;
	grown = realloc(ports->list, (size_t)(ports->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ports->list = grown;
	p = &grown[ports->n++];
	*p = (struct rdma_nl_port){ .port = nla_get_u32(attrs[RDMA_NLDEV_ATTR_PORT_INDEX]) };
	p->device_index = ports->device->index;
	memcpy(p->device, ports->device->name, sizeof(p->device));
	memcpy(p->protocol, ports->device->protocol, sizeof(p->protocol));
	if (attrs[RDMA_NLDEV_ATTR_PORT_STATE])
		p->state = nla_get_u8(attrs[RDMA_NLDEV_ATTR_PORT_STATE]);
	if (attrs[RDMA_NLDEV_ATTR_NDEV_INDEX])
		p->ifindex = nla_get_u32(attrs[RDMA_NLDEV_ATTR_NDEV_INDEX]);
	if (attrs[RDMA_NLDEV_ATTR_NDEV_NAME])
		(void)nla_strlcpy(p->ifname, attrs[RDMA_NLDEV_ATTR_NDEV_NAME], sizeof(p->ifname));
	return 0;
}

static void forget_devices(void *arg)
{
	((struct devices *)arg)->n = 0;
}

static int read_devices(struct nl_sock *sk, struct devices *devices, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = new_msg(RDMA_NLDEV_CMD_GET, NLM_F_DUMP);

	if (!msg)
		return err_sys(err, ENOMEM, "allocate a netlink message");
	return nlsock_dump(sk, msg, take_device, forget_devices, devices, err);
}

static void forget_ports(void *arg)
{
	struct ports *ports = arg;

	ports->n = ports->n_before;
}

/* The kernel wants ports to be dumped one device at a time. */
static int read_ports(struct nl_sock *sk, struct ports *ports, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = new_msg(RDMA_NLDEV_CMD_PORT_GET, NLM_F_DUMP);
	struct err why = ERR_INIT;
	int r;

	if (!msg || nla_put_u32(msg, RDMA_NLDEV_ATTR_DEV_INDEX, ports->device->index) < 0)
		return err_sys(err, ENOMEM, "allocate a netlink message");
	ports->n_before = ports->n;
	r = nlsock_dump(sk, msg, take_port, forget_ports, ports, &why);
	/* -EINVAL: the device went away between the two dumps (nldev_port_get_dumpit). */
	return r < 0 && r != -EINVAL ? err_set(err, r, "%s", why.msg) : 0;
}

int rdma_nl_ports(int netns_fd, int timeout_ms, struct rdma_nl_port **ret, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	auto_free struct rdma_nl_port *list = NULL;
	auto_free struct device *device_list = NULL;
	struct devices devices = { .n = 0 };
	struct ports ports = { .n = 0 };
	int r = nlsock_open(netns_fd, NETLINK_RDMA, timeout_ms, &sk, err);

	if (r < 0)
		return err_prefix(err, r, "list RDMA devices");
	r = read_devices(sk, &devices, err);
	device_list = devices.list;
	for (int i = 0; i < devices.n && r == 0; i++) {
		ports.device = &devices.list[i];
		r = read_ports(sk, &ports, err);
	}
	list = ports.list;
	if (r < 0)
		return err_prefix(err, r, "list RDMA devices");
	*ret = TAKE_PTR(list);
	return ports.n;
}

const struct rdma_nl_port *rdma_nl_find(const struct rdma_nl_port *ports, int n, const char *device,
					uint32_t port)
{
	for (int i = 0; i < n; i++) {
		if (ports[i].port == port && strcmp(ports[i].device, device) == 0)
			return &ports[i];
	}
	return NULL;
}

static int take_mode(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *attrs[RDMA_NLDEV_ATTR_MAX];
	enum rdma_nl_netns_mode *ret = arg;

	if (parse(nlh, attrs) < 0 || !attrs[RDMA_NLDEV_SYS_ATTR_NETNS_MODE])
		return -EPROTO;
	*ret = nla_get_u8(attrs[RDMA_NLDEV_SYS_ATTR_NETNS_MODE]) ? RDMA_NL_SHARED :
								   RDMA_NL_EXCLUSIVE;
	return 0;
}

int rdma_nl_netns_mode(int timeout_ms, enum rdma_nl_netns_mode *ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = new_msg(RDMA_NLDEV_CMD_SYS_GET, 0);
	auto_nlsock struct nl_sock *sk = NULL;
	int r;

	if (!msg)
		return err_sys(err, ENOMEM, "read RDMA netns mode");
	r = nlsock_open(-1, NETLINK_RDMA, timeout_ms, &sk, err);
	if (r == 0)
		r = nlsock_query(sk, msg, take_mode, ret, err);
	return r < 0 ? err_prefix(err, r, "read RDMA netns mode") : 0;
}

bool rdma_nl_is_active(const struct rdma_nl_port *port)
{
	return port->state == STATE_ACTIVE;
}

const char *rdma_nl_state_text(uint8_t state)
{
	/* enum ib_port_state, include/rdma/ib_verbs.h */
	static const char *const names[] = { "nop",   "down",	"init",
					     "armed", "active", "active-defer" };

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}
