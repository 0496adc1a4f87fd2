/* SPDX-License-Identifier: Apache-2.0 */
/* Room node/: the worker's side: what the node can do, and the steps of an attachment in the
 * kernel.
 * Thread: the worker's, and --cleanup's.
 * Never: calls the loop, or keeps a pod's namespace alive between two jobs.
 */

/* The node as the worker thread knows it: the kernel's abilities, the handles to them, and what the
 * agent changed for all pods together (<stateDir>/node.json).
 */
#ifndef SMC_AGENT_NODE_H
#define SMC_AGENT_NODE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/file.h"
#include "common/netns_index.h"
#include "common/rdma_nl.h"
#include "common/smc_nl.h"
#include "node-agent/config/config.h"
#include "node-agent/flows/flows.h"
#include "node-agent/hostnet/hostnet.h"
#include "node-agent/model/facts.h"
#include "node-agent/offer/offer.h"
#include "node-agent/steer/steer.h"

#define NODE_NETLINK_MS 1000 /* how long one answer of the kernel is waited for */

/* What the kernel lacks does not come soon, and looking for it is dear: it is tried more and more
 * seldom. */
struct node_retry {
	int failures; /* in a row */
	int pause; /* refreshes to let pass before the next try */
};

struct node {
	const struct config *config;
	char boot_id[FILE_BOOT_ID_LEN];
	int state_fd; /* <stateDir> */
	int cgroup_fd; /* <cgroupRoot>, -1 when it is no cgroup v2 */
	struct steer *steer; /* NULL: facts.hook says why */
	struct offer *offer; /* NULL: facts.offer says why */
	struct flows *flows; /* NULL: facts.flows says why */
	bool paused, pause_known; /* the switch, once it was heard of */
	bool features_bad; /* the file of node features could not be written, and the log says so */
	bool plugin_known; /* node_set_plugin() was called */
	struct node_retry hook_retry, flows_retry;
	char ueid[SMC_UEID_LEN + 1]; /* the one that we added, "" if none */
	struct hostnet_undo *hostnet;
	struct netns_index netns_index;
	struct facts facts;
};

/* Opens stateDir (made if need be, 0700) and reads node.json; a bad one is moved aside, one of
 * another boot is forgotten. Touches nothing in the kernel. */
int node_open(const struct config *config, struct node **ret, struct err *err);
void node_close(struct node *node); /* NULL is fine; everything in the kernel stays */

/* Makes what is missing (hook, UEID) and fills node->facts; what cannot be had is a fact, no error.
 * Waits on the kernel. */
void node_refresh(struct node *node);

/* Is what steering needs there at this moment, and not just when somebody looked last? Makes what
 * is missing. -EOPNOTSUPP names the first thing that is not there or cannot be told. */
int node_confirm(struct node *node, struct err *err);

/* The switch: closes the offers of all pods, or opens them again, from now on. An error is mended
 * by node_refresh(). */
int node_pause(struct node *node, bool on, struct err *err);

/* What is known of the RDMA paths to peers; empty where it cannot be read, and the log says so. The
 * caller clears *ret. */
void node_read_paths(const struct node *node, struct path_list *ret);
/* Has paths proven for a minute more, if handshakes are watched. Without eyes on them nothing is
 * tried, and what is proven holds. Part of node_refresh(). */
void node_watch_paths(struct node *node);

/* Only the facts of devices and their ports: state that changes while nothing is wrong. */
void node_refresh_devices(struct node *node);
/* Sets facts->plugin and the features: the plugin is in the chain, or (rc < 0) err says why it is
 * not. */
void node_set_plugin(struct node *node, int rc, const struct err *err);
/* The same of facts->nri: the runtime tells of containers. */
void node_set_nri(struct node *node, int rc, const struct err *err);
/* Writes node.json. */
int node_save(const struct node *node, struct err *err);
/* hostnet_record_fn: arg is the node. */
int node_record_hostnet(void *arg, const struct hostnet_undo *undo, struct err *err);

/* The last pod that needed the host's shared part has gone: takes it back. */
int node_drop_hostnet(struct node *node, struct err *err);

/* The path of `name` beside the socket (pending/, required-namespaces). -ENAMETOOLONG. */
int node_beside_socket(const struct config *config, const char *name, char *buf, size_t size,
		       struct err *err);

/* <stateDir>/agent.lock, held by the returned descriptor. -EBUSY names the pid that holds it. */
int node_lock(const char *state_dir, struct err *err);

#endif
