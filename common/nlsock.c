/* SPDX-License-Identifier: Apache-2.0 */
#include "common/nlsock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/netns.h"

/* Dumps of link tables of a busy node do not fit libnl's default of 32 KiB. */
#define RECV_BUFFER_BYTES (256 * 1024)
/* One of a link may have 64 KiB of alternative names in it, and some more. */
#define RECV_MESSAGE_BYTES (96 * 1024)
/* Between two tries of a dump: twice as long each time. */
#define PAUSE_NS 500000
#define PAUSE_MAX_NS 32000000

struct open_args {
	struct nl_sock *sk;
	int protocol;
};

struct reply {
	nlsock_msg_fn *fn;
	void *arg;
	uint32_t seq;
	int result; /* first error of fn or of the kernel */
	bool done;
	struct err *err;
};

static int connect_inside(void *arg, struct err *err)
{
	struct open_args *args = arg;
	int r = nl_connect(args->sk, args->protocol);

	if (r < 0)
		return err_set(err, r == -NLE_PROTO_MISMATCH ? -EPROTONOSUPPORT : -EIO,
			       "open netlink socket: %s", nl_geterror(r));
	return 0;
}

static int set_options(struct nl_sock *sk, int timeout_ms, struct err *err)
{
	struct timeval tv = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	int fd = nl_socket_get_fd(sk), on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0)
		return err_sys(err, errno, "set time limit of netlink socket");
	/* Better messages and complete acknowledgements help, but are not needed; old kernels
	 * refuse them. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)nl_socket_set_buffer_size(sk, RECV_BUFFER_BYTES, 0);
	return 0;
}

int nlsock_open(int netns_fd, int protocol, int timeout_ms, struct nl_sock **ret, struct err *err)
{
	auto_nlsock struct nl_sock *sk = nl_socket_alloc();
	struct open_args args = { .sk = sk, .protocol = protocol };
	int r;

	FAULT_POINT("netlink socket", err);
	if (!sk)
		return err_sys(err, ENOMEM, "open netlink socket");
	if (netns_fd >= 0)
		r = netns_call(netns_fd, connect_inside, &args, err);
	else
		r = connect_inside(&args, err);
	if (r < 0)
		return r;
	r = set_options(sk, timeout_ms, err);
	if (r < 0)
		return r;
	*ret = sk;
	sk = NULL;
	return 0;
}

void nlsock_close(struct nl_sock **sk)
{
	if (*sk)
		nl_socket_free(*sk);
}

void nlsock_free_msg(struct nl_msg **msg)
{
	if (*msg)
		nlmsg_free(*msg);
}

/* The extended part of a negative answer: attributes behind the error header, and behind the copy
 * of the request unless the kernel has cut that. */
static const char *extack_text(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = nlmsg_data(nlh);
	size_t off = sizeof(*e);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		off += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	if (off >= (size_t)nlmsg_datalen(nlh))
		return NULL;
	attr = nla_find((const struct nlattr *)((const char *)nlmsg_data(nlh) + off),
			nlmsg_datalen(nlh) - (int)off, NLMSGERR_ATTR_MSG);
	return attr ? nla_get_string(attr) : NULL;
}

static void take_error(struct reply *reply, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = nlmsg_data(nlh);
	const char *text;

	reply->done = true;
	if (nlmsg_datalen(nlh) < (int)sizeof(*e)) {
		reply->result = err_set(reply->err, -EPROTO, "kernel sent a short netlink error");
		return;
	}
	if (e->error == 0 || reply->result < 0)
		return;
	text = extack_text(nlh);
	if (text)
		reply->result = err_set(reply->err, e->error, "%s (%s)", err_text(-e->error), text);
	else
		reply->result = err_set(reply->err, e->error, "%s", err_text(-e->error));
}

/* A dump ends with NLMSG_DONE, whose payload is 0 or the error that ended it early. */
static void take_done(struct reply *reply, const struct nlmsghdr *nlh)
{
	int error = 0;

	reply->done = true;
	if (nlmsg_datalen(nlh) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(nlh), sizeof(error));
	if (error < 0 && reply->result == 0)
		reply->result = err_set(reply->err, error, "%s", err_text(-error));
}

static void take_message(struct reply *reply, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_seq != reply->seq)
		return; /* this is the late answer to a request that timed out */
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		take_error(reply, nlh);
		return;
	}
	/* It may be the message at the end alone that says so. */
	if ((nlh->nlmsg_flags & NLM_F_DUMP_INTR) && reply->result == 0)
		reply->result = err_set(reply->err, -EINTR, "the table changed while it was read");
	if (nlh->nlmsg_type == NLMSG_DONE) {
		take_done(reply, nlh);
		return;
	}
	if (reply->fn && reply->result == 0)
		reply->result = reply->fn(nlh, reply->arg);
	reply->done = reply->result == NLSOCK_STOP;
}

static int receive(struct nl_sock *sk, struct reply *reply)
{
	/* The buffer is on the stack: musl's malloc would map and unmap it for each request. */
	_Alignas(struct nlmsghdr) unsigned char buf[RECV_MESSAGE_BYTES];

	while (!reply->done) {
		ssize_t n = recv(nl_socket_get_fd(sk), buf, RECV_MESSAGE_BYTES, MSG_TRUNC);
		struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
		int left;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return err_set(reply->err, -ETIMEDOUT, "no answer from the kernel in time");
		if (n < 0)
			return err_sys(reply->err, errno, "receive netlink reply");
		if (n > RECV_MESSAGE_BYTES)
			return err_set(reply->err, -EMSGSIZE,
				       "netlink reply is larger than %d bytes", RECV_MESSAGE_BYTES);
		left = (int)n;
		for (; nlmsg_ok(nlh, left) && !reply->done; nlh = nlmsg_next(nlh, &left))
			take_message(reply, nlh);
	}
	return reply->result;
}

int nlsock_query(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn, void *arg,
		 struct err *err)
{
	struct reply reply = { .fn = fn, .arg = arg, .err = err };
	int r;

	FAULT_POINT("netlink request", err);
	/* With an acknowledgement the reply of one object has an end that can be seen, as a dump
	 * has. */
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nl_complete_msg(sk, msg);
	reply.seq = nlmsg_hdr(msg)->nlmsg_seq;
	r = nl_send(sk, msg);
	if (r < 0)
		return err_set(err, -EIO, "send netlink request: %s", nl_geterror(r));
	return receive(sk, &reply);
}

static int64_t limit_ms(const struct nl_sock *sk)
{
	struct timeval tv = { .tv_sec = 0 };
	socklen_t len = sizeof(tv);

	(void)getsockopt(nl_socket_get_fd(sk), SOL_SOCKET, SO_RCVTIMEO, &tv, &len);
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

int nlsock_dump(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn, nlsock_forget_fn *forget,
		void *arg, struct err *err)
{
	int64_t end_ms = clock_now_ms() + limit_ms(sk);
	struct timespec pause = { .tv_nsec = PAUSE_NS };

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	for (;;) {
		struct err why = ERR_INIT;
		int r;

		if (forget)
			forget(arg);
		r = nlsock_query(sk, msg, fn, arg, &why);
		if (r == 0)
			return 0;
		if ((r != -EINTR && r != -EAGAIN) || clock_now_ms() >= end_ms)
			return err_set(err, r, "%s", why.msg);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MAX_NS)
			pause.tv_nsec *= 2;
	}
}

int nlsock_talk(struct nl_sock *sk, struct nl_msg *msg, struct err *err)
{
	return nlsock_query(sk, msg, NULL, NULL, err);
}
