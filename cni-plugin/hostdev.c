/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/hostdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <unistd.h>

#include "cni-plugin/lock.h"
#include "cni-plugin/tag.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/nlsock.h"

int hostdev_hold(struct err *err)
{
	return lock_node(LOCK_DEVICES, false, clock_now_ms() + LOCK_NODE_MS, err);
}

/* What a device is to be like; a member that is zero leaves that as it is. */
struct wish {
	const char *name;
	int netns_fd; /* -1: where it is */
	uint32_t mtu;
	const uint8_t *mac;
	bool up;
};

/* Changes all in one request. The kernel does it in this order: first the namespace, in which a
 * name may be free that is taken here, then the rest. */
static int change(struct nl_sock *sk, int index, const struct wish *w, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC,
				 .ifi_index = index,
				 .ifi_flags = w->up ? IFF_UP : 0,
				 .ifi_change = w->up ? IFF_UP : 0 };

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, w->name) < 0 ||
	    (w->netns_fd >= 0 && nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)w->netns_fd) < 0) ||
	    (w->mtu && nla_put_u32(msg, IFLA_MTU, w->mtu) < 0) ||
	    (w->mac && nla_put(msg, IFLA_ADDRESS, ETH_ALEN, w->mac) < 0))
		return err_sys(err, ENOMEM, "write message");
	return nlsock_talk(sk, msg, err);
}

static bool has_tag(const struct link *link, const char *tag)
{
	int i = 0;

	while (i < link->n_tags && strcmp(link->tags[i], tag) != 0)
		i++;
	return i < link->n_tags;
}

/* 1 if it is there. */
static int find_tag(struct nl_sock *sk, const char *tag, struct link *ret, struct err *err)
{
	auto_free struct link *links = NULL;
	int n = link_list(sk, &links, err);

	for (int i = 0; i < n; i++) {
		if (has_tag(&links[i], tag)) {
			*ret = links[i];
			return 1;
		}
	}
	return n < 0 ? n : 0;
}

/* ---- to the pod ---- */

static int check_usable(struct nl_sock *host, const struct link *link, struct err *err)
{
	struct link master = { .index = 0 };

	if (!strcmp(link->name, "lo"))
		return err_set(err, -EINVAL, "'lo' belongs to its namespace");
	if (link->n_tags > 0)
		return err_set(err, -EBUSY, "it is marked as a pod's own (%s)", link->tags[0]);
	if (link->master == 0)
		return 0;
	(void)link_get_by_index(host, link->master, &master, NULL);
	return err_set(err, -EBUSY, "it is a port of '%s'", master.name);
}

static int give_back(struct nl_sock *pod, struct nl_sock *host, const struct link *link,
		     struct err *err);

static void take_back(struct nl_sock *pod, struct nl_sock *host, int index, const char *tag)
{
	struct err err = ERR_INIT;
	struct link link;
	int r = find_tag(pod, tag, &link, &err);

	if (r > 0)
		r = give_back(pod, host, &link, &err);
	else if (r == 0)
		r = link_del_altname(host, index, tag, &err);
	if (r < 0)
		log_warn("take back a device of the host, ignoring", "err", err.msg);
}

int hostdev_lend(struct nl_sock *host, struct nl_sock *pod, const struct wire_attachment *a,
		 const struct link *link, int netns_fd, const struct conf_interface *conf,
		 struct err *err)
{
	struct wish in_pod = { .name = a->ifname,
			       .netns_fd = netns_fd,
			       .mtu = (uint32_t)conf->mtu,
			       .mac = conf->has_mac ? conf->mac : NULL };
	char tag[LINK_TAG_MAX + 1];
	int r = check_usable(host, link, err);

	if (r == 0)
		r = link_add_altname(host, link->index, tag_format(a, link, tag), err);
	if (r < 0)
		return err_prefix(err, r, "lend device '%s' to the pod", link->name);
	r = change(host, link->index, &in_pod, err);
	if (r < 0) { /* even if it was moved and only its MTU was refused */
		take_back(pod, host, link->index, tag);
		return err_prefix(err, r, "move device '%s' to the pod as '%s'", link->name,
				  a->ifname);
	}
	return 0;
}

