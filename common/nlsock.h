/* SPDX-License-Identifier: Apache-2.0 */
/* A netlink socket (libnl-3) bound to one network namespace, with bounded waiting and errors that
 * are the kernel's own.
 *
 * A NACK becomes its own -errno, with the kernel's extended message in err where it sent one; a
 * reply that does not come within the time limit is -ETIMEDOUT (the request may still take effect).
 * The limit bounds the wait for the answer only: a request that needs a lock of the kernel (rtnl)
 * which somebody holds waits inside sendmsg(2), and nothing can bound that; the agent therefore
 * sends from its worker thread, never from its loop.
 */
#ifndef SMC_COMMON_NLSOCK_H
#define SMC_COMMON_NLSOCK_H

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "common/err.h"

/* protocol: NETLINK_ROUTE, NETLINK_GENERIC, NETLINK_RDMA. netns_fd -1: the calling thread's own
 * namespace. */
int nlsock_open(int netns_fd, int protocol, int timeout_ms, struct nl_sock **ret, struct err *err);
void nlsock_close(struct nl_sock **sk); /* for auto_with(); *sk may be NULL */
#define auto_nlsock __attribute__((cleanup(nlsock_close)))

void nlsock_free_msg(struct nl_msg **msg); /* for auto_with(); *msg may be NULL */
#define auto_nlmsg __attribute__((cleanup(nlsock_free_msg)))

/* Sends msg (borrowed) with NLM_F_ACK and waits for the answer. 0 or -errno. err's text is the
 * cause only ("File exists", or the kernel's extended message): callers prefix verb, object and
 * name. */
int nlsock_talk(struct nl_sock *sk, struct nl_msg *msg, struct err *err);

/* Sends msg and calls fn for each message of the reply (a dump or a single object) until done. fn
 * returns 0 to go on or -errno, which ends the call with that value once the reply is read to its
 * end. -EINTR: what a dump lists changed meanwhile. NLSOCK_STOP ends the call at once, for what may
 * be long: the socket is then of use for nlsock_close() only. */
#define NLSOCK_STOP (-ECANCELED)
typedef int nlsock_msg_fn(const struct nlmsghdr *nlh, void *arg);
int nlsock_query(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn, void *arg,
		 struct err *err);

/* The same for a dump, which is asked for again, with a pause, as long as it is interrupted and the
 * socket's time limit is not over (-EINTR). Before each try forget (NULL is fine) is called: arg
 * then has what a dump told that was not a whole one. */
typedef void nlsock_forget_fn(void *arg);
int nlsock_dump(struct nl_sock *sk, struct nl_msg *msg, nlsock_msg_fn *fn, nlsock_forget_fn *forget,
		void *arg, struct err *err);

#endif
