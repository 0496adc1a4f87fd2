/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"
#include "node-agent/pins/pins.h"
#include "offer.skel.h"

const char *const offer_map_names[OFFER_MAPS] = { "offer_pods",	  "offer_rules", "offer_node",
						  "offer_counts", "paths",	 "path_node",
						  "path_turn" };

static void cleanup_offer_bpf(struct offer_bpf **skel)
{
	offer_bpf__destroy(*skel);
}

static void cleanup_offer(struct offer **o)
{
	offer_close(*o);
}

static int keep_prog(struct offer *o, const struct bpf_program *prog, enum offer_direction d,
		     struct err *err)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int rc = bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len);

	if (rc < 0)
		return err_sys(err, rc, "read %s program", offer_direction_names[d]);
	o->prog_ids[d] = info.id;
	return pins_keep_fd(bpf_program__fd(prog), &o->progs[d], err);
}

static int load(struct offer *o, struct err *err)
{
	auto_with(cleanup_offer_bpf) struct offer_bpf *skel = offer_bpf__open();
	int rc;

	if (!skel)
		return err_sys(err, errno, "open offer programs");
	rc = pins_set_paths(skel->obj, o->bpffs_dir, STEER_LAYOUT, err);
	if (rc < 0)
		return rc;
	FAULT_POINT("offer programs", err);
	rc = offer_bpf__load(skel);
	if (rc == -ESRCH) /* libbpf's answer for a function that the kernel's BTF has not */
		return err_set(err, -EOPNOTSUPP,
			       "load offer programs: this kernel has no bpf_cast_to_kern_ctx "
			       "(needs Linux 6.2)");
	if (rc < 0)
		return err_sys(err, rc, "load offer programs");
	rc = pins_keep_maps(skel->obj, offer_map_names, OFFER_MAPS, o->maps, o->map_ids, err);
	if (rc < 0)
		return rc;
	rc = keep_prog(o, skel->progs.smc_egress_v2, OFFER_OUT, err);
	return rc < 0 ? rc : keep_prog(o, skel->progs.smc_ingress_v2, OFFER_IN, err);
}

int offer_open(const char *bpffs_dir, struct offer **ret, struct err *err)
{
	auto_with(cleanup_offer) struct offer *o = calloc(1, sizeof(*o));
	char path[PATH_MAX];
	int rc;

	if (!o)
		return err_sys(err, ENOMEM, "open the offer");
	for (int i = 0; i < OFFER_MAPS; i++)
		o->maps[i] = -1;
	o->progs[OFFER_OUT] = o->progs[OFFER_IN] = -1;
	rc = pins_check_fs(bpffs_dir, err);
	if (rc < 0)
		return rc;
	rc = pins_path(path, bpffs_dir, STEER_LAYOUT, NULL, err);
	if (rc < 0)
		return rc;
	rc = file_mkdirs(path, 0700, err);
	if (rc < 0)
		return rc;
	strcpy(o->bpffs_dir, bpffs_dir); /* as long as the path of a pin below it, at most */
	rc = load(o, err);
	if (rc < 0)
		return rc;
	rc = offer_sets_read(o, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(o);
	return 0;
}

int offer_check(struct offer *o, struct err *err)
{
	return pins_check_maps(o->bpffs_dir, STEER_LAYOUT, offer_map_names, o->map_ids, OFFER_MAPS,
			       err);
}

void offer_close(struct offer *o)
{
	if (!o)
		return;
	for (int i = 0; i < OFFER_MAPS; i++)
		cleanup_close(&o->maps[i]);
	for (int d = 0; d < OFFER_DIRECTIONS; d++)
		cleanup_close(&o->progs[d]);
	offer_sets_free(o);
	free(o);
}
