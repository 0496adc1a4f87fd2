/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/steer/steer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/steer/impl.h"

static void cleanup_steer(struct steer **s)
{
	steer_close(*s);
}

/* One level down: libbpf warns about what we handle. Its advice to raise memlock on any EPERM is
 * wrong on every kernel that has the hook (maps are charged to the memory cgroup since 5.11). */
__attribute__((format(printf, 2, 0))) static int print_libbpf(enum libbpf_print_level level,
							      const char *fmt, va_list args)
{
	char text[1024];

	if (level == LIBBPF_DEBUG)
		return 0;
	(void)vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	if (!strstr(text, "ulimit -l"))
		log_kv(level == LIBBPF_WARN ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, text, NULL);
	return 0;
}

/* Steering needs to see whether SMC is registered; without that a hook would do nothing. */
static int check_targets(struct steer *s, struct err *err)
{
	struct steer_symbols found;
	int rc = steer_symbols(&found, err);

	if (rc < 0)
		return rc;
	s->inetsw = found.v4.address;
	s->inetsw6 = found.v6.address;
	s->landlock = found.landlock.address;
	if (found.v4.target == FACTS_TARGET_HIDDEN)
		return err_set(err, -EACCES,
			       "find kernel symbol 'inetsw': addresses are hidden "
			       "(needs CAP_SYSLOG and kernel.kptr_restrict below 2)");
	if (found.v4.target == FACTS_TARGET_AMBIGUOUS || found.v6.target == FACTS_TARGET_AMBIGUOUS)
		return err_set(err, -EOPNOTSUPP,
			       "find kernel symbol '%s': several have that name in /proc/kallsyms "
			       "(link-time optimisation), and none can be told apart (needs a "
			       "kernel without LTO)",
			       found.v4.target == FACTS_TARGET_AMBIGUOUS ? "inetsw" : "inetsw6");
	if (found.v4.target == FACTS_TARGET_NO_SYMBOL)
		return err_set(err, -EOPNOTSUPP,
			       "find kernel symbol 'inetsw': no such symbol (needs a kernel with "
			       "CONFIG_KALLSYMS_ALL)");
	return 0;
}

/* Makes the folder of our layout; *ret_fresh: it was not there before. */
static int make_folder(const char *bpffs_dir, bool *ret_fresh, struct err *err)
{
	char path[PATH_MAX];
	unsigned newest;
	int rc = pins_newest(bpffs_dir, &newest, err);

	if (rc < 0)
		return rc;
	if (newest > STEER_LAYOUT)
		log_warn("hook of a newer version found, leaving it alone", "folder", bpffs_dir);
	rc = pins_path(path, bpffs_dir, STEER_LAYOUT, NULL, err);
	if (rc < 0)
		return rc;
	*ret_fresh = access(path, F_OK) < 0;
	return file_mkdirs(path, 0700, err);
}

int steer_open(const char *bpffs_dir, struct steer **ret, struct err *err)
{
	auto_with(cleanup_steer) struct steer *s = calloc(1, sizeof(*s));
	bool fresh;
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "open steering");
	s->pods_fd = s->counters_fd = s->cgroups_fd = s->containers_fd = -1;
	s->create_fd = s->sockopt_fd = s->place_fd = -1;
	(void)libbpf_set_print(print_libbpf);
	rc = pins_check_fs(bpffs_dir, err);
	if (rc < 0)
		return rc;
	rc = check_targets(s, err);
	if (rc < 0)
		return rc;
	rc = make_folder(bpffs_dir, &fresh, err);
	if (rc < 0)
		return rc;
	strcpy(s->bpffs_dir, bpffs_dir); /* as long as the path of a pin below it, at most */
	rc = steer_load(s, err);
	if (rc < 0) {
		if (fresh)
			(void)pins_remove(bpffs_dir, STEER_LAYOUT, STEER_LAYOUT, NULL);
		return rc;
	}
	*ret = TAKE_PTR(s);
	return 0;
}

int steer_check(struct steer *s, struct err *err)
{
	const struct {
		const char *name;
		uint32_t id;
	} pins[] = { { STEER_PIN_LINK, s->hook_id },
		     { "pods", s->pods_id },
		     { "counters", s->counters_id },
		     { "cgroups", s->cgroups_id },
		     { "containers", s->containers_id } };
	struct steer_symbols found;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(pins); i++)
		rc = pins_check(s->bpffs_dir, STEER_LAYOUT, pins[i].name, pins[i].id, err);
	if (rc < 0 || s->inetsw6)
		return rc;
	rc = steer_symbols(&found, err);
	if (rc < 0)
		return rc;
	if (found.v6.address)
		return err_set(err, -ESTALE, "check hook: ipv6 was loaded after it");
	return 0;
}

void steer_close(struct steer *s)
{
	if (!s)
		return;
	for (int *fd = (int[]){ s->pods_fd, s->counters_fd, s->cgroups_fd, s->containers_fd,
				s->create_fd, s->sockopt_fd, s->place_fd, -2 };
	     *fd != -2; fd++)
		if (*fd >= 0)
			(void)close(*fd);
	free(s);
}
