/* SPDX-License-Identifier: Apache-2.0 */
/* node_refresh() finds out what the node can do, and makes what is missing. */
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

#define RETRY_FAILURES_MAX 20 /* then every 5 minutes, a refresh being 15 s */

static void cleanup_smc_nl(struct smc_nl **nl)
{
	smc_nl_close(*nl);
}

/* The answer is no only if rc is `no`. Any other failure says nothing about what was asked. */
static void learn(struct fact *fact, int rc, bool no, const struct err *err)
{
	if (rc >= 0 || no)
		facts_set(fact, rc, err);
	else
		facts_doubt(fact, err);
}

/* True: it is too early for another try. */
static bool pauses(struct node_retry *retry, bool there)
{
	if (there || retry->pause == 0)
		return false;
	retry->pause--;
	return true;
}

static void tried(struct node_retry *retry, int rc, bool no)
{
	if (rc == 0)
		retry->failures = 0;
	else if (retry->failures < RETRY_FAILURES_MAX)
		retry->failures++;
	retry->pause = no ? retry->failures : 0;
}

/* 0: it is in force, or was put in force now. *ret_no: it is not; else it could not be told. */
static int look_at_hook(struct node *node, bool *ret_no, struct err *err)
{
	struct steer *fresh;
	int r = node->steer ? steer_check(node->steer, err) : -ENOENT;

	*ret_no = r == -ENOENT || r == -ESTALE;
	if (!*ret_no)
		return r;
	*err = (struct err)ERR_INIT;
	(void)steer_facts_read(&node->facts.steer, NULL);
	r = steer_open(node->config->bpffs_dir, &fresh, err);
	if (r < 0)
		return r;
	steer_close(node->steer);
	node->steer = fresh;
	return 0;
}

static void refresh_hook(struct node *node)
{
	struct err err = ERR_INIT;
	bool no;
	int r;

	/* A try reads the kernel's whole symbol table. */
	if (pauses(&node->hook_retry, node->steer))
		return;
	r = look_at_hook(node, &no, &err);
	tried(&node->hook_retry, r, no);
	learn(&node->facts.hook, r, no, &err);
}

/* As look_at_hook(). */
static int look_at_offer(struct node *node, bool *ret_no, struct err *err)
{
	struct offer *fresh;
	int r = node->offer ? offer_check(node->offer, err) : -ENOENT;

	*ret_no = r == -ENOENT;
	if (!*ret_no)
		return r;
	*err = (struct err)ERR_INIT;
	r = offer_open(node->config->bpffs_dir, &fresh, err);
	if (r < 0)
		return r;
	offer_close(node->offer);
	node->offer = fresh;
	return 0;
}

/* Its maps lie beside the hook's, and are of no use without it. */
static void refresh_offer(struct node *node)
{
	struct err err = ERR_INIT;
	bool no;
	int r;

	if (!node->steer) {
		(void)err_set(&err, -EOPNOTSUPP, "the hook is not attached: %s",
			      node->facts.hook.why);
		facts_set(&node->facts.offer, -EOPNOTSUPP, &err);
		return;
	}
	r = look_at_offer(node, &no, &err);
	if (r == 0 && node->pause_known)
		r = node_pause(node, node->paused, &err);
	learn(&node->facts.offer, r, no, &err);
}

/* As look_at_hook(). Two of them would count each handshake twice: the old one goes first. */
static int look_at_flows(struct node *node, bool *ret_no, struct err *err)
{
	int r = node->flows ? flows_check(node->flows, err) : -ENOENT;

	*ret_no = r == -ENOENT;
	if (!*ret_no)
		return r == 0 ? flows_drop_gone(node->flows, err) : r;
	*err = (struct err)ERR_INIT;
	flows_close(TAKE_PTR(node->flows));
	return flows_open(node->config->bpffs_dir, &node->flows, err);
}

/* Whose flows they are, the hook's maps say. */
static void refresh_flows(struct node *node)
{
	struct err err = ERR_INIT;
	bool no;
	int r;

	if (!node->steer || !node->facts.smc.ok) {
		(void)err_set(&err, -EOPNOTSUPP, "nobody is steered");
		facts_set(&node->facts.flows, -EOPNOTSUPP, &err);
		return;
	}
	/* A try reads the kernel's BTF and its modules'. */
	if (pauses(&node->flows_retry, node->flows))
		return;
	r = look_at_flows(node, &no, &err);
	tried(&node->flows_retry, r, no);
	learn(&node->facts.flows, r, no, &err);
}

