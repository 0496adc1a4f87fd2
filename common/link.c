/* SPDX-License-Identifier: Apache-2.0 */
#include "common/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

/* A request about the interface `name` (NULL: by index, or all); NULL when out of memory. */
static struct nl_msg *request(int type, int flags, const char *name, int index)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = index };

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		return NULL;
	if (name && nla_put_string(msg, IFLA_IFNAME, name) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

/* ---- reading ---- */

struct found {
	struct link *links;
	int n;
};

static uint32_t value_of(const struct nlattr *data, int type)
{
	const struct nlattr *value = nla_find(nla_data(data), nla_len(data), type);

	if (!value)
		return 0;
	switch (nla_len(value)) {
	case sizeof(uint8_t):
		return nla_get_u8(value);
	case sizeof(uint16_t):
		return nla_get_u16(value);
	default:
		return nla_get_u32(value);
	}
}

static void take_kind(struct nlattr *info, struct link *ret)
{
	struct nlattr *attrs[IFLA_INFO_MAX + 1];

	if (nla_parse_nested(attrs, IFLA_INFO_MAX, info, NULL) < 0)
		return;
	if (attrs[IFLA_INFO_SLAVE_KIND] && attrs[IFLA_INFO_SLAVE_DATA] &&
	    !strcmp(nla_get_string(attrs[IFLA_INFO_SLAVE_KIND]), "bridge")) {
		ret->port_state = (uint8_t)value_of(attrs[IFLA_INFO_SLAVE_DATA], IFLA_BRPORT_STATE);
		ret->port_hairpin = value_of(attrs[IFLA_INFO_SLAVE_DATA], IFLA_BRPORT_MODE) != 0;
	}
	if (!attrs[IFLA_INFO_KIND])
		return;
	(void)nla_strlcpy(ret->kind, attrs[IFLA_INFO_KIND], sizeof(ret->kind));
	if (!attrs[IFLA_INFO_DATA])
		return;
	if (!strcmp(ret->kind, "vrf"))
		ret->vrf_table = value_of(attrs[IFLA_INFO_DATA], IFLA_VRF_TABLE);
	else if (!strcmp(ret->kind, "bridge"))
		ret->vlan_filtering = value_of(attrs[IFLA_INFO_DATA], IFLA_BR_VLAN_FILTERING) != 0;
	else if (!strcmp(ret->kind, "macvlan"))
		ret->mode = value_of(attrs[IFLA_INFO_DATA], IFLA_MACVLAN_MODE);
	else if (!strcmp(ret->kind, "ipvlan"))
		ret->mode = value_of(attrs[IFLA_INFO_DATA], IFLA_IPVLAN_MODE);
}

static void take_tags(struct nlattr *names, struct link *ret)
{
	struct nlattr *name;
	int rest;

	nla_for_each_nested(name, names, rest) {
		if (ret->n_tags < LINK_TAGS_MAX && nla_type(name) == IFLA_ALT_IFNAME &&
		    !strncmp(nla_get_string(name), LINK_TAG_PREFIX, strlen(LINK_TAG_PREFIX)))
			(void)nla_strlcpy(ret->tags[ret->n_tags++], name, sizeof(ret->tags[0]));
	}
}

static int take_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlh);
	struct nlattr *attrs[IFLA_MAX + 1];
	struct found *found = arg;
	struct link *more, *l;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (nla_parse(attrs, IFLA_MAX, nlmsg_attrdata(nlh, sizeof(*ifi)),
		      nlmsg_attrlen(nlh, sizeof(*ifi)), NULL) < 0)
		return -EPROTO;
	more = reallocarray(found->links, (size_t)found->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	found->links = more;
	l = &more[found->n++];
	*l = (struct link){ .index = ifi->ifi_index,
			    .up = ifi->ifi_flags & IFF_UP,
			    .flags = ifi->ifi_flags };
	if (attrs[IFLA_IFNAME])
		(void)nla_strlcpy(l->name, attrs[IFLA_IFNAME], sizeof(l->name));
	if (attrs[IFLA_IFALIAS])
		(void)nla_strlcpy(l->alias, attrs[IFLA_IFALIAS], sizeof(l->alias));
	if (attrs[IFLA_MASTER])
		l->master = (int)nla_get_u32(attrs[IFLA_MASTER]);
	if (attrs[IFLA_LINK])
		l->peer = (int)nla_get_u32(attrs[IFLA_LINK]);
	if (attrs[IFLA_MTU])
		l->mtu = nla_get_u32(attrs[IFLA_MTU]);
	if (attrs[IFLA_GROUP])
		l->group = nla_get_u32(attrs[IFLA_GROUP]);
	if (attrs[IFLA_ADDRESS] && nla_len(attrs[IFLA_ADDRESS]) == ETH_ALEN)
		memcpy(l->mac, nla_data(attrs[IFLA_ADDRESS]), ETH_ALEN);
	if (attrs[IFLA_LINKINFO])
		take_kind(attrs[IFLA_LINKINFO], l);
	if (attrs[IFLA_PROP_LIST])
		take_tags(attrs[IFLA_PROP_LIST], l);
	return 0;
}

/* `what` is for messages. */
static int get(struct nl_sock *sk, struct nl_msg *msg, const char *what, struct link *ret,
	       struct err *err)
{
	struct found found = { .links = NULL };
	int r;

