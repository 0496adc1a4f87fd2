/* SPDX-License-Identifier: Apache-2.0 */
/* The part of hostdev.h that takes a lent device back. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni-plugin/hostdev.h"
#include "cni-plugin/hostdev_change.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/netdev.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/nlsock.h"

#define FLAGS (IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP) /* those that are given back */

static int put_wish(struct nl_msg *msg, const struct hostdev_wish *w)
{
	if ((w->name && nla_put_string(msg, IFLA_IFNAME, w->name) < 0) ||
	    (w->netns_fd >= 0 && nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)w->netns_fd) < 0) ||
	    (w->mtu && nla_put_u32(msg, IFLA_MTU, w->mtu) < 0) ||
	    (w->mac && nla_put(msg, IFLA_ADDRESS, ETH_ALEN, w->mac) < 0) ||
	    (w->group && nla_put_u32(msg, IFLA_GROUP, *w->group) < 0) ||
	    (w->alias && nla_put(msg, IFLA_IFALIAS, (int)strlen(w->alias), w->alias) < 0))
		return -ENOMEM;
	return 0;
}

/* Changes all in one request. The kernel does it in this order: first the namespace, in which a
 * name may be free that is taken here, then the rest. */
int hostdev_change(struct nl_sock *sk, int index, const struct hostdev_wish *w, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC,
				 .ifi_index = index,
				 .ifi_flags = w->flags,
				 .ifi_change = w->flags_mask };

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 || put_wish(msg, w) < 0)
		return err_sys(err, ENOMEM, "write message");
	return nlsock_talk(sk, msg, err);
}

/* ---- on the host: as it was ---- */

static bool is_kept(const struct lent *l, const char *altname)
{
	for (int i = 0; i < l->n_altnames; i++) {
		if (!strcmp(l->altnames[i], altname))
			return true;
	}
	return false;
}

/* Takes the alternative names away, except those that the device had before (l NULL: all). */
static int drop_altnames(struct nl_sock *sk, int index, const struct lent *l, struct err *err)
{
	auto_free char(*names)[LINK_ALTNAME_MAX + 1] = NULL;
	int n = link_altnames(sk, index, &names, err), r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		if (!l || !is_kept(l, names[i]))
			r = link_del_altname(sk, index, names[i], err);
	}
	return n < 0 ? n : r;
}

static void give_altnames(struct nl_sock *host, int index, const struct lent *l)
{
	for (int i = 0; i < l->n_altnames; i++) {
		struct err err = ERR_INIT;
		struct link own;

		if (link_get_by_altname(host, l->altnames[i], &own, NULL) == 0 &&
		    own.index == index)
			continue;
		if (link_add_altname(host, index, l->altnames[i], &err) < 0)
			log_warn("a device comes back without an alternative name, ignoring",
				 "name", l->before.name, "err", err.msg);
	}
}

/* The old name is taken. If it is an alternative name of another link, that one loses it: true. */
static bool free_old_name(struct nl_sock *host, const struct lent *l)
{
	const char *name = l->before.name;
	struct link other;

	if (link_get(host, name, &other, NULL) < 0 || !strcmp(other.name, name) ||
	    link_del_altname(host, other.index, name, NULL) < 0)
		return false;
	log_warn("a device of the host comes back: an alternative name gives way to its name",
		 "name", name, "of", other.name);
	return true;
}

static struct hostdev_wish as_before(const struct lent *l, const struct link *now)
{
	static const uint8_t none[ETH_ALEN];
	const struct link *before = &l->before;
	bool same = !memcmp(before->mac, now->mac, ETH_ALEN);

	return (struct hostdev_wish){
		.name = before->name,
		.netns_fd = -1,
		.mtu = before->mtu == now->mtu ? 0 : before->mtu,
		.mac = same || !memcmp(before->mac, none, ETH_ALEN) ? NULL : before->mac,
		.alias = strcmp(before->alias, now->alias) ? before->alias : NULL,
		.group = before->group == now->group ? NULL : &before->group,
		.flags = before->flags & FLAGS,
		.flags_mask = FLAGS,
	};
}

static int restore(struct nl_sock *host, const struct lent *l, const struct netdev *device,
		   struct err *err)
{
	struct hostdev_wish before;
	struct link now;
	int r = link_get_by_index(host, device->index, &now, err);

