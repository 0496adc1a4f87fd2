/* SPDX-License-Identifier: Apache-2.0 */
/* The RDMA path to a peer as the worker reads it and the loop shows it (bpf/paths.h). Pure. */
#ifndef SMC_AGENT_PATH_H
#define SMC_AGENT_PATH_H

#include <stdbool.h>

#include "bpf/paths.h"
#include "common/inet.h"

/* Nobody has come over it for so long, and no link is active: it is unproven again, and forgotten,
 * with its failures. */
#define PATH_FORGET_NS (3600ull * 1000000000)
/* How long the agent's last look at the handshakes' programs counts: four of its sweeps. */
#define PATH_WATCH_NS (60ull * 1000000000)

#define PATH_PEER_MAX (INET_TEXT_MAX + sizeof("this node"))

struct path_entry {
	struct path_key key;
	struct path value;
};

struct path_list {
	struct path_entry *all;
	int n;
};

void path_list_clear(struct path_list *l);
/* NULL: it is not among them. The list is sorted by path_compare(). */
const struct path *path_list_find(const struct path_list *l, const struct path_key *key);

/* What it is at that time: what has come to its end since the kernel wrote it counts. now_ns: of
 * CLOCK_BOOTTIME, as all times here. */
enum path_state path_state_at(const struct path *path, uint64_t now_ns);
const char *path_state_text(enum path_state state); /* "proven" */
/* Until when it is closed, 0: it is not. */
uint64_t path_closed_until(const struct path *path, uint64_t now_ns);
bool path_is_forgotten(const struct path *path, uint64_t now_ns);

/* "10.244.1.0/26", "fd00::/64", "10.244.1.7", or "this node" */
const char *path_peer_text(const struct path_key *key, char buf[PATH_PEER_MAX]);
/* Why it failed last: a sentence. */
const char *path_failure_text(const struct path *path);

/* Closed paths first, then by address. */
int path_compare(const void *a, const void *b);

#endif
