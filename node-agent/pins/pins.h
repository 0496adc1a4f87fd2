/* SPDX-License-Identifier: Apache-2.0 */
/* Room pins/: paths and folders of what is pinned below bpffsDir, a folder a layout.
 * Thread: the worker's, and --cleanup's.
 * Never: loads a program, or knows what a map holds.
 */
#ifndef SMC_AGENT_PINS_H
#define SMC_AGENT_PINS_H

#include <limits.h>

#include "common/err.h"

#define STEER_PIN_LINK "steer_link"
#define STEER_PIN_LINK_NEW "steer_link_new" /* until it takes the place of the old one */

/* -EINVAL with the reason unless dir, or its nearest parent that exists, lies on a bpffs. */
int pins_check_fs(const char *dir, struct err *err);

/* <bpffs_dir>/v<layout>[/<name>]; name may be NULL. -ENAMETOOLONG. */
int pins_path(char ret[PATH_MAX], const char *bpffs_dir, unsigned layout, const char *name,
	      struct err *err);

/* The layout that a folder of this name holds, or 0: "v1" -> 1; not "v", "v01", "v1x", "x1". */
unsigned pins_layout(const char *folder);

/* Removes the folders of layouts `from`..`to`, hook first. Returns how many there were. */
int pins_remove(const char *bpffs_dir, unsigned from, unsigned to, struct err *err);

/* The newest layout that has a folder, 0 if none. */
int pins_newest(const char *bpffs_dir, unsigned *ret, struct err *err);

#endif
