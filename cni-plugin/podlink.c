/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/podlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "cni-plugin/tag.h"
#include "cni-plugin/veth.h"
#include "common/cleanup.h"
#include "common/link.h"
#include "common/nlsock.h"
#include "common/route.h"

/* ---- the master ---- */

static int default_route_device(struct nl_sock *sk, int family, struct err *err)
{
	auto_free struct route *list = NULL;
	const struct route *best = NULL;
	int n = route_list(sk, family, RT_TABLE_MAIN, &list, err);

	for (int i = 0; i < n; i++) {
		if (list[i].dst.prefix_len == 0 && (!best || list[i].priority < best->priority))
			best = &list[i];
	}
	return n < 0 ? n : best ? best->ifindex : 0;
}

static int get_master(struct kind_work *w, struct link *ret, struct err *err)
{
	const char *name = w->conf->interface.master;
	int index;

	if (*name)
		return link_get(w->host, name, ret, err);
	index = default_route_device(w->host, AF_INET, err);
	if (index == 0)
		index = default_route_device(w->host, AF_INET6, err);
	if (index < 0)
		return index;
	if (index == 0)
		return err_set(
			err, -ENODEV,
			"interface: 'master' is not set and the host has no default route (by one "
			"interface)");
	return link_get_by_index(w->host, index, ret, err);
}

int podlink_on_master(struct kind_work *w, const struct podlink *p, struct podlink *ret,
		      struct err *err)
{
	int mtu = w->conf->interface.mtu;
	struct link master;
	int r = get_master(w, &master, err);

	if (r < 0)
		return r == -ENODEV && *w->conf->interface.master ?
			       err_prefix(err, r, "interface: 'master'") :
			       r;
	/* The kernel takes a larger one, and then drops the packets. */
	if (mtu && (uint32_t)mtu > master.mtu)
		return err_set(err, -EINVAL, "interface: 'mtu' is %d; allowed by '%s' are %u", mtu,
			       master.name, master.mtu);
	*ret = *p;
	ret->lower = master.index;
	return 0;
}

int podlink_ready(struct kind_work *w, struct err *err)
{
	struct podlink p, none = { .kind = "" };

	return podlink_on_master(w, &none, &p, err);
}

int podlink_on_known_master(struct kind_work *w, const struct podlink *p, struct podlink *ret,
			    struct err *err)
{
	struct link master = { .index = 0 };
	int r = *w->conf->interface.master ? get_master(w, &master, err) : 0;

	if (r < 0)
		return r == -ENODEV ? err_prefix(err, -ENOENT, "interface: 'master'") : r;
	*ret = *p;
	/* On a device of the same kind the kernel makes it on the device below that
	 * (macvlan_common_newlink, ipvlan_link_new). */
	ret->lower = !strcmp(master.kind, p->kind) ? master.peer : master.index;
	return 0;
}

/* ---- creation ---- */

static int put_mode(struct nl_msg *msg, const struct podlink *p, int mode)
{
	if (p->mode_size == sizeof(uint16_t))
		return nla_put_u16(msg, p->mode_attr, (uint16_t)mode);
	return nla_put_u32(msg, p->mode_attr, (uint32_t)mode);
}

static struct nl_msg *create_request(const struct kind_work *w, const struct podlink *p,
				     const char *name)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	const struct conf_interface *conf = &w->conf->interface;
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data;

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, name) < 0 ||
	    nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)w->netns_fd) < 0 ||
	    nla_put_u32(msg, IFLA_GROUP, tag_group(w->attachment.network)) < 0 ||
	    (p->lower && nla_put_u32(msg, IFLA_LINK, (uint32_t)p->lower) < 0) ||
	    (conf->mtu && nla_put_u32(msg, IFLA_MTU, (uint32_t)conf->mtu) < 0) ||
	    (conf->has_mac && nla_put(msg, IFLA_ADDRESS, ETH_ALEN, conf->mac) < 0))
		return NULL;
	info = nla_nest_start(msg, IFLA_LINKINFO);
	if (!info || nla_put_string(msg, IFLA_INFO_KIND, p->kind) < 0)
		return NULL;
	if (p->mode_attr) {
		data = nla_nest_start(msg, IFLA_INFO_DATA);
		if (!data || put_mode(msg, p, conf->mode) < 0)
			return NULL;
		nla_nest_end(msg, data);
	}
	nla_nest_end(msg, info);
	return TAKE_PTR(msg);
}

