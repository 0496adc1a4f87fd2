/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/steer/impl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.skel.h"
#include "common/cleanup.h"
#include "common/fault.h"
#include "steer.skel.h"

#define VERIFIER_LOG_BYTES (64 * 1024)

static void cleanup_steer_bpf(struct steer_bpf **skel)
{
	steer_bpf__destroy(*skel);
}

static void cleanup_cgroup_bpf(struct cgroup_bpf **skel)
{
	cgroup_bpf__destroy(*skel);
}

static void cleanup_link(struct bpf_link **link)
{
	(void)bpf_link__destroy(*link); /* closes the descriptor; a pin keeps the link */
}

/* What the verifier said last, without its statistics; "" when it said nothing. Cuts log up. */
static const char *last_words(char *log)
{
	const char *last = "";
	char *rest = NULL;

	for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "processed ", strlen("processed ")) != 0)
			last = line;
	return last;
}

static int explain_load(int rc, char *log, struct err *err)
{
	const char *words = last_words(log);

	if (words[0])
		return err_sys(err, rc, "load steering program: the verifier says '%s'", words);
	if (rc == -EPERM)
		return err_set(
			err, rc,
			"load steering program: Operation not permitted, and the verifier "
			"says nothing: CAP_SYS_ADMIN (or CAP_BPF and CAP_PERFMON) is missing, "
			"or this kernel refuses ftrace-based programs (fmod_ret)");
	return err_sys(err, rc, "load steering program");
}

static int load_cgroup(struct steer *s, struct err *err)
{
	auto_with(cleanup_cgroup_bpf) struct cgroup_bpf *skel = cgroup_bpf__open();
	int rc;

	if (!skel)
		return err_sys(err, errno, "open cgroup programs");
	rc = pins_set_paths(skel->obj, s->bpffs_dir, STEER_LAYOUT, err);
	if (rc < 0)
		return rc;
	rc = cgroup_bpf__load(skel);
	if (rc < 0)
		return err_sys(err, rc, "load cgroup programs");
	rc = pins_keep_map(skel->maps.cgroups, &s->cgroups_fd, &s->cgroups_id, err);
	if (rc < 0)
		return rc;
	rc = pins_keep_fd(bpf_program__fd(skel->progs.smc_create_v2), &s->create_fd, err);
	if (rc < 0)
		return rc;
	rc = pins_keep_fd(bpf_program__fd(skel->progs.smc_sockopt_v2), &s->sockopt_fd, err);
	if (rc < 0)
		return rc;
	return pins_keep_fd(bpf_program__fd(skel->progs.smc_place), &s->place_fd, err);
}

/* Puts the new link in the place of the old one: both are on the hook until rename(2) drops the
 * last reference to the old. A swap that was interrupted is completed first. */
static int swap_link(const struct steer *s, struct bpf_link *link, struct err *err)
{
	char path[PATH_MAX], path_new[PATH_MAX];
	int rc = pins_path(path, s->bpffs_dir, STEER_LAYOUT, STEER_PIN_LINK, err);

	if (rc < 0)
		return rc;
	rc = pins_path(path_new, s->bpffs_dir, STEER_LAYOUT, STEER_PIN_LINK_NEW, err);
	if (rc < 0)
		return rc;
	FAULT_POINT("completion of a swap of the hook", err);
	if (rename(path_new, path) < 0 && errno != ENOENT)
		return err_sys(err, errno, "rename pin '%s'", path_new);
	FAULT_POINT("pin of the hook", err);
	rc = bpf_link__pin(link, path_new);
	if (rc < 0)
		return err_sys(err, rc, "pin hook at '%s'", path_new);
	FAULT_KILL("swap of the hook");
	if (rename(path_new, path) < 0) {
		rc = errno;
		(void)unlink(path_new);
		return err_sys(err, rc, "rename pin '%s'", path_new);
	}
	return 0;
}

static int attach_hook(struct steer *s, struct steer_bpf *skel, struct err *err)
{
	auto_with(cleanup_link) struct bpf_link *link = bpf_program__attach(skel->progs.smc_steer);

	if (!link)
		return err_sys(err, errno, "attach steering program to update_socket_protocol");
	return swap_link(s, link, err);
}

static int load_hook(struct steer *s, struct steer_bpf *skel, struct err *err)
{
	auto_free char *log = calloc(1, VERIFIER_LOG_BYTES);
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int rc;

	if (!log)
		return err_sys(err, ENOMEM, "load steering program");
	rc = pins_set_paths(skel->obj, s->bpffs_dir, STEER_LAYOUT, err);
	if (rc < 0)
		return rc;
	/* filled by a second try, which libbpf makes when the first one failed */
	rc = bpf_program__set_log_buf(skel->progs.smc_steer, log, VERIFIER_LOG_BYTES);
	if (rc < 0)
		return err_sys(err, rc, "load steering program");
	skel->rodata->inetsw = s->inetsw;
	skel->rodata->inetsw6 = s->inetsw6;
	skel->rodata->landlock_blob_sizes = s->landlock;
	rc = steer_bpf__load(skel);
	if (rc < 0)
		return explain_load(rc, log, err);
	rc = bpf_obj_get_info_by_fd(bpf_program__fd(skel->progs.smc_steer), &info, &len);
	if (rc < 0)
		return err_sys(err, rc, "read steering program");
	s->hook_id = info.id;
	rc = pins_keep_map(skel->maps.pods, &s->pods_fd, &s->pods_id, err);
	if (rc < 0)
		return rc;
	rc = pins_keep_map(skel->maps.counters, &s->counters_fd, &s->counters_id, err);
	if (rc < 0)
		return rc;
	return pins_keep_map(skel->maps.containers, &s->containers_fd, &s->containers_id, err);
}

int steer_load(struct steer *s, struct err *err)
{
	auto_with(cleanup_steer_bpf) struct steer_bpf *skel = steer_bpf__open();
	int rc;

	if (!skel)
		return err_sys(err, errno, "open steering program");
	rc = load_hook(s, skel, err);
	if (rc < 0)
		return rc;
	rc = load_cgroup(s, err); /* all is loaded before the hook changes */
	if (rc < 0)
		return rc;
	return attach_hook(s, skel, err);
}
