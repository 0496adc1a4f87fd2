/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent keeps of an attachment, in memory and in <stateDir>/pods/<hash>.json (0600).
 *
 * Written before the change of the kernel that it describes. Files: worker thread, or a start
 * without one.
 */
#ifndef SMC_AGENT_RECORD_H
#define SMC_AGENT_RECORD_H

#include <jansson.h>

#include "common/file.h"
#include "common/netns.h"
#include "common/podnet.h"
#include "common/wire.h"
#include "node-agent/model/wish.h"

#define RECORD_VERSION 1
#define RECORD_DIR "pods"

enum record_phase {
	RECORD_NONE, /* never on disk */
	RECORD_PREPARED,
	RECORD_COMMITTED,
};

struct record {
	char boot_id[FILE_BOOT_ID_LEN];
	enum record_phase phase;
	struct wire_prepare req; /* as the plugin sent it */
	struct netns_id netns;
	uint64_t cgroup_id; /* of the pod's cgroup, once it was seen; 0: not yet, or not known */
	uint32_t cgroup_level; /* where it is below the root of all, once the hook was there; 0 */
	/* What the map may have of its named containers: `placed` of containers.h; NULL: none. */
	struct text *containers;
	struct wish wish; /* in force, or about to be */
	struct podnet undo; /* what was changed in the netns */
};

void record_free(struct record *rec); /* NULL is fine */
void record_cleanup(struct record **rec);
#define auto_record __attribute__((cleanup(record_cleanup)))
struct record *record_copy(const struct record *rec); /* deep; NULL: no memory */

json_t *record_to_json(const struct record *rec);
int record_from_json(const json_t *obj, struct record **ret, struct err *err);

/* dirfd: <stateDir>. record_create, for the first record of an attachment, refuses (-EEXIST) to
 * overwrite that of another one whose hash is the same. record_remove: what is gone is fine. */
int record_create(int dirfd, const struct record *rec, struct err *err);
int record_write(int dirfd, const struct record *rec, struct err *err);
int record_remove(int dirfd, const struct wire_attachment *a, struct err *err);
/* -ENOENT: none. */
int record_read(int dirfd, const struct wire_attachment *a, struct record **ret, struct err *err);

/* Calls fn for each record of the folder; fn owns it. One that cannot be read is renamed to
 * "<name>.bad", and bad is told its name and what is wrong. -errno if the folder cannot be read. */
typedef void record_fn(void *arg, struct record *rec);
typedef void record_bad_fn(void *arg, const char *name, const char *why);
int record_each(int dirfd, record_fn *fn, record_bad_fn *bad, void *arg, struct err *err);

#endif
