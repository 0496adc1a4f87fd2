/* SPDX-License-Identifier: Apache-2.0 */
/* tcx: a row of programs a direction, ahead of all filters of tc. Ours is put first, because a
 * verdict ends the row, and never gives one itself. */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"

/* <linux/bpf.h> of 6.6, which libbpf 1.1 does not bring. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS ((enum bpf_attach_type)47)
#define TCX_BEFORE (1U << 3) /* BPF_F_BEFORE: without another program, before all */

#define PROGS_MAX 64 /* of an interface and direction: BPF_MPROG_MAX, linux/bpf_mprog.h */

/* Ids of all programs of one direction, anybody's. */
struct row {
	uint32_t count;
	uint32_t ids[PROGS_MAX];
};

static enum bpf_attach_type type_of(enum offer_direction d)
{
	return d == OFFER_OUT ? TCX_EGRESS : TCX_INGRESS;
}

/* Before some fix a row that was never used was -ENOENT. */
static int query(int ifindex, enum offer_direction d, struct row *ret, struct err *err)
{
	int rc;

	ret->count = PROGS_MAX;
	rc = bpf_prog_query(ifindex, type_of(d), 0, NULL, ret->ids, &ret->count);
	if (rc == -ENOENT)
		ret->count = 0;
	else if (rc < 0)
		return err_sys(err, rc, "list %s programs", offer_direction_names[d]);
	return 0;
}

/* A kernel that does not know the type says -EINVAL, one that was built without it as well. */
int offer_tcx_supported(int ifindex, struct err *err)
{
	struct row row;
	int rc = query(ifindex, OFFER_IN, &row, err);

	return rc == -EINVAL ? err_sys(err, EOPNOTSUPP, "use tcx") : rc;
}

/* Detaches ours, all but the one with id `keep` (0: none). */
static int detach(int ifindex, enum offer_direction d, const struct row *row, uint32_t keep,
		  struct err *err)
{
	for (uint32_t i = 0; i < row->count; i++) {
		auto_close int fd = -1;
		int rc;

		if (row->ids[i] == keep || !offer_is_ours(row->ids[i], d, &fd))
			continue;
		FAULT_POINT("detachment from an interface", err);
		rc = bpf_prog_detach2(fd, ifindex, type_of(d));
		if (rc < 0 && rc != -ENOENT)
			return err_sys(err, rc, "detach %s program", offer_direction_names[d]);
	}
	return 0;
}

static bool contains(const struct row *row, uint32_t id)
{
	for (uint32_t i = 0; i < row->count; i++)
		if (row->ids[i] == id)
			return true;
	return false;
}

static int find_ours(const struct row *row, enum offer_direction d)
{
	int fd = -1;

	for (uint32_t i = 0; i < row->count; i++)
		if (offer_is_ours(row->ids[i], d, &fd))
			break;
	return fd;
}

/* Takes the place of an earlier run's program in one step, so that no SYN goes unseen. */
int offer_tcx_apply(struct offer *o, int ifindex, enum offer_direction d, struct err *err)
{
	LIBBPF_OPTS(bpf_prog_attach_opts, opts, .flags = TCX_BEFORE);
	auto_close int old = -1;
	struct row row;
	int rc = query(ifindex, d, &row, err);

	if (rc < 0)
		return rc;
	if (!contains(&row, o->prog_ids[d])) {
		old = find_ours(&row, d);
		if (old >= 0) {
			opts.flags = BPF_F_REPLACE;
			opts.replace_prog_fd = old;
		}
		FAULT_POINT("attachment to an interface", err);
		rc = bpf_prog_attach_opts(o->progs[d], ifindex, type_of(d), &opts);
		if (rc < 0)
			return err_sys(err, rc, "attach %s program", offer_direction_names[d]);
	}
	return detach(ifindex, d, &row, o->prog_ids[d], err);
}

int offer_tcx_check(struct offer *o, int ifindex, enum offer_direction d, struct err *err)
{
	struct row row;
	int rc = query(ifindex, d, &row, err);

	if (rc < 0)
		return rc;
	if (!contains(&row, o->prog_ids[d]))
		return err_set(err, -ENOENT, "find %s program %u: not attached",
			       offer_direction_names[d], o->prog_ids[d]);
	return 0;
}

int offer_tcx_undo(struct offer *o, int ifindex, enum offer_direction d, struct err *err)
{
	struct row row;
	int rc = query(ifindex, d, &row, err);

	(void)o;
	return rc < 0 ? rc : detach(ifindex, d, &row, 0, err);
}
