/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Somebody's sock_ops program, which does nothing: that it is there is what counts. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("sockops")
int redirector(struct bpf_sock_ops *ops)
{
	(void)ops;
	return 1;
}
