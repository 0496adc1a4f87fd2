/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Somebody else's program on our hook, as an MPTCP tool would have: the TCP sockets of processes
 * named "mptcp-app" become MPTCP sockets. Like ours, it says 0 about what is not its business. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("fmod_ret/update_socket_protocol")
int BPF_PROG(other_hook, int family, int type, int protocol)
{
	static const char app[] = "mptcp-app";
	char comm[16] = "";

	if (family != 2 || (type & 0xf) != 1 || (protocol != 0 && protocol != 6))
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	return bpf_strncmp(comm, sizeof(app), app) ? 0 : 262;
}