	if (!msg || nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return err_sys(err, ENOMEM, "look up interface %s", what);
	r = nlsock_query(sk, msg, take_link, &found, err);
	if (r == 0 && found.n == 1)
		*ret = found.links[0];
	else if (r == 0)
		r = err_set(err, -EPROTO, "the kernel answered with %d interfaces", found.n);
	free(found.links);
	return r < 0 ? err_prefix(err, r, "look up interface %s", what) : 0;
}

int link_get(struct nl_sock *sk, const char *name, struct link *ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_GETLINK, 0, name, 0);
	char what[IFNAMSIZ + 2];

	(void)snprintf(what, sizeof(what), "'%s'", name);
	return get(sk, msg, what, ret, err);
}

int link_get_up(struct nl_sock *sk, const char *name, const char *where, struct link *ret,
		struct err *err)
{
	int r = link_get(sk, name, ret, err);

	if (r == -ENODEV)
		return err_set(err, -ENOENT, "interface '%s' %s is missing", name, where);
	if (r < 0)
		return r;
	return ret->up ? 0 : err_set(err, -ENOENT, "interface '%s' %s is down", name, where);
}

int link_get_by_altname(struct nl_sock *sk, const char *altname, struct link *ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_GETLINK, 0, NULL, 0);
	char what[LINK_ALTNAME_MAX + 3];

	(void)snprintf(what, sizeof(what), "'%s'", altname);
	if (!msg || nla_put_string(msg, IFLA_ALT_IFNAME, altname) < 0)
		return err_sys(err, ENOMEM, "look up interface %s", what);
	return get(sk, msg, what, ret, err);
}

int link_get_by_index(struct nl_sock *sk, int index, struct link *ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_GETLINK, 0, NULL, index);
	char what[32];

	(void)snprintf(what, sizeof(what), "with index %d", index);
	return get(sk, msg, what, ret, err);
}

static void forget(void *arg)
{
	((struct found *)arg)->n = 0;
}

/* master: 0 for all. */
static int list(struct nl_sock *sk, int master, struct link **ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_GETLINK, NLM_F_DUMP, NULL, 0);
	struct found found = { .links = NULL };
	int r;

	if (!msg || nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0 ||
	    (master && nla_put_u32(msg, IFLA_MASTER, (uint32_t)master) < 0))
		return err_sys(err, ENOMEM, "list interfaces");
	r = nlsock_dump(sk, msg, take_link, forget, &found, err);
	if (r < 0) {
		free(found.links);
		return err_prefix(err, r, "list interfaces");
	}
	*ret = found.links;
	return found.n;
}

int link_list(struct nl_sock *sk, struct link **ret, struct err *err)
{
	return list(sk, 0, ret, err);
}

int link_ports(struct nl_sock *sk, int master, struct link **ret, struct err *err)
{
	return list(sk, master, ret, err);
}

/* ---- changing ---- */

static int add(struct nl_sock *sk, const char *name, const char *kind, uint32_t vrf_table,
	       struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name, 0);
	struct nlattr *info, *data;
	int r;

	if (!msg)
		goto nla_put_failure;
	info = nla_nest_start(msg, IFLA_LINKINFO);
	if (!info)
		goto nla_put_failure;
	NLA_PUT_STRING(msg, IFLA_INFO_KIND, kind);
	if (vrf_table) {
		data = nla_nest_start(msg, IFLA_INFO_DATA);
		if (!data)
			goto nla_put_failure;
		NLA_PUT_U32(msg, IFLA_VRF_TABLE, vrf_table);
		nla_nest_end(msg, data);
	}
	nla_nest_end(msg, info);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "create %s '%s'", kind, name) : 0;

nla_put_failure:
	return err_sys(err, ENOMEM, "create %s '%s'", kind, name);
}

int link_add_dummy(struct nl_sock *sk, const char *name, struct err *err)
{
	return add(sk, name, "dummy", 0, err);
}

int link_add_vrf(struct nl_sock *sk, const char *name, uint32_t table, struct err *err)
{
	return add(sk, name, "vrf", table, err);
}

int link_del(struct nl_sock *sk, const char *name, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_DELLINK, 0, name, 0);
	int r;

	if (!msg)
		return err_sys(err, ENOMEM, "delete interface '%s'", name);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "delete interface '%s'", name) : 0;
}

int link_set_up(struct nl_sock *sk, const char *name, bool up, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct ifinfomsg ifi = { .ifi_change = IFF_UP, .ifi_flags = up ? IFF_UP : 0 };
	int r;

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, name) < 0)
		return err_sys(err, ENOMEM, "set interface '%s' %s", name, up ? "up" : "down");
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "set interface '%s' %s", name, up ? "up" : "down") : 0;
}

int link_set_alias(struct nl_sock *sk, const char *name, const char *alias, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWLINK, 0, name, 0);
	int r;

	/* The alias is sent without its NUL, which the kernel would count; an alias of length 0
	 * removes it. */
	if (!msg || nla_put(msg, IFLA_IFALIAS, (int)strlen(alias), alias) < 0)
		return err_sys(err, ENOMEM, "set alias of interface '%s'", name);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "set alias of interface '%s' to '%s'", name, alias) : 0;
}

int link_set_master(struct nl_sock *sk, const char *name, int master, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWLINK, 0, name, 0);
	int r;

	if (!msg || nla_put_u32(msg, IFLA_MASTER, (uint32_t)master) < 0)
		return err_sys(err, ENOMEM, "set master of interface '%s'", name);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "set master of interface '%s' to index %d", name,
				  master) :
		       0;
}
