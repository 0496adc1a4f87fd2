/* SPDX-License-Identifier: Apache-2.0 */
/* The part of link.h that sets a link's names and its MAC address. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/link.h"
#include "common/nlsock.h"

static struct nl_msg *request(int type, int flags, int index)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = index };

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

const char *link_format_mac(const struct link *link, char buf[LINK_MAC_TEXT_MAX])
{
	const uint8_t *mac = link->mac;

	(void)snprintf(buf, LINK_MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		       mac[2], mac[3], mac[4], mac[5]);
	return buf;
}

bool link_parse_mac(const char *text, uint8_t ret[ETH_ALEN])
{
	uint8_t mac[ETH_ALEN];

	if (strlen(text) != 3 * ETH_ALEN - 1)
		return false;
	for (int i = 0; i < ETH_ALEN; i++) {
		const char *pair = text + 3 * (size_t)i;

		if (strspn(pair, "0123456789abcdefABCDEF") != 2 ||
		    (i < ETH_ALEN - 1 && pair[2] != ':'))
			return false;
		mac[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	memcpy(ret, mac, ETH_ALEN);
	return true;
}

int link_set_mac(struct nl_sock *sk, const struct link *link, const uint8_t mac[ETH_ALEN],
		 struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWLINK, 0, link->index);
	int r;

	if (!msg || nla_put(msg, IFLA_ADDRESS, ETH_ALEN, mac) < 0)
		return err_sys(err, ENOMEM, "set address of interface '%s'", link->name);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "set address of interface '%s'", link->name) : 0;
}

int link_rename(struct nl_sock *sk, int index, const char *name, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWLINK, 0, index);
	int r;

	if (!msg || nla_put_string(msg, IFLA_IFNAME, name) < 0)
		return err_sys(err, ENOMEM, "rename interface to '%s'", name);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "rename interface to '%s'", name) : 0;
}

static int change_altname(struct nl_sock *sk, int type, int flags, int index, const char *altname,
			  struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(type, flags, index);
	struct nlattr *list = msg ? nla_nest_start(msg, IFLA_PROP_LIST | NLA_F_NESTED) : NULL;

	if (!list || nla_put_string(msg, IFLA_ALT_IFNAME, altname) < 0)
		return err_sys(err, ENOMEM, "write message");
	nla_nest_end(msg, list);
	return nlsock_talk(sk, msg, err);
}

int link_add_altname(struct nl_sock *sk, int index, const char *altname, struct err *err)
{
	int r = change_altname(sk, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_APPEND | NLM_F_EXCL, index,
			       altname, err);

	return r < 0 ? err_prefix(err, r, "add alternative name '%s'", altname) : 0;
}

int link_del_altname(struct nl_sock *sk, int index, const char *altname, struct err *err)
{
	int r = change_altname(sk, RTM_DELLINKPROP, 0, index, altname, err);

	return r < 0 ? err_prefix(err, r, "delete alternative name '%s'", altname) : 0;
}

struct altnames {
	char (*list)[LINK_ALTNAME_MAX + 1];
	int n;
};

static int take_altnames(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *list = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)nlh,
					      sizeof(struct ifinfomsg), IFLA_PROP_LIST),
		      *name; /* libnl only reads it */
	struct altnames *names = arg;
	int rest;

	if (!list)
		return 0;
	nla_for_each_nested(name, list, rest) {
		char(*more)[LINK_ALTNAME_MAX + 1] =
			reallocarray(names->list, (size_t)names->n + 1, sizeof(*more));

		if (!more)
			return -ENOMEM;
		names->list = more;
		if (nla_type(name) == IFLA_ALT_IFNAME)
			(void)nla_strlcpy(more[names->n++], name, sizeof(*more));
	}
	return 0;
}

int link_altnames(struct nl_sock *sk, int index, char (**ret)[LINK_ALTNAME_MAX + 1],
		  struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_GETLINK, 0, index);
	struct altnames names = { .n = 0 };
	int r;

	if (!msg || nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return err_sys(err, ENOMEM, "read alternative names");
	r = nlsock_query(sk, msg, take_altnames, &names, err);
	if (r < 0) {
		free(names.list);
		return err_prefix(err, r, "read alternative names");
	}
	*ret = names.list;
	return names.n;
}
