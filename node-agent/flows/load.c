/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/flows/impl.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/steer.h"
#include "common/cleanup.h"
#include "common/fault.h"
#include "flows.skel.h"
#include "node-agent/pins/pins.h"

const char *const flows_map_names[FLOWS_MAPS] = { "flows", "fallbacks", "counters", "connecting",
						  "pending" };

static void cleanup_flows(struct flows **f)
{
	flows_close(*f);
}

/* libbpf says ESRCH for a tracepoint and ENOENT or EINVAL for a function that no BTF has. */
static int explain(int rc, struct err *err)
{
	if (rc == -ESRCH || rc == -ENOENT || rc == -EINVAL)
		return err_set(err, -EOPNOTSUPP,
			       "watch SMC's handshakes: the kernel does not show them (needs "
			       "CONFIG_DEBUG_INFO_BTF_MODULES): %s",
			       strerror(-rc));
	return err_sys(err, rc, "watch SMC's handshakes");
}

static int load(struct flows *f, struct err *err)
{
	int rc;

	f->skel = flows_bpf__open();
	if (!f->skel)
		return err_sys(err, errno, "open programs for flows");
	rc = pins_set_paths(f->skel->obj, f->bpffs_dir, STEER_LAYOUT, err);
	if (rc < 0)
		return rc;
	FAULT_POINT("programs for flows", err);
	rc = flows_bpf__load(f->skel);
	if (rc < 0)
		return explain(rc, err);
	rc = pins_keep_maps(f->skel->obj, flows_map_names, FLOWS_MAPS, f->maps, f->map_ids, err);
	if (rc < 0)
		return rc;
	rc = flows_reset_pending(f, err);
	if (rc < 0)
		return rc;
	rc = flows_bpf__attach(f->skel);
	return rc < 0 ? explain(rc, err) : 0;
}

int flows_open(const char *bpffs_dir, struct flows **ret, struct err *err)
{
	auto_with(cleanup_flows) struct flows *f = calloc(1, sizeof(*f));
	char path[PATH_MAX];
	int rc;

	if (!f)
		return err_sys(err, ENOMEM, "watch SMC's handshakes");
	for (int i = 0; i < FLOWS_MAPS; i++)
		f->maps[i] = -1;
	rc = pins_path(path, bpffs_dir, STEER_LAYOUT, NULL, err);
	if (rc < 0)
		return rc;
	strcpy(f->bpffs_dir, bpffs_dir); /* as long as the path of a pin below it, at most */
	rc = load(f, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(f);
	return 0;
}

int flows_check(struct flows *f, struct err *err)
{
	return pins_check_maps(f->bpffs_dir, STEER_LAYOUT, flows_map_names, f->map_ids, FLOWS_MAPS,
			       err);
}

void flows_close(struct flows *f)
{
	if (!f)
		return;
	for (int i = 0; i < FLOWS_MAPS; i++)
		cleanup_close(&f->maps[i]);
	flows_bpf__destroy(f->skel);
	free(f);
}
