/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a pod that lives in its network namespace: SMC pnet ids of its interfaces, and
 * sysctls.
 *
 * One struct says what is wanted (the plan) and what to undo: podnet_apply() returns in *undo what
 * it really changed (pnet entries that it added; the old values of the sysctls that it wrote). What
 * was there before is neither in undo nor ever removed. Called by the plugin (ADD, CHECK, DEL) and
 * the agent's worker (adopt, live change, sweep).
 */
#ifndef SMC_COMMON_PODNET_H
#define SMC_COMMON_PODNET_H

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>

#include "common/err.h"
#include "common/smc_nl.h"

#define PODNET_PNETS_MAX 8
#define PODNET_SYSCTLS_MAX 4

struct podnet_pnet {
	char ifname[IFNAMSIZ];
	char id[SMC_PNET_ID_MAX + 1];
};

struct podnet_sysctl {
	char name[64]; /* "net.smc.wmem": only names below net.smc. are accepted */
	char value[32];
};

struct podnet {
	int n_pnets;
	struct podnet_pnet pnets[PODNET_PNETS_MAX];
	int n_sysctls;
	struct podnet_sysctl sysctls[PODNET_SYSCTLS_MAX];
};

/* Applies the plan. On failure it takes back what it did, in reverse, and *undo is untouched.
 * Returns 1 when all was applied but the id of an interface whose hardware has one of its own: that
 * one counts, and the message says which interface it is. */
int podnet_apply(int netns_fd, const struct podnet *plan, struct podnet *undo, struct err *err);
/* Returns 0 if all of the plan is in force, as far as can be seen, else -ENOENT with the first
 * thing that is missing. */
int podnet_check(int netns_fd, const struct podnet *plan, struct err *err);
/* Takes back what undo lists; what is gone already is fine. Goes on after an error and returns the
 * first. */
int podnet_undo(int netns_fd, const struct podnet *undo, struct err *err);

/* {"pnets":[{"ifname":"eth0","id":"NET0"}],"sysctls":[{"name":"net.smc.wmem","value":"65536"}]} */
json_t *podnet_to_json(const struct podnet *p);
int podnet_from_json(const json_t *obj, const char *where, struct podnet *ret, struct err *err);

#endif
