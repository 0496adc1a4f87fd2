/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/program/cni_chain.h"

#include <unistd.h>

const struct world_reply chain_good[] = {
	{ "prepare", "{\"v\":1,\"ok\":true,\"steer\":true,\"required\":false,\"why\":\"asked\","
		     "\"netns\":{\"pnets\":[],\"sysctls\":[]}}" },
	{ "commit", "{\"v\":1,\"ok\":true,\"steered\":true}" },
	{ NULL, NULL },
};

const char *chain_conf(const char *members)
{
	return world_conf("1.0.0", CHAIN_PREV "%s", world_netns(0), members);
}

bool chain_is_pending(void)
{
	return access(world_path("run/pending/cfc834d00ca27332.json"), F_OK) == 0;
}

void chain_ok(const char *command, const char *conf, int lines)
{
	struct world_run r = world_expect_ok(command, conf, lines);

	world_run_clear(&r);
}
