/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime tells of pods and their containers (NRI): a table of sandboxes. A sandbox is
 * what a pod's network belongs to; its id is the container id of the pod's attachments. Loop thread
 * only; no I/O.
 */
#ifndef SMC_AGENT_SANDBOX_H
#define SMC_AGENT_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define SANDBOX_MAX 8192 /* twice the attachments: those that end are told of for a while */
#define SANDBOX_CONTAINERS_MAX 32768
#define SANDBOX_TEXT_MAX 4096 /* of each text; longer ones are no names and no paths */
#define SANDBOX_BUCKETS 1024

struct sandbox_container {
	char *id;
	char *name; /* in the pod's spec */
	char *cgroup; /* as the runtime says it: a path, or SLICE:PREFIX:ID (driver systemd) */
	uint32_t pid; /* of its first process; 0: it has not begun, or has ended */
	struct sandbox *sandbox;
	LIST_ENTRY(sandbox_container) same_sandbox, same_bucket;
};

struct sandbox {
	char *id;
	char *uid, *namespace, *name; /* of the pod */
	char *netns; /* a path; "": the host's */
	char *cgroup_parent; /* as the runtime says it: a path, or a slice */
	LIST_HEAD(, sandbox_container) containers;
	LIST_ENTRY(sandbox) same_bucket;
};

struct sandbox_table {
	int n, n_containers;
	LIST_HEAD(, sandbox) sandboxes[SANDBOX_BUCKETS];
	LIST_HEAD(, sandbox_container) containers[SANDBOX_BUCKETS];
};

/* What is told; the texts are the caller's. */
struct sandbox_told {
	const char *id, *uid, *namespace, *name, *netns, *cgroup_parent;
};

struct sandbox_container_told {
	const char *id, *name, *cgroup;
	uint32_t pid;
};

struct sandbox_table *sandbox_table_new(void); /* NULL: no memory */
void sandbox_table_free(struct sandbox_table *t); /* with all that is in it; NULL is fine */

/* Adds it, or takes over what is new of one that is there. NULL: it has no id, a text is too long,
 * the table is full, or no memory is left; what was there stays. */
struct sandbox *sandbox_put(struct sandbox_table *t, const struct sandbox_told *told);
struct sandbox *sandbox_find(const struct sandbox_table *t, const char *id);
void sandbox_drop(struct sandbox_table *t, struct sandbox *s); /* and its containers */

/* The same for a container of a sandbox. One that another sandbox has is refused. */
struct sandbox_container *sandbox_container_put(struct sandbox_table *t, struct sandbox *s,
						const struct sandbox_container_told *told);
struct sandbox_container *sandbox_container_find(const struct sandbox_table *t, const char *id);
void sandbox_container_drop(struct sandbox_table *t, struct sandbox_container *c);

#endif
