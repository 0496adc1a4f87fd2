/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs that concern the source: what is kept of it on disk, and when its changes are in
 * force. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/kept.h"

#define KEPT_MAX (64 * 1024 * 1024)

/* ---- what is kept on disk ---- */

struct keep_job {
	struct work work;
	bool for_next_run; /* kept_file(), too */
	size_t n;
	struct manifest_object **objects;
};

/* Each kind of source reads what it has written itself. */
static const char *kept_file(const struct node *node)
{
	return node->config->pod_source_folder ? "manifests.json" : "namespaces.json";
}

/* Writes only if the text is another one than that in the file: most changes do not concern either
 * file. */
static int replace(int dirfd, const char *path, const char *text, struct err *err)
{
	size_t len = strlen(text), old_len;
	auto_free char *old = NULL;

	if (file_read(dirfd, path, len, &old, &old_len, NULL) == 0 && old_len == len &&
	    !memcmp(old, text, len))
		return 0;
	return file_replace(dirfd, path, text, len, 0600, err);
}

static int keep_required(const struct node *node, const struct keep_job *job, struct err *err)
{
	auto_free char *text = kept_required(job->objects, job->n);
	char path[PATH_MAX];
	int r = node_beside_socket(node->config, WIRE_REQUIRED_FILE, path, sizeof(path), err);

	if (r == 0)
		r = text ? replace(AT_FDCWD, path, text, err) :
			   err_sys(err, ENOMEM, "write '%s'", path);
	return r < 0 ? err_prefix(err, r,
				  "list of namespaces that require steering is not up to date") :
		       0;
}

static int keep_for_next_run(const struct node *node, const struct keep_job *job, struct err *err)
{
	const char *name = kept_file(node);
	auto_free char *text = node->config->pod_source_folder ?
				       kept_manifests(job->objects, job->n) :
				       kept_namespaces(job->objects, job->n);
	int r = text ? replace(node->state_fd, name, text, err) :
		       err_sys(err, ENOMEM, "write '%s'", name);

	return r < 0 ? err_prefix(err, r, "what namespaces say is not kept for the next start") : 0;
}

static int keep_run(struct work *w, void *arg, struct err *err)
{
	const struct keep_job *job = (const struct keep_job *)w;
	struct err e = ERR_INIT;
	int first = 0;

	err_keep_first(&first, err, keep_required(arg, job, &e), &e);
	if (job->for_next_run)
		err_keep_first(&first, err, keep_for_next_run(arg, job, &e), &e);
	return first;
}

static void keep_done(struct work *w, void *arg)
{
	struct keep_job *job = (struct keep_job *)w;
	struct agent *agent = arg;

	for (size_t i = 0; i < job->n; i++)
		manifest_object_unref(job->objects[i]);
	free(job->objects);
	if (agent) {
		struct agent_kept *kept = &agent->kept;

		if (w->rc < 0 && !kept->bad) /* once, however often it is tried */
			log_warn("namespaces are not kept on disk", "err", w->err.msg);
		kept->bad = w->rc < 0;
		kept->stale |= kept->bad;
		kept->busy = false;
		if (!kept->bad)
			agent_keep_namespaces(agent);
	}
	free(job);
}

int job_keep(struct agent *agent)
{
	struct keep_job *job = calloc(1, sizeof(*job));
	ssize_t n = job ? source_objects(agent->source, &job->objects) : -ENOMEM;

	if (n < 0) {
		free(job);
		return -ENOMEM;
	}
	job->n = (size_t)n;
	job->for_next_run = source_is_kept(agent->source);
	agent->kept.stale = false;
	agent->kept.busy = true;
	worker_add(agent->worker, &job->work, keep_run, keep_done);
	return 0;
}

json_t *job_kept_read(const struct node *node)
{
	const char *name = kept_file(node);
	auto_free char *text = NULL;
	struct err err = ERR_INIT;
	json_t *saved = NULL;
	size_t len;
	int r = file_read(node->state_fd, name, KEPT_MAX, &text, &len, &err);

	if (r == -ENOENT)
		return NULL;
	if (r == 0)
		r = smc_json_parse_object(text, len, name, &saved, &err);
	if (r < 0)
		log_warn("what namespaces said is not known, going on without", "err", err.msg);
	return r < 0 ? NULL : saved;
}

/* ---- generation ---- */

static int generation_run(struct work *w, void *arg, struct err *err)
{
	(void)w, (void)arg, (void)err;
	return 0; /* now it is its turn, so what was queued before has run */
}

/* An attachment that was busy when the source changed gets its job only after that. */
static bool is_behind(const struct agent *agent)
{
	for (const struct attach *a = agent->table.first; a; a = a->next) {
		struct reconcile_state state = attach_state(a);

		if (state.busy && state.wanted && state.changed && state.phase == RECORD_COMMITTED)
			return true;
	}
	return false;
}

static void generation_done(struct work *w, void *arg)
{
	struct agent *agent = arg;
	bool again;

	free(w);
	if (!agent)
		return;
	agent->generation_busy = false;
	again = is_behind(agent);
	if (!again) {
		agent->generation++;
		again = agent->generation_again;
		agent->generation_again = false;
	}
	if (again)
		job_generation(agent);
}

void job_generation(struct agent *agent)
{
	struct work *w;

	if (agent->generation_busy) {
		agent->generation_again = true;
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return; /* the next change says it */
	agent->generation_busy = true;
	worker_add(agent->worker, w, generation_run, generation_done);
}
