/* SPDX-License-Identifier: Apache-2.0 */
#include "common/smc_diag.h"

#include <linux/smc_diag.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

#ifndef AF_SMC
#define AF_SMC 43
#endif

struct walk {
	smc_diag_fn *fn;
	void *arg;
};

/* The mode of a socket without a connection is that of SMC-R, too; only one with it has a link
 * group.
 */
static enum smc_diag_kind kind_of(const struct smc_diag_msg *msg, struct nlattr *const *attrs)
{
	if (msg->diag_mode == SMC_DIAG_MODE_FALLBACK_TCP)
		return SMC_DIAG_KIND_TCP;
	if (msg->diag_mode == SMC_DIAG_MODE_SMCD)
		return SMC_DIAG_KIND_SMCD;
	return attrs[SMC_DIAG_LGRINFO] ? SMC_DIAG_KIND_SMCR : SMC_DIAG_KIND_NONE;
}

static int take(const struct nlmsghdr *nlh, void *arg)
{
	/* libnl's parsers only read the message, but do not take it as const. */
	struct nlmsghdr *hdr = (struct nlmsghdr *)(uintptr_t)nlh;
	const struct smc_diag_msg *msg = nlmsg_data(nlh);
	struct nlattr *attrs[SMC_DIAG_MAX + 1];
	const struct walk *walk = arg;
	struct smc_diag_conninfo info;
	struct smc_diag_fallback back;
	struct smc_diag_socket s;

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY || nlmsg_datalen(nlh) < (int)sizeof(*msg))
		return 0;
	if (nlmsg_parse(hdr, sizeof(*msg), attrs, SMC_DIAG_MAX, NULL) < 0)
		return -EPROTO;
	s = (struct smc_diag_socket){ .inode = (ino_t)msg->diag_inode,
				      .kind = kind_of(msg, attrs) };
	if (nla_memcpy(&back, attrs[SMC_DIAG_FALLBACK], sizeof(back)) == sizeof(back)) {
		s.reason = back.reason;
		s.peer_diagnosis = back.peer_diagnosis;
	}
	if (nla_memcpy(&info, attrs[SMC_DIAG_CONNINFO], sizeof(info)) == sizeof(info))
		s.buffer_bytes = info.sndbuf_size + info.rmbe_size;
	walk->fn(&s, walk->arg);
	return 0;
}

int smc_diag_each(int timeout_ms, smc_diag_fn *fn, void *arg, struct err *err)
{
	struct smc_diag_req req = {
		.diag_family = AF_SMC,
		.diag_ext = 1 << (SMC_DIAG_CONNINFO - 1) | 1 << (SMC_DIAG_LGRINFO - 1),
	};
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	auto_nlsock struct nl_sock *sk = NULL;
	struct walk walk = { fn, arg };
	int r = nlsock_open(-1, NETLINK_SOCK_DIAG, timeout_ms, &sk, err);

	if (r == 0 && (!msg || nlmsg_append(msg, &req, sizeof(req), NLMSG_ALIGNTO) < 0))
		return err_sys(err, ENOMEM, "list SMC sockets");
	if (r == 0)
		r = nlsock_query(sk, msg, take, &walk, err);
	return r < 0 ? err_prefix(err, r, "list SMC sockets") : 0;
}
