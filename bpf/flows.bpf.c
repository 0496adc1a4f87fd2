/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who of a pod's peers got SMC, who TCP, and why.
 *
 * SMC has a tracepoint for what falls back and none for what does not, so a connection counts as
 * SMC when its last message of the handshake is sent: the server's ACCEPT, the client's CONFIRM.
 * What falls back after that (the RDMA path carries nothing) is taken out again. The same tells
 * which paths to peers carry something (bpf/paths.h). All of this runs once a handshake or a link,
 * never for data.
 */
#include "bpf/smc_types.h"

#include "bpf/maps.h"

#include "bpf/bounds_watch.h"
#include "bpf/flows.h"
#include "bpf/paths_watch.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOWS_MAX);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FLOWS_FALLBACKS_MAX);
	__type(key, struct flow_fallback);
	__type(value, __u64);
} fallbacks SEC(".maps");

/* A connection that was counted as SMC: the address of its socket, which may be another's soon, and
 * what tells them apart. */
struct agreed_key {
	const struct smc_sock *smc;
	__u64 cookie;
	__u16 port; /* own, host byte order */
	__be16 peer_port;
	__u32 unused;
};

struct agreed {
	__u64 at_ns;
	__u32 kind; /* enum flow_kind */
	__u32 unused;
};

#define AGREED_MAX 4096
/* After that nothing of the handshake comes: the kernel waits 6 s for a message, 3 s for a link. */
#define AGREED_NS 60000000000ull

/* No storage of the socket's own (BPF_MAP_TYPE_SK_STORAGE): a program on the end of a module's
 * function that uses one crashes Linux 6.12 when it is loaded (docs/kernel-notes.md). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AGREED_MAX);
	__type(key, struct agreed_key);
	__type(value, struct agreed);
} agreed SEC(".maps");

static __always_inline void read_address(struct flow_key *key, const struct sock *sk)
{
	__u32 v4;

	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		BPF_CORE_READ_INTO(&key->address, sk, __sk_common.skc_v6_daddr);
		return;
	}
	v4 = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	if (!v4)
		return;
	key->address[10] = key->address[11] = 0xff;
	__builtin_memcpy(&key->address[12], &v4, sizeof(v4));
}

/* False: it is none of a pod that we watch. */
static __always_inline bool read_key(struct flow_key *key, struct smc_sock *smc)
{
	const struct sock *sk = BPF_CORE_READ(smc, clcsock, sk);

	if (!sk)
		return false;
	key->cookie = BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie);
	if (!bpf_map_lookup_elem(&counters, &key->cookie))
		return false;
	key->server = BPF_CORE_READ(smc, listen_smc) != 0;
	key->port = key->server ? BPF_CORE_READ(sk, __sk_common.skc_num) :
				  bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	read_address(key, sk);
	return true;
}

static __always_inline void count(const struct flow_key *key)
{
	struct flow first = { .n = 1, .last_ns = bpf_ktime_get_boot_ns() };
	struct flow *flow = bpf_map_lookup_elem(&flows, key);

	if (!flow && bpf_map_update_elem(&flows, key, &first, BPF_NOEXIST) == 0)
		return;
	if (!flow) /* somebody was quicker */
		flow = bpf_map_lookup_elem(&flows, key);
	if (!flow)
		return;
	__sync_fetch_and_add(&flow->n, 1);
	flow->last_ns = first.last_ns;
}

static __always_inline void count_fallback(const struct flow_key *key)
{
	const struct flow_fallback id = {
		.cookie = key->cookie,
		.reason = key->reason,
		.server = key->server,
	};
	__u64 one = 1, *n = bpf_map_lookup_elem(&fallbacks, &id);

	if (!n && bpf_map_update_elem(&fallbacks, &id, &one, BPF_NOEXIST) == 0)
		return;
	if (!n)
		n = bpf_map_lookup_elem(&fallbacks, &id);
	if (n)
		__sync_fetch_and_add(n, 1);
}

static __always_inline struct agreed_key agreed_key_of(const struct smc_sock *smc, __u64 cookie)
{
	const struct sock *sk = BPF_CORE_READ(smc, clcsock, sk);

	return (struct agreed_key){
		.smc = smc,
		.cookie = cookie,
		.port = BPF_CORE_READ(sk, __sk_common.skc_num),
		.peer_port = BPF_CORE_READ(sk, __sk_common.skc_dport),
	};
}

static __always_inline struct address address_of(const struct flow_key *key)
{
	struct address a;

	__builtin_memcpy(&a, key->address, sizeof(a));
	return a;
}

