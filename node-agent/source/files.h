/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest files of one folder, and what each of them brought.
 *
 * Looked at: *.yaml, *.yml, *.json, regular files or links to such; not: dot files and *~
 * (editors' copies), larger than YTREE_BYTES_MAX. What is bad is logged, once for each time it is
 * read.
 */
#ifndef SMC_AGENT_SOURCE_FILES_H
#define SMC_AGENT_SOURCE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "node-agent/object/manifest.h"

struct source_files;

struct source_files *source_files_new(const char *folder); /* NULL: no memory */
void source_files_free(struct source_files *f); /* NULL is fine */

/* True for the names that are looked at. */
bool source_files_wanted(const char *name);

/* Somebody writes into the file: it is not read before source_files_written(). */
int source_files_writing(struct source_files *f, const char *name);
/* The file is whole, and read at the next scan even if its times say that it did not change. */
void source_files_written(struct source_files *f, const char *name);
/* As if all files had been written. */
void source_files_all_written(struct source_files *f);

/* Reads the folder: new and changed files are read, those that are gone are forgotten; a file
 * that is bad keeps what it brought, but for what its good documents say now. A folder that is
 * not there, or cannot be read, keeps all as it is. -ENOMEM or the folder's error. */
int source_files_scan(struct source_files *f, struct err *err);

/* True when nothing that the folder says is unknown: each file was read once without anything bad
 * in it. One that was never there says nothing that is known. */
bool source_files_are_whole(const struct source_files *f);
/* What is wrong now, in a sentence; "" = nothing. */
void source_files_trouble(const struct source_files *f, struct err *ret);

/* All objects that count, sorted; of two of a name that of the first file counts, and the other
 * is logged. Borrowed until the next scan; the caller frees the array. Returns their number or
 * -ENOMEM. */
ssize_t source_files_objects(struct source_files *f, struct manifest_object ***ret);

#endif