/* ---- and back ---- */

static struct wish as_before(const struct tag *tag, const struct link *now)
{
	static const uint8_t none[ETH_ALEN];
	const struct link *before = &tag->before;
	bool same = !memcmp(before->mac, now->mac, ETH_ALEN);

	return (struct wish){ .name = before->name,
			      .netns_fd = -1,
			      .mtu = before->mtu == now->mtu ? 0 : before->mtu,
			      .mac = same || !memcmp(before->mac, none, ETH_ALEN) ? NULL :
										    before->mac,
			      .up = before->up };
}

static int unmark(struct nl_sock *host, const struct link *link, struct err *err)
{
	struct tag tag;
	int r = 0;

	for (int i = 0; r == 0 && i < link->n_tags; i++) {
		if (tag_parse(link->tags[i], &tag) && *tag.before.name)
			r = link_del_altname(host, link->index, link->tags[i], err);
	}
	return r;
}

static int restore(struct nl_sock *host, const struct link *link, struct err *err)
{
	struct wish before;
	struct tag tag;
	int r;

	if (!tag_of_device(link, &tag))
		return 0;
	before = as_before(&tag, link);
	r = change(host, link->index, &before, err);
	if (r == -EEXIST) {
		log_warn("a device of the host comes back, but its name is taken, ignoring", "name",
			 tag.before.name, "now", link->name);
		before.name = link->name;
		r = change(host, link->index, &before, err);
	}
	if (r == 0)
		r = unmark(host, link, err);
	return r < 0 && r != -ENODEV ?
		       err_prefix(err, r, "restore device '%s' of the host", tag.before.name) :
		       0;
}

int hostdev_restore(struct nl_sock *host, const struct link *link, struct err *err)
{
	auto_close int hold = hostdev_hold(err);
	struct link now;
	struct tag tag;
	const char *mark = tag_of_device(link, &tag);
	int r;

	if (hold < 0 || !mark)
		return hold < 0 ? hold : 0;
	r = find_tag(host, mark, &now, err);
	return r > 0 ? restore(host, &now, err) : r;
}

static int give_back(struct nl_sock *pod, struct nl_sock *host, const struct link *link,
		     struct err *err)
{
	auto_close int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct wish at_home = { .netns_fd = home };
	struct link found;
	struct tag tag;
	const char *mark = tag_of_device(link, &tag);
	int r, there;

	if (home < 0)
		return err_sys(err, errno, "open own network namespace");
	if (!mark)
		return 0;
	at_home.name = tag.before.name;
	r = change(pod, link->index, &at_home, err);
	there = find_tag(host, mark, &found, NULL);
	if (r == -EEXIST && there == 0) { /* its present name is taken there as well */
		at_home.name = "dev%d"; /* the kernel's own choice when a name is not free */
		r = change(pod, link->index, &at_home, err);
		there = find_tag(host, mark, &found, NULL);
	}
	if (there > 0)
		return restore(host, &found, err);
	return err_prefix(err, r < 0 ? r : -ENODEV, "give device '%s' back to the host",
			  tag.before.name);
}

int hostdev_reclaim(struct nl_sock *host, const char *name, struct err *err)
{
	auto_free struct link *links = NULL;
	int n = link_list(host, &links, err), found = 0;

	for (int i = 0; i < n; i++) {
		struct tag tag;
		int r;

		if (!tag_of_device(&links[i], &tag) ||
		    (strcmp(links[i].name, name) != 0 && strcmp(tag.before.name, name) != 0))
			continue;
		log_warn(
			"a device of the host is there with the mark of a pod that lost it: it gets its old name back",
			"name", tag.before.name, "now", links[i].name);
		r = restore(host, &links[i], err);
		if (r < 0)
			return r;
		found++;
	}
	return n < 0 ? n : found;
}

int hostdev_give_back(struct nl_sock *pod, struct nl_sock *host, const struct link *link,
		      struct err *err)
{
	auto_close int hold = hostdev_hold(err);

	return hold < 0 ? hold : give_back(pod, host, link, err);
}
