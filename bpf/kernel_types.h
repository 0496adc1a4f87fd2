/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel types that our programs read: only the fields in use, relocated by CO-RE at load time.
 * Layouts are the kernel's business (preserve_access_index); names are those of its BTF, 6.12 to
 * 7.3. */
#ifndef SMC_BPF_KERNEL_TYPES_H
#define SMC_BPF_KERNEL_TYPES_H

#include <linux/types.h>

/* <linux/socket.h>, <linux/net.h>, <linux/in.h>: ABI, the same on every architecture that SMC runs
 * on. */
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_TYPE_MASK 0xf /* the rest of `type` is SOCK_CLOEXEC and SOCK_NONBLOCK */
#define IPPROTO_IP 0
#define IPPROTO_TCP 6
#define IPPROTO_SMC 256
#define IPPROTO_MPTCP 262
#define TCP_ULP 31

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net {
	__u64 net_cookie;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	possible_net_t nd_net;
};

struct sk_buff {
	struct net_device *dev;
	__u16 network_header; /* from head */
	unsigned char *head, *data;
};

struct tcp_sock {
	__u8 syn_smc : 1; /* it offers SMC, or, listening, accepts it */
};

struct nsproxy {
	struct net *net_ns;
};

struct cred {
	void *security; /* of all security modules, one behind the other */
};

struct task_struct {
	struct nsproxy *nsproxy;
	const struct cred *cred;
};

/* include/linux/lsm_hooks.h: where a module's part begins, in bytes */
struct lsm_blob_sizes {
	int lbs_cred;
};

/* security/landlock/cred.h */
struct landlock_cred_security {
	void *domain; /* NULL: nothing is restricted */
};

struct list_head {
	struct list_head *next;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
};

/* include/net/protocol.h: what socket(2) finds a protocol by, one list a socket type (inetsw,
 * inetsw6) */
struct inet_protosw {
	struct list_head list;
	unsigned short protocol;
};

#pragma clang attribute pop

#endif
