/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/pod.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/sockdiag.h"
#include "node-agent/node/pod_conflict.h"
#include "node-agent/node/pod_containers.h"
#include "node-agent/node/pod_offer.h"
#include "node-agent/node/pod_steer.h"

/* Takes back the pod's addresses, except those that are another pod's by now, and with the last pod
 * the shared part. */
static int host_undo(struct node *node, const struct record *rec, const struct wish_shared *shared,
		     struct err *err)
{
	struct wish_addrs all, ours = { .n_addrs = 0 };
	int r;

	wish_host_addrs(&rec->req, &all);
	for (int i = 0; i < all.n_addrs; i++) {
		if (!shared->addrs[i])
			ours.addrs[ours.n_addrs++] = all.addrs[i];
	}
	r = hostnet_pod_undo(&ours, err);
	if (r < 0 || shared->host)
		return r;
	return node_drop_hostnet(node, err);
}

static void note(struct pod_extras *extras, const struct err *err)
{
	size_t used = strlen(extras->missing.msg);

	(void)snprintf(extras->missing.msg + used, sizeof(extras->missing.msg) - used, "%s%s",
		       used ? "; " : "", err->msg);
}

static void learn_cgroup(const struct node *node, struct record *rec, struct pod_extras *extras)
{
	struct err err = ERR_INIT;

	if (pod_cgroup_see(node, rec, &err) < 0)
		note(extras, &err);
}

/* One that cannot be told now stays TCP until the next sweep. */
static void learn_containers(struct node *node, struct record *rec,
			     const struct wish_shared *shared, struct pod_extras *extras)
{
	struct err err = ERR_INIT;

	if (pod_containers_see(node, rec, shared->entry, &err) < 0)
		note(extras, &err);
}

static void extras_apply(struct node *node, const struct record *rec, struct pod_extras *extras)
{
	struct err err = ERR_INIT;
	struct wish_addrs host;

	if (rec->wish.host) {
		wish_host_addrs(&rec->req, &host);
		if (hostnet_apply(node->config, &host, node->hostnet, node_record_hostnet, node,
				  &err) < 0)
			note(extras, &err);
	}
	if (rec->wish.programs && pod_programs_apply(node, rec, &err) < 0)
		note(extras, &err);
}

/* -ENOENT is the end of the pod. */
static int find_netns(struct node *node, const struct record *rec, struct err *err)
{
	if (pod_cgroup_died(node, rec))
		return err_set(err, -ENOENT, "the pod's cgroup '%s' is gone", rec->req.cgroup_path);
	return netns_index_find(&node->netns_index, &rec->netns, err);
}

/* ---- the steps ---- */

/* What is in the way of steering, before anything is done. */
static int heed_first(struct node *node, struct record *rec, int netns_fd, bool required,
		      struct pod_extras *extras, struct err *err)
{
	const struct wish nothing = { .steer = false };
	bool steer = rec->wish.steer, named = rec->wish.containers;
	char why[sizeof(err->msg) / 2];

	pod_conflicts_heed(node, rec, netns_fd, &nothing, &rec->wish, &extras->conflicts);
	if (!required || rec->wish.steer == steer)
		return 0;
	(void)conflicts_forbid(node->config, &extras->conflicts, named, why, sizeof(why));
	return err_set(err, -EOPNOTSUPP, "must not start, as SMC is required: %s", why);
}

int pod_prepare(struct node *node, struct record *rec, int netns_fd, enum record_phase phase,
		bool required, struct pod_extras *extras, struct err *err)
{
	int r = netns_check_foreign(netns_fd, "passed descriptor", err);
	bool others;

	if (r == 0)
		r = netns_identify(netns_fd, &rec->netns, err);
	if (r == 0)
		r = heed_first(node, rec, netns_fd, required, extras, err);
	if (r < 0)
		return r;
	strcpy(rec->boot_id, node->boot_id);
	rec->phase = phase;
	learn_cgroup(node, rec, extras);
	r = record_create(node->state_fd, rec, err);
	if (r < 0) {
		rec->phase = RECORD_NONE;
		return r;
	}
	others = pod_offer_is_there(node, rec); /* another attachment's, which needs it */
	if (rec->wish.offer)
		r = pod_offer_apply(node, rec, netns_fd, err);
	if (r < 0) {
		if (!others)
			(void)pod_offer_undo(node, rec, netns_fd, NULL);
		(void)record_remove(node->state_fd, &rec->req.attachment, NULL);
		rec->phase = RECORD_NONE;
		return r;
	}
	extras_apply(node, rec, extras);
	return 0;
}

