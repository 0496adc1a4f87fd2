/* SPDX-License-Identifier: Apache-2.0 */
#include "common/addr.h"

#include <errno.h>
#include <netlink/attr.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

struct found {
	int ifindex; /* 0: of all */
	struct addr *addrs;
	int n;
};

static size_t bytes_of(const struct inet_addr *addr)
{
	return addr->family == AF_INET ? sizeof(addr->v4) : sizeof(addr->v6);
}

/* The union starts at either member. */
static const void *raw(const struct inet_addr *addr)
{
	return &addr->v6;
}

static const char *text_of(const struct addr *addr, char buf[2 * INET_TEXT_MAX + 8])
{
	char local[INET_TEXT_MAX], peer[INET_TEXT_MAX];

	if (addr->peer.family == AF_UNSPEC)
		return inet_format(&addr->local, buf);
	(void)snprintf(buf, 2 * INET_TEXT_MAX + 8, "%s peer %s",
		       inet_format_addr(&addr->local, local), inet_format(&addr->peer, peer));
	return buf;
}

/* IFA_ADDRESS is the peer's prefix where there is one, else the same as IFA_LOCAL
 * (include/uapi/linux/if_addr.h). */
static struct nl_msg *request(int type, int flags, const struct addr *addr)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);
	const struct inet_addr *far = addr->peer.family == AF_UNSPEC ? &addr->local : &addr->peer;
	struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)addr->local.family,
		.ifa_prefixlen = far->prefix_len,
		.ifa_flags = (uint8_t)addr->flags,
		.ifa_scope = addr->scope,
		.ifa_index = (uint32_t)addr->ifindex,
	};

	if (!msg || nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) < 0)
		return NULL;
	if (nla_put(msg, IFA_LOCAL, (int)bytes_of(&addr->local), raw(&addr->local)) < 0 ||
	    nla_put(msg, IFA_ADDRESS, (int)bytes_of(far), raw(far)) < 0)
		return NULL;
	if (addr->flags && nla_put_u32(msg, IFA_FLAGS, addr->flags) < 0)
		return NULL;
	if (addr->protocol && nla_put_u8(msg, IFA_PROTO, addr->protocol) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

int addr_add(struct nl_sock *sk, const struct addr *addr, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, addr);
	char text[2 * INET_TEXT_MAX + 8];
	int r;

	if (!msg)
		return err_sys(err, ENOMEM, "add address '%s'", text_of(addr, text));
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "add address '%s'", text_of(addr, text)) : 0;
}

int addr_del(struct nl_sock *sk, const struct addr *addr, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_DELADDR, 0, addr);
	char text[2 * INET_TEXT_MAX + 8];
	int r;

	if (!msg)
		return err_sys(err, ENOMEM, "delete address '%s'", text_of(addr, text));
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "delete address '%s'", text_of(addr, text)) : 0;
}

static int take_inet(const struct nlattr *attr, int family, uint8_t prefix_len,
		     struct inet_addr *ret)
{
	struct inet_addr addr = { .family = family, .prefix_len = prefix_len };

	if (nla_len(attr) != (int)bytes_of(&addr))
		return -EPROTO;
	memcpy(&addr.v6, nla_data(attr), bytes_of(&addr));
	*ret = addr;
	return 0;
}

static int parse(const struct ifaddrmsg *ifa, struct nlattr **attrs, struct addr *ret)
{
	const struct nlattr *near = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	int family = ifa->ifa_family, r;

	*ret = (struct addr){ .ifindex = (int)ifa->ifa_index,
			      .scope = ifa->ifa_scope,
			      .flags = ifa->ifa_flags };
	if (!near)
		return -EPROTO;
	r = take_inet(near, family, ifa->ifa_prefixlen, &ret->local);
	if (r < 0)
		return r;
	if (attrs[IFA_LOCAL] && attrs[IFA_ADDRESS] &&
	    nla_memcmp(near, nla_data(attrs[IFA_ADDRESS]), (size_t)nla_len(attrs[IFA_ADDRESS])) !=
		    0) {
		r = take_inet(attrs[IFA_ADDRESS], family, ifa->ifa_prefixlen, &ret->peer);
		ret->local.prefix_len = family == AF_INET ? 32 : 128;
	}
	if (attrs[IFA_FLAGS])
		ret->flags = nla_get_u32(attrs[IFA_FLAGS]);
	if (attrs[IFA_PROTO])
		ret->protocol = nla_get_u8(attrs[IFA_PROTO]);
	return r;
}

static int take_addr(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = nlmsg_data(nlh);
	struct nlattr *attrs[IFA_PROTO + 1];
	struct found *found = arg;
	struct addr *more;
	int r;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return 0;
	if (nla_parse(attrs, IFA_PROTO, nlmsg_attrdata(nlh, sizeof(*ifa)),
		      nlmsg_attrlen(nlh, sizeof(*ifa)), NULL) < 0)
		return -EPROTO;
	/* The kernel's own filter by interface needs NETLINK_GET_STRICT_CHK; a node has few
	 * addresses. */
	if (found->ifindex && found->ifindex != (int)ifa->ifa_index)
		return 0;
	more = reallocarray(found->addrs, (size_t)found->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	found->addrs = more;
	r = parse(ifa, attrs, &more[found->n]);
	if (r == 0)
		found->n++;
	return r;
}

static void forget(void *arg)
{
	((struct found *)arg)->n = 0;
}

int addr_list(struct nl_sock *sk, int family, int ifindex, struct addr **ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg ifa = { .ifa_family = (uint8_t)family };
	struct found found = { .ifindex = ifindex };
	int r;

	if (!msg || nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "list addresses");
	r = nlsock_dump(sk, msg, take_addr, forget, &found, err);
	if (r < 0) {
		free(found.addrs);
		return err_prefix(err, r, "list addresses");
	}
	*ret = found.addrs;
	return found.n;
}