static int create(const struct kind_work *w, const struct podlink *p, const char *name,
		  struct err *err)
{
	auto_nlmsg struct nl_msg *msg = create_request(w, p, name);

	return msg ? nlsock_talk(w->host, msg, err) : err_sys(err, ENOMEM, "write message");
}

/* *ret: what it is called now. */
static int create_named(const struct kind_work *w, const struct podlink *p, char ret[IFNAMSIZ],
			struct err *err)
{
	struct link other;
	int r;

	strcpy(ret, w->env->ifname);
	r = create(w, p, ret, err);
	if (r != -EEXIST || link_get(w->pod, ret, &other, NULL) != -ENODEV)
		return r;
	return create(w, p, veth_host_name(&w->attachment, ret), err);
}

static int mark(const struct kind_work *w, const char *name, struct err *err)
{
	char tag[LINK_TAG_MAX + 1];
	struct link link;
	int r = link_get(w->pod, name, &link, err);

	if (r == 0)
		r = link_add_altname(w->pod, link.index, tag_format(&w->attachment, tag), err);
	if (r == 0 && strcmp(name, w->env->ifname) != 0)
		r = link_rename(w->pod, link.index, w->env->ifname, err);
	return r;
}

int podlink_make(struct kind_work *w, const struct podlink *p, struct err *err)
{
	char name[IFNAMSIZ];
	int r = create_named(w, p, name, err);

	if (r < 0)
		return err_prefix(err, r, "create %s '%s' in the pod", p->kind, w->env->ifname);
	r = mark(w, name, err);
	if (r < 0)
		(void)link_del(w->pod, name, NULL);
	return r;
}

/* ---- check and removal ---- */

int podlink_check(struct kind_work *w, const struct podlink *p, struct err *err)
{
	const struct link *link = &w->links[0];

	if (strcmp(link->kind, p->kind) != 0)
		return err_set(err, -ENOENT, "interface '%s' of the pod is no %s but '%s'",
			       link->name, p->kind, link->kind);
	if (p->mode_attr && link->mode != (uint32_t)w->conf->interface.mode)
		return err_set(err, -ENOENT, "%s '%s' of the pod has mode %u, not %d", p->kind,
			       link->name, link->mode, w->conf->interface.mode);
	if (p->lower && link->peer != p->lower)
		return err_set(err, -ENOENT,
			       "%s '%s' of the pod is on the device with index %d, not %d", p->kind,
			       link->name, link->peer, p->lower);
	return 0;
}

bool podlink_is_half_made(const struct link *link, const char *network)
{
	return link->n_tags == 0 && link->group == tag_group(network) &&
	       (!strcmp(link->kind, "macvlan") || !strcmp(link->kind, "ipvlan") ||
		!strcmp(link->kind, "dummy"));
}

static bool is_ours(const struct kind_work *w, const struct link *link)
{
	const struct wire_attachment *a = &w->attachment;
	char name[IFNAMSIZ];

	if (!podlink_is_half_made(link, a->network))
		return tag_is_of(link, a);
	return !strcmp(link->name, a->ifname) || !strcmp(link->name, veth_host_name(a, name));
}

/* Deletes the link that a look-up with result `found` has found, if it is ours. */
static int del_one(const struct kind_work *w, const struct link *link, int found, struct err *err)
{
	int r = found;

	if (r == 0 && is_ours(w, link))
		r = link_del(w->pod, link->name, err);
	return r == -ENODEV ? 0 : r;
}

/* Finds the link by its tag, which is one of its names. An ADD that was killed may have left it
 * without a tag; then it has one of the two names that it may be born with. */
int podlink_del(struct kind_work *w, struct err *err)
{
	const struct wire_attachment *a = &w->attachment;
	char tag[LINK_TAG_MAX + 1], name[IFNAMSIZ];
	struct link link;
	int r = 0;

	if (!w->pod)
		return 0;
	r = del_one(w, &link, link_get_by_altname(w->pod, tag_format(a, tag), &link, err), err);
	if (r == 0)
		r = del_one(w, &link, link_get(w->pod, a->ifname, &link, err), err);
	if (r == 0)
		r = del_one(w, &link, link_get(w->pod, veth_host_name(a, name), &link, err), err);
	return r;
}
