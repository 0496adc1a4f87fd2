/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are read and replaced as a whole: read with a bound, replaced atomically. */
#ifndef SMC_COMMON_FILE_H
#define SMC_COMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/* Reads a whole file of at most max bytes (more is -EFBIG) into a NUL-terminated buffer the caller
 * frees. dirfd as for openat(2). ret_len may be NULL. */
int file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
	      struct err *err);

/* As file_read from an open descriptor, from its present offset. */
int file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len,
		 struct err *err);

/* Readers see the old file or the new one, whole, after a crash too. A process that is killed
 * leaves "<dir>/.<name>.tmp" at most, and that only where there is an old file (or the file system
 * has no O_TMPFILE). */
int file_replace(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		 struct err *err);

/* Removes what file_replace() has written, and what it has left half done. A file that is not there
 * is fine. */
int file_remove(int dirfd, const char *path, struct err *err);

/* True if the name ends so and is not hidden. For files that somebody has left in a folder. */
bool file_name_ends(const char *name, const char *suffix);

/* mkdir -p with the given mode for what is created. */
int file_mkdirs(const char *path, mode_t mode, struct err *err);

/* The kernel's boot id (/proc/sys/kernel/random/boot_id): 36 characters and NUL. */
#define FILE_BOOT_ID_LEN 37
int file_boot_id(char ret[FILE_BOOT_ID_LEN], struct err *err);

#endif
