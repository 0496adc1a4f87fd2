/* SPDX-License-Identifier: Apache-2.0 */
/* Room pins/: paths and folders of what is pinned below bpffsDir, a folder a layout.
 * Thread: the worker's, and --cleanup's.
 * Never: loads a program, or knows what a map holds.
 */
#ifndef SMC_AGENT_PINS_H
#define SMC_AGENT_PINS_H

#include <limits.h>
#include <stdint.h>

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

/* ---- object.c: what an object that is loaded has to do with pins ---- */

struct bpf_map;
struct bpf_object;

/* Before the object loads: pinned maps of this layout are taken over then, missing ones made and
 * pinned. Constants of programs are not. */
int pins_set_paths(struct bpf_object *object, const char *bpffs_dir, unsigned layout,
		   struct err *err);
/* *ret is the caller's own descriptor, which outlives the object. */
int pins_keep_fd(int fd, int *ret, struct err *err);
int pins_keep_map(const struct bpf_map *map, int *ret_fd, uint32_t *ret_id, struct err *err);
/* The same for several maps of the object, by name. */
int pins_keep_maps(const struct bpf_object *object, const char *const *names, int n, int *ret_fds,
		   uint32_t *ret_ids, struct err *err);
/* Is the object pinned under `name` the one with this id? For STEER_PIN_LINK, that of its program.
 * -ENOENT: it is another one, or there is none. */
int pins_check(const char *bpffs_dir, unsigned layout, const char *name, uint32_t id,
	       struct err *err);
/* The same for several maps: the first that is not. */
int pins_check_maps(const char *bpffs_dir, unsigned layout, const char *const *names,
		    const uint32_t *ids, int n, struct err *err);

/* A whole map in one call. keys and values have room for as many as the map can hold; *n is that,
 * and then how many there were. A negative errno. */
int pins_read_map(int fd, void *keys, void *values, uint32_t *n);

#endif
