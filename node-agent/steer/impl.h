/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of node-agent/steer/steer*.c: the handle, and what the files ask of each other. */
#ifndef SMC_AGENT_STEER_IMPL_H
#define SMC_AGENT_STEER_IMPL_H

#include "node-agent/pins/pins.h"
#include "node-agent/steer/steer.h"

#include <limits.h>
#include <stdint.h>

/* The skeletons are gone once loaded; these are all that later calls need. All descriptors are
 * owned by the handle. The hook's link is not among them: its pin alone owns it. */
struct steer {
	int pods_fd;
	int counters_fd;
	int cgroups_fd;
	int containers_fd;
	int create_fd; /* cgroup/sock_create */
	int sockopt_fd; /* cgroup/setsockopt */
	int place_fd; /* iter/cgroup */
	uint32_t hook_id; /* program id */
	uint32_t pods_id, counters_id, cgroups_id, containers_id; /* map ids */
	uint64_t inetsw, inetsw6; /* kernel addresses that the program searches; 0: none */
	uint64_t landlock; /* the same */
	char bpffs_dir[PATH_MAX];
};

/* load.c: the one file that includes skeletons. Loads all programs with the pinned maps,
 * attaches the hook and swaps its pin; on success s has its descriptors and ids. */
int steer_load(struct steer *s, struct err *err);

/* facts.c */

struct steer_symbol {
	enum facts_target target;
	uint64_t address; /* 0 unless target is OK */
};

struct steer_symbols {
	struct steer_symbol v4, v6; /* the lists of protocols, inetsw and inetsw6 */
	struct steer_symbol landlock; /* landlock_blob_sizes */
};

/* Those of this kernel. */
int steer_symbols(struct steer_symbols *ret, struct err *err);

/* The same in a file like /proc/kallsyms. */
int steer_facts_symbols(const char *kallsyms, struct steer_symbols *ret, struct err *err);

/* Does the kernel have the TCP_ULP "smc" that swaps the inode of a live file? `available` is
 * net.ipv4.tcp_available_ulp, which lists it once smc is loaded; before that the release decides:
 * gone in 7.0, and an older kernel counts as unsafe until proven otherwise. */
bool steer_facts_ulp_unsafe(const char *available, bool smc_loaded, const char *release);

#endif
