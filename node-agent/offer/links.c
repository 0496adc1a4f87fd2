/* SPDX-License-Identifier: Apache-2.0 */
/* The programs on the interfaces of a pod, by tcx or by clsact: bpf(2) finds an interface by its
 * index in the caller's namespace, so the worker is inside meanwhile. */
#include "node-agent/offer/impl.h"

#include <errno.h>
#include <net/if.h>
#include <stddef.h>

#include "common/netns.h"

/* What is done to an interface: to each direction by tcx, to both by clsact. */
struct verb {
	int (*tcx)(struct offer *o, int ifindex, enum offer_direction d, struct err *err);
	int (*clsact)(struct offer *o, int ifindex, struct err *err);
};

static const struct verb apply = { offer_tcx_apply, offer_clsact_apply };
static const struct verb check = { offer_tcx_check, offer_clsact_check };
static const struct verb undo = { offer_tcx_undo, offer_clsact_undo };

struct job {
	struct offer *o;
	const struct verb *verb;
};

static int run_tcx(const struct job *job, int ifindex, struct err *err)
{
	int rc = 0;

	for (enum offer_direction d = 0; rc == 0 && d < OFFER_DIRECTIONS; d++)
		rc = job->verb->tcx(job->o, ifindex, d, err);
	return rc;
}

static int run_one(const struct job *job, const char *name, int ifindex, struct err *err)
{
	int rc = offer_tcx_supported(ifindex, err);

	if (rc == 0)
		rc = run_tcx(job, ifindex, err);
	else if (rc == -EOPNOTSUPP)
		rc = job->verb->clsact(job->o, ifindex, err);
	return rc < 0 ? err_prefix(err, rc, "offer on interface '%s'", name) : 0;
}

/* What goes away meanwhile has taken the program with it. */
static int run_all(void *arg, struct err *err)
{
	const struct job *job = arg;
	struct if_nameindex *all = if_nameindex();
	int rc = 0;

	if (!all)
		return err_sys(err, errno, "list the interfaces of the pod");
	for (struct if_nameindex *i = all; i->if_index && rc == 0; i++) {
		rc = run_one(job, i->if_name, (int)i->if_index, err);
		if (rc == -ENODEV)
			rc = 0;
	}
	if_freenameindex(all);
	return rc;
}

static int run(struct offer *o, int netns_fd, const struct verb *verb, struct err *err)
{
	struct job job = { .o = o, .verb = verb };

	return netns_call(netns_fd, run_all, &job, err);
}

int offer_links_apply(struct offer *o, int netns_fd, struct err *err)
{
	return run(o, netns_fd, &apply, err);
}

int offer_links_check(struct offer *o, int netns_fd, struct err *err)
{
	return run(o, netns_fd, &check, err);
}

int offer_links_undo(int netns_fd, struct err *err)
{
	return run(NULL, netns_fd, &undo, err);
}
