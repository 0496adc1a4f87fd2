/* SPDX-License-Identifier: Apache-2.0 */
#include "common/smc_nl.h"

#include <errno.h>
#include <linux/smc.h>
#include <netlink/genl/ctrl.h>

#include "common/cleanup.h"
#include "common/smc_nl_priv.h"

/* SMCR_GENL_FAMILY_VERSION and SMC_GENL_FAMILY_VERSION */
#define VERSION 1

struct nl_msg *smc_nl_msg(int family, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd, VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int smc_nl_parse(const struct nlmsghdr *nlh, struct nlattr **attrs, int max_type,
		 const struct nla_policy *policy)
{
	/* libnl's parsers only read the message, but do not take it as const. */
	struct nlmsghdr *hdr = (struct nlmsghdr *)(uintptr_t)nlh;

	return genlmsg_parse(hdr, 0, attrs, max_type, policy) < 0 ? -EPROTO : 0;
}

int smc_nl_parse_nest(const struct nlmsghdr *nlh, int nest, struct nlattr **attrs, int max_type,
		      const struct nla_policy *policy)
{
	struct nlattr *top[SMC_GEN_MAX + 1];

	if (smc_nl_parse(nlh, top, SMC_GEN_MAX, NULL) < 0 || !top[nest])
		return -EPROTO;
	return nla_parse_nested(attrs, max_type, top[nest], policy) < 0 ? -EPROTO : 0;
}

static int take_family_id(const struct nlmsghdr *nlh, void *arg)
{
	static const struct nla_policy policy[CTRL_ATTR_MAX + 1] = {
		[CTRL_ATTR_FAMILY_ID] = { .type = NLA_U16 },
	};
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	int *ret = arg;

	if (smc_nl_parse(nlh, attrs, CTRL_ATTR_MAX, policy) < 0 || !attrs[CTRL_ATTR_FAMILY_ID])
		return -EPROTO;
	*ret = nla_get_u16(attrs[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

/* As genl_ctrl_resolve(), with nlsock's time limit and the kernel's own error. */
static int resolve(struct nl_sock *sk, const char *name, int *ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = smc_nl_msg(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	int id = 0, r;

	if (!msg || nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, name) < 0)
		return err_sys(err, ENOMEM, "look up netlink family '%s'", name);
	r = nlsock_query(sk, msg, take_family_id, &id, err);
	if (r == -ENOENT)
		return err_set(
			err, -EPROTONOSUPPORT,
			"the kernel has no SMC (module smc cannot be loaded, or CONFIG_SMC is off): no netlink "
			"family '%s'",
			name);
	if (r < 0)
		return err_prefix(err, r, "look up netlink family '%s'", name);
	if (id == 0)
		return err_set(err, -EPROTO, "look up netlink family '%s': the kernel sent no id",
			       name);
	*ret = id;
	return 0;
}

int smc_nl_open(int netns_fd, int timeout_ms, struct smc_nl **ret, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	auto_free struct smc_nl *nl = calloc(1, sizeof(*nl));
	int r;

	if (!nl)
		return err_sys(err, ENOMEM, "open SMC netlink socket");
	r = nlsock_open(netns_fd, NETLINK_GENERIC, timeout_ms, &sk, err);
	if (r < 0)
		return r;
	r = resolve(sk, SMCR_GENL_FAMILY_NAME, &nl->pnet_family, err);
	if (r < 0)
		return r;
	r = resolve(sk, SMC_GENL_FAMILY_NAME, &nl->gen_family, err);
	if (r < 0)
		return r;
	nl->sk = TAKE_PTR(sk);
	*ret = TAKE_PTR(nl);
	return 0;
}

void smc_nl_close(struct smc_nl *nl)
{
	if (!nl)
		return;
	nlsock_close(&nl->sk);
	free(nl);
}

int smc_nl_dump(struct smc_nl *nl, int family, uint8_t cmd, nlsock_msg_fn *fn,
		nlsock_forget_fn *reset, void *arg, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = smc_nl_msg(family, cmd, NLM_F_DUMP);

	if (!msg)
		return err_sys(err, ENOMEM, "allocate a netlink message");
	return nlsock_dump(nl->sk, msg, fn, reset, arg, err);
}