int pod_commit(struct node *node, struct record *rec, bool required, struct err *err)
{
	int r = required && rec->wish.steer ? node_confirm(node, err) : 0;

	if (r < 0)
		return err_prefix(err, r, "must not start, as SMC is required");
	rec->phase = RECORD_COMMITTED;
	if (rec->wish.steer)
		(void)pod_cgroup_see(node, rec, err); /* the hook may have come meanwhile */
	r = record_write(node->state_fd, rec, err);
	if (r == 0 && rec->wish.steer)
		r = pod_entry_apply(node, rec, true, err);
	if (r == 0)
		return 0;
	rec->phase = RECORD_PREPARED;
	(void)record_write(node->state_fd, rec, NULL); /* a start would adopt what failed */
	return r;
}

static int turn_off(struct node *node, const struct record *rec, const struct wish *before,
		    const struct wish *wish, const struct wish_shared *shared, struct err *err)
{
	int r = 0;

	if (before->steer && !wish->steer && !shared->entry && node->steer)
		r = pod_entry_apply(node, rec, false, err);
	if (r == 0 && before->programs && !wish->programs && !shared->programs)
		r = pod_programs_undo(node, rec, err);
	if (r == 0 && before->host && !wish->host)
		r = host_undo(node, rec, shared, err);
	return r;
}

/* The netns part as the plugin would have made it; `before` is the plan so far. */
static void put_netns(struct record *rec, const struct podnet *before, const struct podnet *plan,
		      int netns_fd, struct pod_extras *extras)
{
	struct err err = ERR_INIT;

	if (wish_same_netns(before, plan) && podnet_check(netns_fd, plan, NULL) == 0)
		return;
	if (podnet_undo(netns_fd, &rec->undo, &err) < 0)
		note(extras, &err);
	memset(&rec->undo, 0, sizeof(rec->undo));
	if (podnet_apply(netns_fd, plan, &rec->undo, &err) < 0)
		note(extras, &err);
}

static bool needs_netns(const struct record *rec, const struct wish *wish)
{
	return wish->netns.n_pnets || wish->netns.n_sysctls || rec->undo.n_pnets ||
	       rec->undo.n_sysctls;
}

/* Counts the listeners that stay TCP, just before steering is turned on. */
static int count_listeners(struct node *node, const struct record *rec, int netns_fd)
{
	struct steer_counters counters;

	/* A pod that was steered before: some would be the TCP sockets inside SMC listeners. */
	if (!node->steer ||
	    (steer_counters_get(node->steer, rec->netns.cookie, &counters, NULL) == 0 &&
	     counters.steered > 0))
		return -1;
	return sockdiag_tcp_listeners(netns_fd, NODE_NETLINK_MS, NULL);
}

/* Until all is done the record on disk has the new wish, and what may still be there of the old
 * one. */
static int write_both(struct node *node, struct record *rec, const struct wish *before,
		      struct err *err)
{
	rec->phase = RECORD_COMMITTED;
	if (before->steer && !rec->wish.steer) /* only those that were named are steered still */
		rec->wish.containers = text_ref(before->containers);
	rec->wish.steer |= before->steer;
	rec->wish.offer |= before->offer;
	rec->wish.host |= before->host;
	rec->wish.programs |= before->programs;
	return record_write(node->state_fd, rec, err);
}

/* Containers before the pod's entry, which looks for them; and when it does no more, they go. So
 * nobody who is to be steered before and after is missed on the way. */
static int turn_on(struct node *node, struct record *rec, struct err *err)
{
	int r = pod_containers_apply(node, rec, err);

	if (r == 0)
		r = pod_entry_apply(node, rec, true, err);
	if (r < 0 || rec->wish.containers)
		return r;
	r = pod_containers_undo(node, rec, err);
	if (r < 0)
		return r;
	text_unref(rec->containers);
	rec->containers = NULL;
	return 0;
}

/* From `before`, which may still be in force, to rec->wish. */
static int change(struct node *node, struct record *rec, int netns_fd, const struct wish *before,
		  const struct wish_shared *shared, struct pod_extras *extras, struct err *err)
{
	int r = 0;

	if (needs_netns(rec, &rec->wish))
		put_netns(rec, &before->netns, &rec->wish.netns, netns_fd, extras);
	learn_containers(node, rec, shared, extras);
	r = record_write(node->state_fd, rec, err);
	/* Another attachment of the pod that is still steered has it open. */
	if (r == 0 && rec->wish.offer && (rec->wish.steer || !shared->entry))
		r = pod_offer_apply(node, rec, netns_fd, err);
	if (r < 0)
		return r;
	extras_apply(node, rec, extras);
	if (!rec->wish.steer)
		return 0;
	extras->listeners = before->steer ? -1 : count_listeners(node, rec, netns_fd);
	return turn_on(node, rec, err);
}

