/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sockdiag.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

static int count_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct inet_diag_msg *msg = nlmsg_data(nlh);

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY || nlmsg_datalen(nlh) < (int)sizeof(*msg))
		return 0;
	if (msg->idiag_state == TCP_LISTEN)
		++*(int *)arg;
	return 0;
}

static void forget(void *arg)
{
	*(int *)arg = 0;
}

static int count(struct nl_sock *sk, unsigned char family, int *ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	struct inet_diag_req_v2 req = {
		.sdiag_family = family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = 1U << TCP_LISTEN,
	};
	int r;

	if (!msg || nlmsg_append(msg, &req, sizeof(req), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "list listening sockets");
	r = nlsock_dump(sk, msg, count_one, forget, ret, err);
	return r < 0 ? err_prefix(err, r, "list listening sockets") : 0;
}

int sockdiag_tcp_listeners(int netns_fd, int timeout_ms, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	int v4 = 0, v6 = 0;
	int r = nlsock_open(netns_fd, NETLINK_SOCK_DIAG, timeout_ms, &sk, err);

	if (r == 0)
		r = count(sk, AF_INET, &v4, err);
	if (r == 0)
		r = count(sk, AF_INET6, &v6, err);
	return r < 0 ? r : v4 + v6;
}
