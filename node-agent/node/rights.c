/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/rights.h"

#include <linux/capability.h>
#include <string.h>

#include "common/caps.h"
#include "common/log.h"

/* CAP_BPF and CAP_PERFMON are not among them: the kernel takes CAP_SYS_ADMIN for both
 * (include/linux/bpf.h, bpf_token_capable), which setns asks for anyway. */
const struct right rights[] = {
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "bpf(2), and entering the network namespaces of pods" },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN",
	  "UEID and pnet table of SMC, programs on cgroups, addresses and routes of SMC-R" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE",
	  "/proc/PID/ns/net, by which the network namespace of a pod is found again" },
	{ CAP_SYSLOG, "CAP_SYSLOG",
	  "addresses in /proc/kallsyms, which the steering program needs" },
};
const size_t rights_n = sizeof(rights) / sizeof(rights[0]);

size_t rights_next_missing(uint64_t set, size_t i)
{
	while (i < rights_n && (set >> rights[i].capability & 1))
		i++;
	return i;
}

void rights_warn(void)
{
	uint64_t set = 0;
	int r = caps_effective(&set);

	if (r < 0) {
		log_warn("capabilities cannot be read, going on", "err", strerror(-r));
		return;
	}
	for (size_t i = 0; (i = rights_next_missing(set, i)) < rights_n; i++)
		log_warn("a capability is missing", "capability", rights[i].name, "needed_for",
			 rights[i].needed_for);
}
