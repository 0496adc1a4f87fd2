/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Of the kernel's SMC sockets only what our programs read, as bpf/kernel_types.h has it. In a
 * kernel with SMC as a module their layout is in the module's BTF. Included by *.bpf.c only. */
#ifndef SMC_BPF_SMC_TYPES_H
#define SMC_BPF_SMC_TYPES_H

#include "bpf/kernel_types.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	__u8 bytes[16]; /* never named to the kernel: the whole is read */
};

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	__u16 skc_num; /* own port, host byte order */
	unsigned short skc_family;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
};

struct sock {
	struct sock_common __sk_common;
};

struct socket {
	struct sock *sk;
};

/* net/smc/smc_core.h */
struct smc_link_group {
	__u8 is_smcd : 1;
	char peer_systemid[8]; /* of SMC-R */
};

enum smc_link_state {
	SMC_LNK_ACTIVE = 3,
};

struct smc_link {
	struct smc_link_group *lgr;
	enum smc_link_state state;
};

/* net/smc/smc.h */
struct smc_connection {
	struct smc_link_group *lgr;
	struct smc_link *lnk; /* of SMC-R */
};

struct work_struct {
	struct list_head entry;
};

struct smc_sock {
	struct sock sk;
	struct socket *clcsock; /* the TCP socket inside */
	struct smc_connection conn;
	struct smc_sock *listen_smc; /* of an accepted socket: who accepted it */
	__u32 peer_diagnosis;
	struct work_struct connect_work;
	__u8 use_fallback; /* a bool */
};

#pragma clang attribute pop

#endif
