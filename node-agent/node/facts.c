/* node_refresh(): what the node can do, and what is missing made. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "node-agent/node/features.h"
#include "node-agent/node/node.h"
#include "node-agent/node/selinux.h"
#include "node-agent/steer/pod_cgroup.h"

#define HOOK_FAILURES_MAX 20 /* then every 5 minutes, a refresh being 15 s */

static void cleanup_smc_nl(struct smc_nl **nl)
{
	smc_nl_close(*nl);
}

static void set_fact(struct fact *fact, int rc, const struct err *err)
{
	fact->ok = rc >= 0;
	(void)snprintf(fact->why, sizeof(fact->why), "%.*s", FACTS_WHY_MAX - 1,
		       rc >= 0 ? "" : err->msg);
}

/* What the kernel lacks does not come soon, and looking for it reads its whole symbol table. */
static bool hook_pauses(struct node *node)
{
	if (node->steer || node->hook_pause == 0)
		return false;
	node->hook_pause--;
	return true;
}

static void refresh_hook(struct node *node)
{
	struct err err = ERR_INIT;
	struct steer *fresh;
	int r;

	if (hook_pauses(node))
		return;
	r = node->steer ? steer_check(node->steer, &err) : -ENOENT;
	if (r < 0) {
		err = ERR_INIT;
		(void)steer_facts_read(&node->facts.steer, NULL);
		r = steer_open(node->config->bpffs_dir, &fresh, &err);
		if (r == 0) {
			steer_close(node->steer);
			node->steer = fresh;
		}
	}
	if (r == 0)
		node->hook_failures = 0;
	else if (node->hook_failures < HOOK_FAILURES_MAX)
		node->hook_failures++;
	node->hook_pause = node->hook_failures;
	set_fact(&node->facts.hook, r, &err);
}

static bool has_ueid(const struct facts *facts, const char *ueid)
{
	for (int i = 0; i < facts->n_ueids; i++) {
		if (!strcmp(facts->ueids[i], ueid))
			return true;
	}
	return false;
}

static int read_ueids(struct facts *facts, struct smc_nl *nl, struct err *err)
{
	auto_free char(*list)[SMC_UEID_LEN + 1] = NULL;
	int n = smc_ueid_list(nl, &list, err);

	if (n < 0)
		return n;
	facts->n_ueids = n < FACTS_UEIDS_MAX ? n : FACTS_UEIDS_MAX;
	for (int i = 0; i < facts->n_ueids; i++)
		memcpy(facts->ueids[i], list[i], sizeof(facts->ueids[i]));
	return 0;
}

/* One that an earlier run added and the config names no more. */
static int drop_old_ueid(struct node *node, struct smc_nl *nl, struct err *err)
{
	int r;

	if (!node->ueid[0] || !strcmp(node->ueid, node->config->ueid))
		return 0;
	r = smc_ueid_del(nl, node->ueid, err);
	if (r < 0 && r != -ENOENT)
		return r;
	node->ueid[0] = '\0';
	return node_save(node, err);
}

/* The file says that it is ours before it is there. */
static int add_ueid(struct node *node, struct smc_nl *nl, struct err *err)
{
	int r;

	(void)snprintf(node->ueid, sizeof(node->ueid), "%s", node->config->ueid);
	r = node_save(node, err);
	if (r == 0)
		r = smc_ueid_add(nl, node->ueid, err);
	if (r != 0) { /* failed, or somebody was quicker: not ours */
		node->ueid[0] = '\0';
		(void)node_save(node, NULL);
	}
	return r < 0 ? r : 0;
}

static int refresh_ueid(struct node *node, struct smc_nl *nl, struct err *err)
{
	int r = drop_old_ueid(node, nl, err);

	if (r == 0)
		r = read_ueids(&node->facts, nl, err);
	if (r < 0 || has_ueid(&node->facts, node->config->ueid))
		return r;
	r = add_ueid(node, nl, err);
	return r < 0 ? r : read_ueids(&node->facts, nl, err);
}

static void refresh_smc(struct node *node)
{
	auto_with(cleanup_smc_nl) struct smc_nl *nl = NULL;
	struct facts *facts = &node->facts;
	struct err err = ERR_INIT;
	int r = smc_nl_open(-1, NODE_NETLINK_MS, &nl, &err);

	set_fact(&facts->smc, r, &err);
	memset(&facts->devices, 0, sizeof(facts->devices));
	facts->n_ueids = 0;
	if (r < 0) {
		facts->ueid = (struct fact){ .why = "the kernel has no SMC" };
		return;
	}
	set_fact(&facts->ueid, refresh_ueid(node, nl, &err), &err);
	(void)smc_devices_get(nl, &facts->devices, NULL);
}

static void refresh_rdma(struct node *node)
{
	auto_free struct rdma_nl_port *ports = NULL;
	struct facts *facts = &node->facts;
	int n = rdma_nl_ports(-1, NODE_NETLINK_MS, &ports, NULL);

	facts->n_ports = n < 0 ? 0 : n < FACTS_PORTS_MAX ? n : FACTS_PORTS_MAX;
	if (facts->n_ports > 0)
		memcpy(facts->ports, ports, (size_t)facts->n_ports * sizeof(*ports));
	facts->host.ok = hostnet_wanted(node->config);
	facts->host.unasked = !node->config->n_pnets;
	(void)snprintf(facts->host.why, sizeof(facts->host.why), "%s",
		       facts->host.ok ? "" : node->config->n_pnets ?
		       "no RDMA device of the config's 'pnets' is present" :
		       "the config has no 'pnets'");
}

static void refresh_cgroup(struct node *node)
{
	struct err err = ERR_INIT;
	int fd = cgroup_open_root(node->config->cgroup_root, &err);

	if (node->cgroup_fd >= 0)
		(void)close(node->cgroup_fd);
	node->cgroup_fd = fd < 0 ? -1 : fd;
	set_fact(&node->facts.cgroup, fd, &err);
}

static void refresh_selinux(struct node *node)
{
	struct err err = ERR_INIT;

	set_fact(&node->facts.selinux, selinux_check(&err), &err);
}

/* An extra: the log says it once, and once when it is well again. */
static void write_features(struct node *node)
{
	struct err err = ERR_INIT;
	int r;

	if (*node->config->cni_plugin && !node->plugin_known) /* the labels of before the restart may be right */
		return;
	r = features_write(node->config->features_dir, &node->facts, &err);
	if (r < 0 && !node->features_bad)
		log_warn("labels of this node are not up to date", "err", err.msg);
	else if (r > 0)
		log_info("wrote node features", "folder", node->config->features_dir);
	node->features_bad = r < 0;
}

void node_set_plugin(struct node *node, int rc, const struct err *err)
{
	set_fact(&node->facts.plugin, rc, err);
	node->plugin_known = true;
	write_features(node);
}

void node_refresh_devices(struct node *node)
{
	auto_with(cleanup_smc_nl) struct smc_nl *nl = NULL;

	if (smc_nl_open(-1, NODE_NETLINK_MS, &nl, NULL) == 0)
		(void)smc_devices_get(nl, &node->facts.devices, NULL);
	refresh_rdma(node);
}

void node_refresh(struct node *node)
{
	struct utsname u;

	if (uname(&u) == 0)
		(void)snprintf(node->facts.kernel, sizeof(node->facts.kernel), "%s", u.release);
	refresh_hook(node);
	refresh_smc(node);
	refresh_selinux(node);
	refresh_rdma(node);
	refresh_cgroup(node);
	write_features(node);
}
