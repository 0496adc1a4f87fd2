/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/facts.h"

#include <stdio.h>

#include "common/cleanup.h"

#define FACT(name) .offset = offsetof(struct facts, name)

const struct facts_row facts_table[] = {
	{ "smc", FACT(smc), .needed = true,
	  .advice = "Load the module smc, or boot a kernel that has CONFIG_SMC." },
	{ "hook", FACT(hook), .needed = true,
	  .advice = "Boot Linux 6.11 or later with CONFIG_MPTCP, CONFIG_DEBUG_INFO_BTF and "
		    "CONFIG_KALLSYMS_ALL, and give the agent its capabilities." },
	{ "offer", FACT(offer), .needed = true,
	  .advice = "Boot Linux 6.2 or later with CONFIG_NET_CLS_ACT and CONFIG_DEBUG_INFO_BTF." },
	{ "ueid", FACT(ueid), .needed = true,
	  .advice = "Remove a UEID that nobody needs: the kernel keeps four." },
	{ "selinux", FACT(selinux), .needed = true,
	  .advice = "Load the module smc-cni.cil, which allows containers SMC sockets." },
	{ "plugin", FACT(plugin), .told = true,
	  .advice =
		  "See that the CNI folder is mounted writable, and that nobody takes the plugin out." },
	{ "flows", FACT(flows),
	  .advice =
		  "Boot a kernel whose module smc has BTF (CONFIG_DEBUG_INFO_BTF_MODULES): without, "
		  "no RDMA path is proven, and SMC-R is not offered." },
	{ "cgroup", FACT(cgroup),
	  .advice = "Boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1)." },
	{ "nri", FACT(nri), .told = true,
	  .advice =
		  "Turn NRI on in the runtime's configuration, and mount the folder of its socket." },
	{ "host", FACT(host),
	  .advice = "Name an RDMA device that is present in the config's pnets." },
};
const size_t facts_n = ARRAY_SIZE(facts_table);

static void keep_text(char to[FACTS_WHY_MAX], const char *text)
{
	(void)snprintf(to, FACTS_WHY_MAX, "%.*s", FACTS_WHY_MAX - 1, text);
}

void facts_set(struct fact *fact, int rc, const struct err *err)
{
	fact->ok = rc >= 0;
	fact->known = true;
	keep_text(fact->why, rc >= 0 ? "" : err->msg);
	fact->doubt[0] = '\0';
}

void facts_doubt(struct fact *fact, const struct err *err)
{
	if (!fact->known)
		keep_text(fact->why, err->msg);
	keep_text(fact->doubt, err->msg);
	fact->failures++;
}

const struct fact *facts_get(const struct facts *facts, const struct facts_row *row)
{
	return (const struct fact *)((const char *)facts + row->offset);
}

const struct facts_row *facts_first_missing(const struct facts *facts)
{
	for (size_t i = 0; i < facts_n; i++) {
		if (facts_table[i].needed && !facts_get(facts, &facts_table[i])->ok)
			return &facts_table[i];
	}
	return NULL;
}

bool facts_unknown(const struct facts *facts)
{
	for (size_t i = 0; i < facts_n; i++) {
		if (facts_table[i].needed && !facts_get(facts, &facts_table[i])->known)
			return true;
	}
	return false;
}

const char *facts_why_not(const struct facts *facts)
{
	const struct facts_row *row = facts_first_missing(facts);

	return row ? facts_get(facts, row)->why : NULL;
}
