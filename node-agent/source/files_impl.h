/* SPDX-License-Identifier: Apache-2.0 */
/* What files.c keeps, for files.c and claims.c only. */
#ifndef SMC_AGENT_SOURCE_FILES_IMPL_H
#define SMC_AGENT_SOURCE_FILES_IMPL_H

#include <sys/stat.h>

#include "node-agent/source/files.h"

/* What tells that a file changed. */
struct signature {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

struct source_file {
	char *name;
	bool seen; /* in this scan */
	bool writing;
	bool dirty; /* read it whatever the signature says */
	bool bad; /* the last time it was read */
	bool whole; /* it was read once without anything bad */
	struct signature read_as; /* all zero: never read */
	struct manifest content;
};

struct source_files {
	char *folder;
	size_t n;
	struct source_file **files; /* sorted by name after a scan */
	bool missing; /* the folder, at the last scan */
};

#endif
