/* SPDX-License-Identifier: Apache-2.0 */
/* The RDMA paths to peers: what is new about them is told. */
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/events.h"

static void tell_closed(struct agent *agent, const struct path_entry *path, uint64_t now_ns)
{
	char peer[PATH_PEER_MAX], seconds[24];
	uint64_t ns = path_closed_until(&path->value, now_ns) - now_ns;

	(void)snprintf(seconds, sizeof(seconds), "%d", (int)(ns / 1000000000));
	log_warn("SMC-R to a peer is not offered for a while", "peer",
		 path_peer_text(&path->key, peer), "seconds", seconds, "why",
		 path_failure_text(&path->value));
	agent_events_closed(agent, path);
}

static void tell(struct agent *agent, const struct path_list *before, const struct path_entry *path,
		 uint64_t now_ns)
{
	const struct path *was = path_list_find(before, &path->key);
	uint32_t failures = was ? was->failures : 0;
	char peer[PATH_PEER_MAX];

	if (path_closed_until(&path->value, now_ns) && path->value.failures > failures)
		tell_closed(agent, path, now_ns);
	else if (failures && path->value.state == PATH_PROVEN)
		log_info("the path to a peer carries RDMA again", "peer",
			 path_peer_text(&path->key, peer));
}

void agent_new_paths(struct agent *agent, struct path_list *now)
{
	struct path_list before = agent->paths;
	uint64_t now_ns = clock_boot_ns();

	agent->paths = *now;
	*now = (struct path_list){ .n = 0 };
	for (int i = 0; i < agent->paths.n; i++)
		tell(agent, &before, &agent->paths.all[i], now_ns);
	path_list_clear(&before);
}

int agent_paths_closed(const struct agent *agent)
{
	uint64_t now_ns = clock_boot_ns();
	int n = 0;

	for (int i = 0; i < agent->paths.n; i++)
		n += path_closed_until(&agent->paths.all[i].value, now_ns) != 0;
	return n;
}
