/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program of layout 1 on a pod's cgroup: its name is what an upgrade goes by. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("cgroup/sock_create")
int smc_create_v1(struct bpf_sock *sk)
{
	(void)sk;
	return 1;
}