	if (r == 0)
		r = drop_altnames(host, now.index, l, err);
	if (r < 0)
		return r;
	before = as_before(l, &now);
	if (now.up && (before.mac || strcmp(now.name, before.name) != 0)) /* some drivers want it
									     down */
		r = link_set_up(host, now.name, false, err);
	if (r == 0)
		r = hostdev_change(host, now.index, &before, err);
	if (r == -EEXIST && free_old_name(host, l))
		r = hostdev_change(host, now.index, &before, err);
	if (r == -EEXIST) {
		log_warn("a device of the host comes back, but its name is taken, ignoring", "name",
			 l->before.name, "now", now.name);
		before.name = "dev%d"; /* so the kernel names a device that finds no name free */
		r = hostdev_change(host, now.index, &before, err);
	}
	if (r == 0)
		give_altnames(host, now.index, l);
	return r;
}

/* ---- from the pod ---- */

/* The name under which the device comes home: one that nobody else has. */
static const char *travel_name(const struct lent *l, char ret[IFNAMSIZ])
{
	(void)snprintf(ret, IFNAMSIZ, "lent%011llx",
		       (unsigned long long)(l->id & 0xfffffffffffULL));
	return ret;
}

/* A pod may exchange links while we look at them, so that another one came than we asked for. Then
 * that goes back. */
static int check_arrival(struct nl_sock *host, const struct lent *l, const char *name, int netns_fd,
			 struct err *err)
{
	struct hostdev_wish away = { .name = "dev%d", .netns_fd = netns_fd };
	struct netdev ours;
	struct link came;
	int r = netdev_find(-1, l->id, &ours, err);

	if (r != 0)
		return r;
	if (link_get(host, name, &came, NULL) == 0 &&
	    hostdev_change(host, came.index, &away, NULL) < 0)
		(void)link_del(host, name, NULL);
	return err_set(err, -EAGAIN, "the pod has exchanged it for another link");
}

static int move_home(struct nl_sock *host, const struct lent *l, const struct netdev *there,
		     int netns_fd, struct err *err)
{
	auto_close int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	auto_nlsock struct nl_sock *pod = NULL;
	char name[IFNAMSIZ];
	struct hostdev_wish at_home = { .name = travel_name(l, name), .netns_fd = home };
	int r;

	if (home < 0)
		return err_sys(err, errno, "open own network namespace");
	r = nlsock_open(netns_fd, NETLINK_ROUTE, IFACE_NETLINK_MS, &pod, err);
	/* An alternative name that somebody on the host has by now would keep it from coming. */
	if (r == 0)
		r = drop_altnames(pod, there->index, NULL, err);
	if (r == 0)
		r = hostdev_change(pod, there->index, &at_home, err);
	return r < 0 ? r : check_arrival(host, l, name, netns_fd, err);
}

/* If that fails, the interface is at home all the same, and the RDMA device will be when the pod
 * ends. */
static void give_rdma_back(const struct lent *l, int netns_fd)
{
	struct err err = ERR_INIT;

	if (hostdev_rdma_give_back(&l->rdma, netns_fd, &err) < 0)
		log_warn("give an RDMA device back to the host, ignoring", "err", err.msg);
}

/* Returns 1 and what the device is on the host, or 0 if it is neither in the pod nor there. */
static int bring_home(struct nl_sock *host, const struct lent *l, int netns_fd, struct netdev *ret,
		      struct err *err)
{
	struct netdev there;
	int r = netns_fd < 0 ? 0 : netdev_find(netns_fd, l->id, &there, err);

	if (r > 0)
		r = move_home(host, l, &there, netns_fd, err);
	return r < 0 ? r : netdev_find(-1, l->id, ret, err);
}

static int give_back(struct nl_sock *host, const struct lent *l, int netns_fd, struct err *err)
{
	struct netdev device;
	int r = bring_home(host, l, netns_fd, &device, err);

	if (r <= 0)
		return r;
	if (l->has_rdma)
		give_rdma_back(l, netns_fd);
	r = restore(host, l, &device, err);
	return r < 0 ? r : 1;
}

int hostdev_return(struct nl_sock *host, const struct lent *l, int netns_fd, struct err *err)
{
	int found = give_back(host, l, netns_fd, err);
	int r = found > 0 ? lent_forget(l, err) : found;

	return r < 0 ? err_prefix(err, r, "give device '%s' back to the host", l->before.name) :
		       found;
}