int node_pause(struct node *node, bool on, struct err *err)
{
	bool closed;
	int r;

	node->paused = on;
	node->pause_known = true;
	if (!node->offer)
		return 0; /* nobody offers anything */
	r = offer_node_closed(node->offer, &closed, err);
	if (r == 0 && closed != on)
		r = offer_node_close(node->offer, on, err);
	return r;
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

/* Removes a UEID that an earlier run added and the config does not name any more. */
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

/* The file says that the UEID is ours before the kernel has it. */
static int add_ueid(struct node *node, struct smc_nl *nl, struct err *err)
{
	int r;

	(void)snprintf(node->ueid, sizeof(node->ueid), "%s", node->config->ueid);
	r = node_save(node, err);
	if (r == 0)
		r = smc_ueid_add(nl, node->ueid, err);
	if (r != 0) { /* it failed, or somebody was quicker: the UEID is not ours */
		node->ueid[0] = '\0';
		(void)node_save(node, NULL);
	}
	return r < 0 ? r : 0;
}

/* *ret_no: it is not there; else it could not be told. */
static int refresh_ueid(struct node *node, struct smc_nl *nl, bool *ret_no, struct err *err)
{
	int r = drop_old_ueid(node, nl, err);

	*ret_no = false;
	if (r == 0)
		r = read_ueids(&node->facts, nl, err);
	if (r < 0 || has_ueid(&node->facts, node->config->ueid))
		return r;
	*ret_no = true;
	r = add_ueid(node, nl, err);
	if (r < 0)
		return r;
	*ret_no = false;
	return read_ueids(&node->facts, nl, err);
}

static void refresh_smc(struct node *node)
{
	auto_with(cleanup_smc_nl) struct smc_nl *nl = NULL;
	struct facts *facts = &node->facts;
	struct err err = ERR_INIT;
	bool no;
	int r = smc_nl_open(-1, NODE_NETLINK_MS, &nl, &err);

	learn(&facts->smc, r, r == -EPROTONOSUPPORT, &err);
	if (r == -EPROTONOSUPPORT) {
		memset(&facts->devices, 0, sizeof(facts->devices));
		facts->n_ueids = 0;
		(void)err_set(&err, r, "the kernel has no SMC");
		facts_set(&facts->ueid, r, &err);
	} else if (r < 0) {
		facts_doubt(&facts->ueid, &err);
	} else {
		r = refresh_ueid(node, nl, &no, &err);
		learn(&facts->ueid, r, no, &err);
		(void)smc_devices_get(nl, &facts->devices, NULL);
	}
}

static void refresh_host(struct node *node)
{
	auto_free struct rdma_nl_port *ports = NULL;
	struct facts *facts = &node->facts;
	struct err err = ERR_INIT;
	int n = rdma_nl_ports(-1, NODE_NETLINK_MS, &ports, &err);

	facts->host.unasked = !node->config->n_pnets;
	if (n < 0) {
		facts_doubt(&facts->host, &err);
		return;
	}
	facts->n_ports = n < FACTS_PORTS_MAX ? n : FACTS_PORTS_MAX;
	if (facts->n_ports > 0)
		memcpy(facts->ports, ports, (size_t)facts->n_ports * sizeof(*ports));
	if (hostnet_wanted(node->config, ports, n))
		facts_set(&facts->host, 0, NULL);
	else
		facts_set(&facts->host,
			  err_set(&err, -ENODEV, "%s",
				  node->config->n_pnets ?
					  "no RDMA device of the config's 'pnets' is present" :
					  "the config has no 'pnets'"),
			  &err);
}

static void refresh_cgroup(struct node *node)
{
	struct err err = ERR_INIT;
	int fd = cgroup_open_root(node->config->cgroup_root, &err);
	bool no = fd == -EOPNOTSUPP || fd == -ENOENT || fd == -ENOTDIR;

	learn(&node->facts.cgroup, fd, no, &err);
	if (fd < 0 && !no)
		return;
	if (node->cgroup_fd >= 0)
		(void)close(node->cgroup_fd);
	node->cgroup_fd = fd < 0 ? -1 : fd;
}

static void refresh_selinux(struct node *node)
{
	struct err err = ERR_INIT;
	int r = selinux_check(&err);

	learn(&node->facts.selinux, r > 0 ? -EACCES : r, r > 0, &err);
}

/* The labels are an extra: the log tells of a trouble once, and once when it is over. */
static void write_features(struct node *node)
{
	struct err err = ERR_INIT;
	int r;

	if (*node->config->cni_plugin && !node->plugin_known) /* labels from before may be right */
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
	facts_set(&node->facts.plugin, rc, err);
	node->plugin_known = true;
	write_features(node);
}

void node_set_nri(struct node *node, int rc, const struct err *err)
{
	facts_set(&node->facts.nri, rc, err);
	write_features(node);
}

void node_refresh_devices(struct node *node)
{
	auto_with(cleanup_smc_nl) struct smc_nl *nl = NULL;

	if (smc_nl_open(-1, NODE_NETLINK_MS, &nl, NULL) == 0)
		(void)smc_devices_get(nl, &node->facts.devices, NULL);
	refresh_host(node);
}

void node_refresh(struct node *node)
{
	struct utsname u;

	if (uname(&u) == 0)
		(void)snprintf(node->facts.kernel, sizeof(node->facts.kernel), "%s", u.release);
	refresh_smc(node); /* this loads the module, which what follows needs */
	(void)steer_facts_ulp(&node->facts.steer.ulp_unsafe, NULL);
	refresh_hook(node);
	refresh_offer(node);
	refresh_flows(node);
	node_watch_paths(node);
	refresh_selinux(node);
	refresh_host(node);
	refresh_cgroup(node);
	write_features(node);
}

int node_confirm(struct node *node, struct err *err)
{
	const char *why;

	node->hook_retry.pause = 0;
	refresh_smc(node);
	refresh_hook(node);
	refresh_offer(node);
	refresh_selinux(node);
	why = facts_why_not(&node->facts);
	if (why)
		return err_set(err, -EOPNOTSUPP, "%s", why);
	for (size_t i = 0; i < facts_n; i++) {
		const struct fact *fact = facts_get(&node->facts, &facts_table[i]);

		if (facts_table[i].needed && fact->doubt[0])
			return err_set(err, -EOPNOTSUPP,
				       "cannot look whether the node has '%s': %s",
				       facts_table[i].name, fact->doubt);
	}
	return 0;
}
