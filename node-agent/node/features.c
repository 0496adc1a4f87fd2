/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/names.h"

static const char *yes(bool ok)
{
	return ok ? "true" : "false";
}

size_t features_text(const struct facts *facts, char buf[FEATURES_BYTES_MAX])
{
	bool steering = !facts_first_missing(facts) && facts->plugin.ok;
	int n = snprintf(buf, FEATURES_BYTES_MAX,
			 NAMES_PREFIX "nri=%s\n" NAMES_PREFIX "smcd=%s\n" NAMES_PREFIX
				      "smcr=%s\n" NAMES_PREFIX "steering=%s\n",
			 yes(facts->nri.ok), yes(steering && facts->devices.n_smcd > 0),
			 yes(steering && facts->host.ok), yes(steering));

	return (size_t)n;
}

/* The folder's descriptor; 0 when there is none to write to. */
static int open_folder(const char *dir, struct err *err)
{
	int fd = *dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	return fd < 0 ? err_sys(err, errno, "open folder of node features '%s'", dir) : fd;
}

static bool says(int dirfd, const char *text)
{
	auto_free char *there = NULL;

	return file_read(dirfd, FEATURES_FILE, FEATURES_BYTES_MAX, &there, NULL, NULL) == 0 &&
	       !strcmp(there, text);
}

int features_write(const char *dir, const struct facts *facts, struct err *err)
{
	char text[FEATURES_BYTES_MAX];
	size_t len = features_text(facts, text);
	int r = open_folder(dir, err);
	auto_close int fd = r > 0 ? r : -1;

	if (r <= 0 || says(fd, text))
		return r < 0 ? r : 0;
	/* NFD's worker need not be root. */
	r = file_replace(fd, FEATURES_FILE, text, len, 0644, err);
	return r < 0 ? err_prefix(err, r, "write node features below '%s'", dir) : 1;
}

int features_remove(const char *dir, struct err *err)
{
	int r = open_folder(dir, err);
	auto_close int fd = r > 0 ? r : -1;

	if (r <= 0)
		return r;
	r = file_remove(fd, FEATURES_FILE, err);
	return r < 0 ? err_prefix(err, r, "remove node features below '%s'", dir) : 0;
}
