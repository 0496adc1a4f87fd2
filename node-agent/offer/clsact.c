/* SPDX-License-Identifier: Apache-2.0 */
/* Where the kernel has no tcx: a direct-action filter a direction, on the interface's clsact. The
 * handle of ours tells whether that clsact was made for it. */
#include "node-agent/offer/impl.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/rtnetlink.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/nlsock.h"
#include "common/tc.h"

#define TIMEOUT_MS 2000
#define PREF 1 /* before all others that may be there */
#define HANDLE_FOUND 0x51c0 /* the clsact was there */
#define HANDLE_MADE 0x51c1 /* we made it, and take it away when nobody else is on it */

static const uint32_t handles[] = { HANDLE_FOUND, HANDLE_MADE };

static enum bpf_tc_attach_point point_of(enum offer_direction d)
{
	return d == OFFER_OUT ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

/* The id of our program in this place, 0: it is not there. */
static int find(int ifindex, enum offer_direction d, uint32_t handle, uint32_t *ret,
		struct err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point_of(d));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = PREF);
	int rc = bpf_tc_query(&hook, &opts);

	*ret = 0;
	if (rc == -ENOENT || rc == -EINVAL) /* EINVAL: the pref has another kind of filter */
		return 0;
	if (rc < 0)
		return err_sys(err, rc, "look up %s filter", offer_direction_names[d]);
	if (offer_is_ours(opts.prog_id, d, NULL))
		*ret = opts.prog_id;
	return 0;
}

static int find_any(int ifindex, uint32_t handle, bool *ret, struct err *err)
{
	*ret = false;
	for (enum offer_direction d = 0; d < OFFER_DIRECTIONS; d++) {
		uint32_t id;
		int rc = find(ifindex, d, handle, &id, err);

		if (rc < 0)
			return rc;
		*ret |= id != 0;
	}
	return 0;
}

static int attach(struct offer *o, int ifindex, enum offer_direction d, uint32_t handle,
		  struct err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point_of(d));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = PREF, .prog_fd = o->progs[d],
		    .flags = BPF_TC_F_REPLACE);
	int rc;

	FAULT_POINT("filter of an interface", err);
	rc = bpf_tc_attach(&hook, &opts);
	return rc < 0 ? err_sys(err, rc, "add %s filter", offer_direction_names[d]) : 0;
}

static int open_clsact(int ifindex, struct nl_sock **ret_sk, bool *ret_there, struct err *err)
{
	int rc = nlsock_open(-1, NETLINK_ROUTE, TIMEOUT_MS, ret_sk, err);

	return rc < 0 ? rc : tc_has_clsact(*ret_sk, ifindex, ret_there, err);
}

int offer_clsact_apply(struct offer *o, int ifindex, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	bool there, made = true;
	int rc = open_clsact(ifindex, &sk, &there, err);

	if (rc < 0)
		return rc;
	rc = there ? find_any(ifindex, HANDLE_MADE, &made, err) : tc_clsact_add(sk, ifindex, err);
	for (enum offer_direction d = 0; rc == 0 && d < OFFER_DIRECTIONS; d++)
		rc = attach(o, ifindex, d, made ? HANDLE_MADE : HANDLE_FOUND, err);
	if (rc < 0 && !there)
		(void)tc_clsact_del(sk, ifindex, NULL);
	return rc;
}

int offer_clsact_check(struct offer *o, int ifindex, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	bool there;
	int rc = open_clsact(ifindex, &sk, &there, err);

	if (rc < 0)
		return rc;
	for (enum offer_direction d = 0; d < OFFER_DIRECTIONS; d++) {
		uint32_t id[ARRAY_SIZE(handles)] = { 0 };

		for (size_t i = 0; there && i < ARRAY_SIZE(handles); i++) {
			rc = find(ifindex, d, handles[i], &id[i], err);
			if (rc < 0)
				return rc;
		}
		if (id[0] != o->prog_ids[d] && id[1] != o->prog_ids[d])
			return err_set(err, -ENOENT, "find %s filter of program %u: not there",
				       offer_direction_names[d], o->prog_ids[d]);
	}
	return 0;
}

/* Removes our filter with this handle; *ret_had: it was there. */
static int remove_filter(int ifindex, enum offer_direction d, uint32_t handle, bool *ret_had,
			 struct err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point_of(d));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = PREF);
	uint32_t id;
	int rc = find(ifindex, d, handle, &id, err);

	if (rc < 0 || !id)
		return rc;
	FAULT_POINT("removal of a filter", err);
	rc = bpf_tc_detach(&hook, &opts);
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "remove %s filter", offer_direction_names[d]);
	*ret_had = true;
	return 0;
}

int offer_clsact_undo(struct offer *o, int ifindex, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	bool there, had[ARRAY_SIZE(handles)] = { false };
	int rc = open_clsact(ifindex, &sk, &there, err);

	(void)o;
	if (rc < 0 || !there)
		return rc;
	for (enum offer_direction d = 0; d < OFFER_DIRECTIONS; d++)
		for (size_t i = 0; i < ARRAY_SIZE(handles); i++) {
			rc = remove_filter(ifindex, d, handles[i], &had[i], err);
			if (rc < 0)
				return rc;
		}
	if (!had[1])
		return 0;
	rc = tc_filter_count(sk, ifindex, err);
	return rc == 0 ? tc_clsact_del(sk, ifindex, err) : rc < 0 ? rc : 0;
}