static int ensure_in(struct node *node, struct record *rec, int netns_fd, const struct wish *wish,
		     const struct wish_shared *shared, struct pod_extras *extras, struct err *err)
{
	enum record_phase phase = rec->phase;
	struct wish before = { .steer = false };
	int r;

	wish_copy(&before, &rec->wish);
	learn_cgroup(node, rec, extras);
	wish_copy(&rec->wish, wish);
	r = write_both(node, rec, &before, err);
	if (r < 0) {
		rec->phase = phase;
		wish_copy(&rec->wish, &before);
	} else {
		r = turn_off(node, rec, &before, wish, shared, err);
	}
	if (r == 0) {
		wish_copy(&rec->wish, wish);
		r = change(node, rec, netns_fd, &before, shared, extras, err);
	}
	wish_clear(&before);
	return r;
}

int pod_ensure(struct node *node, struct record *rec, const struct wish *wish,
	       const struct wish_shared *shared, struct pod_extras *extras, struct err *err)
{
	auto_close int netns_fd = find_netns(node, rec, err);
	struct wish can = { .steer = false };
	int r;

	if (netns_fd < 0)
		return netns_fd;
	wish_copy(&can, wish);
	pod_conflicts_heed(node, rec, netns_fd, &rec->wish, &can, &extras->conflicts);
	r = ensure_in(node, rec, netns_fd, &can, shared, extras, err);
	wish_clear(&can);
	/* Another thing that is not there (the folder of records). */
	return r == -ENOENT ? -EUCLEAN : r;
}

int pod_check(struct node *node, const struct record *rec, struct err *err)
{
	auto_close int netns_fd = find_netns(node, rec, err);
	struct wish_addrs host;
	int r = 0;

	if (netns_fd < 0)
		return netns_fd;
	if (rec->wish.steer)
		r = pod_entry_check(node, rec, err);
	if (r == 0 && rec->wish.steer)
		r = pod_containers_check(node, rec, err);
	if (r == 0 && rec->wish.offer)
		r = pod_offer_check(node, rec, netns_fd, err);
	if (r == 0 && rec->wish.programs)
		r = pod_programs_check(node, rec, err);
	if (r == 0 && rec->wish.host) {
		wish_host_addrs(&rec->req, &host);
		r = hostnet_check(node->config, &host, err);
	}
	if (r == 0 && needs_netns(rec, &rec->wish))
		r = podnet_check(netns_fd, &rec->wish.netns, err);
	return r < 0 ? -EUCLEAN : 0;
}

/* ---- the way back ---- */

/* The netns part, and the offer. */
static int netns_undo(struct node *node, const struct record *rec, const struct wish_shared *shared,
		      bool netns_part, struct err *err)
{
	bool offer = rec->wish.offer && !shared->entry;
	bool part = netns_part && needs_netns(rec, &rec->wish);
	auto_close int netns_fd = -ENOENT;
	struct err e = ERR_INIT;
	int first = 0;

	if (!offer && !part)
		return 0;
	netns_fd = netns_index_find(&node->netns_index, &rec->netns, err);
	if (netns_fd < 0 && netns_fd != -ENOENT)
		return netns_fd;
	if (offer)
		err_keep_first(&first, err, pod_offer_undo(node, rec, netns_fd, &e), &e);
	if (part && netns_fd >= 0)
		err_keep_first(&first, err, podnet_undo(netns_fd, &rec->undo, &e), &e);
	return first;
}

int pod_remove(struct node *node, const struct record *rec, const struct wish_shared *shared,
	       bool netns_part, struct err *err)
{
	struct err e = ERR_INIT;
	int first = 0;

	if (!shared->entry && node->steer) {
		err_keep_first(&first, err, steer_pod_undo(node->steer, rec->netns.cookie, &e), &e);
		err_keep_first(&first, err, pod_containers_undo(node, rec, &e), &e);
	}
	if (rec->wish.programs && !shared->programs)
		err_keep_first(&first, err, pod_programs_undo(node, rec, &e), &e);
	err_keep_first(&first, err, netns_undo(node, rec, shared, netns_part, &e), &e);
	if (rec->wish.host)
		err_keep_first(&first, err, host_undo(node, rec, shared, &e), &e);
	if (first < 0)
		return first;
	return record_remove(node->state_fd, &rec->req.attachment, err);
}
