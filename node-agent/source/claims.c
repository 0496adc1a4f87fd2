/* SPDX-License-Identifier: Apache-2.0 */
/* Two files that claim the same object: the first one by name has it. */
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "node-agent/source/files.h"
#include "node-agent/source/files_impl.h"

struct claim { /* an object, and where it comes from */
	struct manifest_object *object;
	const struct source_file *file;
	size_t order;
};

static int by_object_then_order(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int cmp = manifest_object_compare(x->object, y->object);

	return cmp ? cmp : (x->order > y->order) - (x->order < y->order);
}

static void refuse(const struct source_files *f, const struct claim *loser,
		   const struct claim *winner)
{
	const struct manifest_object *o = loser->object;
	const char *kind = o->kind == MANIFEST_POD ? "Pod" : "Namespace";
	struct err bad;

	if (o->refused)
		return; /* said already */
	loser->object->refused = true;
	(void)err_set(&bad, 0,
		      "%s/%s:%d: %s '%s%s%s' is in '%s/%s', line %d, already: ignoring this one",
		      f->folder, loser->file->name, o->line, kind, manifest_object_namespace(o),
		      o->kind == MANIFEST_POD ? "/" : "", manifest_object_name(o), f->folder,
		      winner->file->name, winner->object->line);
	log_error("read manifest", "err", bad.msg);
}

ssize_t source_files_objects(struct source_files *f, struct manifest_object ***ret)
{
	auto_free struct claim *claims = NULL;
	struct manifest_object **objects;
	size_t total = 0, n = 0, winner = 0;

	for (size_t i = 0; i < f->n; i++)
		total += f->files[i]->content.n_objects;
	claims = calloc(total + 1, sizeof(*claims));
	objects = calloc(total + 1, sizeof(struct manifest_object *));
	if (!claims || !objects) {
		free(objects);
		return -ENOMEM;
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct manifest *m = &f->files[i]->content;

		for (size_t j = 0; j < m->n_objects; j++, n++)
			claims[n] = (struct claim){ m->objects[j], f->files[i], n };
	}
	qsort(claims, total, sizeof(*claims), by_object_then_order);
	n = 0;
	for (size_t i = 0; i < total; i++) {
		if (n > 0 && manifest_object_compare(objects[n - 1], claims[i].object) == 0) {
			refuse(f, &claims[i], &claims[winner]);
			continue;
		}
		winner = i;
		claims[i].object->refused = false;
		objects[n++] = claims[i].object;
	}
	*ret = objects;
	return (ssize_t)n;
}