static __always_inline int agree(struct smc_sock *smc, void *ctx)
{
	struct agreed agreement = { .at_ns = bpf_ktime_get_boot_ns() };
	const struct smc_link_group *lgr;
	struct flow_key key = {};
	struct agreed_key id;
	struct address peer;
	__u64 failed = 0;

	if (bpf_get_func_ret(ctx, &failed) != 0 || (int)failed || !read_key(&key, smc))
		return 0;
	lgr = BPF_CORE_READ(smc, conn.lgr);
	if (!lgr)
		return 0;
	key.kind = BPF_CORE_READ_BITFIELD_PROBED(lgr, is_smcd) ? FLOW_SMCD : FLOW_SMCR;
	agreement.kind = key.kind;
	id = agreed_key_of(smc, key.cookie);
	if (bpf_map_update_elem(&agreed, &id, &agreement, BPF_ANY) == 0)
		count(&key); /* else it could not be taken out again */
	peer = address_of(&key);
	if (key.kind == FLOW_SMCR)
		path_agreed(BPF_CORE_READ(smc, conn.lnk), &peer);
	return 0;
}

SEC("fexit/smc_clc_send_accept")
int BPF_PROG(smc_flow_accept, struct smc_sock *smc)
{
	return agree(smc, ctx);
}

SEC("fexit/smc_clc_send_confirm")
int BPF_PROG(smc_flow_confirm, struct smc_sock *smc)
{
	return agree(smc, ctx);
}

/* What was counted as SMC and falls back after all. */
static __always_inline void take_out(struct flow_key key, const struct smc_sock *smc)
{
	const struct agreed_key id = agreed_key_of(smc, key.cookie);
	const struct agreed *agreement = bpf_map_lookup_elem(&agreed, &id);
	struct flow *flow;

	if (!agreement || bpf_ktime_get_boot_ns() - agreement->at_ns > AGREED_NS)
		return;
	key.kind = agreement->kind;
	flow = bpf_map_lookup_elem(&flows, &key);
	if (flow && flow->n)
		__sync_fetch_and_sub(&flow->n, 1);
	bpf_map_delete_elem(&agreed, &id);
}

SEC("tp_btf/smc_switch_to_fallback")
int BPF_PROG(smc_flow_fallback, struct smc_sock *smc, int reason)
{
	struct flow_key key = {};
	struct address peer;

	if (!smc || !read_key(&key, smc))
		return 0;
	take_out(key, smc);
	key.reason = reason;
	key.diagnosis = BPF_CORE_READ(smc, peer_diagnosis);
	peer = address_of(&key);
	path_declined(&peer, key.cookie, key.reason, key.diagnosis);
	count_fallback(&key);
	if (key.server && key.reason == FLOWS_PEER_NO_SMC)
		__builtin_memset(key.address, 0, sizeof(key.address));
	count(&key);
	return 0;
}

SEC("fentry/smc_llc_link_active")
int BPF_PROG(smc_path_active, struct smc_link *link)
{
	return link_tells(link, LINK_ACTIVE);
}

SEC("tp_btf/smcr_link_down")
int BPF_PROG(smc_path_down, const struct smc_link *link)
{
	return link ? link_tells(link, LINK_DOWN) : 0;
}

SEC("fentry/smc_llc_link_clear")
int BPF_PROG(smc_path_cleared, struct smc_link *link)
{
	return link_tells(link, LINK_CLEARED);
}

/* ---- connects that wait ---- */

SEC("fentry/smc_connect")
int BPF_PROG(smc_connect_in, struct socket *sock, void *addr, int len, int flags)
{
	if (flags & O_NONBLOCK)
		connect_begins((const struct smc_sock *)BPF_CORE_READ(sock, sk));
	return 0;
}

/* It waits only if the kernel's worker goes on with it: not so of a socket that is TCP by now. */
SEC("fexit/smc_connect")
int BPF_PROG(smc_connect_out, struct socket *sock)
{
	const struct smc_sock *smc = (const void *)BPF_CORE_READ(sock, sk);
	__u64 got = 0;

	if (bpf_get_func_ret(ctx, &got) != 0)
		return 0;
	if ((int)got == -EALREADY ||
	    ((int)got == -EINPROGRESS && !BPF_CORE_READ(smc, use_fallback)))
		return 0;
	connect_ends(smc);
	return 0;
}

SEC("fexit/smc_connect_work")
int BPF_PROG(smc_connect_done, struct work_struct *work)
{
	connect_ends((const void *)work - bpf_core_field_offset(struct smc_sock, connect_work));
	return 0;
}

SEC("fentry/smc_release")
int BPF_PROG(smc_connect_dropped, struct socket *sock)
{
	connect_ends((const struct smc_sock *)BPF_CORE_READ(sock, sk));
	return 0;
}
