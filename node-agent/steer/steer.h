/* SPDX-License-Identifier: Apache-2.0 */
/* Room steer/: steering in the kernel: BPF programs, their maps and pins, the pod's cgroup.
 * Thread: the worker's, and --cleanup's.
 * Never: decides who is steered, or knows of Kubernetes.
 */

/* Steering in the kernel: the hook, its maps, and the programs on a pod's cgroup.
 *
 * Knows its BPF skeletons alone. The pins own the kernel objects: closing this handle, or
 * the death of the agent, changes nothing. Called by the worker thread only.
 */
#ifndef SMC_AGENT_STEER_H
#define SMC_AGENT_STEER_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/steer.h"
#include "common/err.h"
#include "node-agent/model/facts.h"

struct steer;

/* Reads the facts without loading a program. */
int steer_facts_read(struct facts_kernel *ret, struct err *err);

/* The same for ulp_unsafe alone, which is another once smc is loaded, and cheap to read. */
int steer_facts_ulp(bool *ret, struct err *err);

/* Loads the programs, takes over the pinned maps of this layout (or creates them), attaches the
 * hook and pins it: a hook of an earlier run is replaced without a moment unattached (new link
 * first, then the old one dropped). bpffs_dir must lie on a bpffs (checked by statfs). A folder of
 * a newer layout is left alone. A folder of an older layout: its hook is dropped once ours is
 * attached and filled by the caller (steer_drop_older()).
 * On failure the kernel is as before. Some errors: -EINVAL no bpffs; -EACCES kernel addresses are
 * hidden from us; -EOPNOTSUPP this kernel does not name the lists we search; -EPERM with the text
 * telling whether the verifier had something to say. */
int steer_open(const char *bpffs_dir, struct steer **ret, struct err *err);
void steer_close(struct steer *s); /* NULL is fine; pins stay */
int steer_drop_older(struct steer *s, struct err *err);

/* Is the hook in force, with our maps? 0, -ENOENT and why, or -ESTALE: it is, but steers no IPv6
 * because ipv6 was loaded after it. Either is mended by another steer_open() (nothing to close
 * first: a new handle replaces what is pinned). */
int steer_check(struct steer *s, struct err *err);

/* The map entry of a pod: what makes its sockets SMC. Counters begin at zero for a new cookie and
 * survive changes of the entry; steer_pod_undo() removes both. -ENOENT is success. */
int steer_pod_apply(struct steer *s, uint64_t cookie, const struct steer_pod *pod, struct err *err);
int steer_pod_check(struct steer *s, uint64_t cookie, const struct steer_pod *pod, struct err *err);
int steer_pod_undo(struct steer *s, uint64_t cookie, struct err *err);
int steer_counters_get(struct steer *s, uint64_t cookie, struct steer_counters *ret,
		       struct err *err);
/* All cookies in the pods map; the caller frees. Returns the number. */
int steer_pod_list(struct steer *s, uint64_t **ret, struct err *err);

/* The named containers of pods with STEER_NAMED, by the ids of their cgroups, in any order with the
 * pod's entry. undo: -ENOENT is success. */
struct steer_container {
	uint64_t cgroup_id;
	uint64_t cookie; /* of the pod's netns */
};

int steer_container_apply(struct steer *s, uint64_t cgroup_id, uint64_t cookie, struct err *err);
int steer_container_check(struct steer *s, uint64_t cgroup_id, uint64_t cookie, struct err *err);
int steer_container_undo(struct steer *s, uint64_t cgroup_id, struct err *err);
/* All of them; the caller frees. Returns the number. */
int steer_container_list(struct steer *s, struct steer_container **ret, struct err *err);

/* The programs on a pod's cgroup v2 directory (count what escaped steering; TCP_ULP):
 * BPF_PROG_ATTACH with ALLOW_MULTI, no pin, so they die with the cgroup. apply is idempotent:
 * programs of an earlier run of the agent are replaced. cookie: of the pod's netns; calls of its
 * tasks are the pod's, whatever namespace they are made in. */
int steer_cgroup_apply(struct steer *s, int cgroup_fd, uint64_t cookie, struct err *err);
int steer_cgroup_check(struct steer *s, int cgroup_fd, uint64_t cookie, struct err *err);
int steer_cgroup_undo(struct steer *s, int cgroup_fd, struct err *err);

/* Where the cgroup is: the two members of struct steer_pod that make the second gate. */
int steer_cgroup_place(struct steer *s, int cgroup_fd, struct steer_place *ret, struct err *err);

/* --cleanup: detaches our programs (of layouts <= STEER_LAYOUT) from the cgroup v2 root and all
 * cgroups below it. Needs no handle. */
int steer_cgroup_remove_all(const char *cgroup_root, struct err *err);

/* --cleanup: detaches and removes every layout that this version knows (<= STEER_LAYOUT). Needs no
 * handle. */
int steer_remove_all(const char *bpffs_dir, struct err *err);

#endif
