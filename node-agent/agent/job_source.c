/* The jobs that concern the source: what is kept of it on disk, and when its changes are in force. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "node-agent/agent/job.h"

#define NAMESPACES_FILE "namespaces.json"
#define NAMESPACES_MAX (64 * 1024 * 1024)

/* ---- texts that are kept on disk ---- */

struct text_job {
	struct work work;
	enum agent_text which;
	size_t len;
	char text[];
};

static const char *const troubles[] = {
	[AGENT_TEXT_REQUIRED] = "list of namespaces that require steering is not up to date",
	[AGENT_TEXT_NAMESPACES] = "what namespaces say is not kept for the next start",
};

static int text_run(struct work *w, void *arg, struct err *err)
{
	const struct text_job *job = (const struct text_job *)w;
	const struct node *node = arg;
	char path[PATH_MAX] = NAMESPACES_FILE;
	int dirfd = node->state_fd, r = 0;

	if (job->which == AGENT_TEXT_REQUIRED) {
		dirfd = AT_FDCWD;
		r = node_beside_socket(node->config, WIRE_REQUIRED_FILE, path, sizeof(path), err);
	}
	return r < 0 ? r : file_replace(dirfd, path, job->text, job->len, 0600, err);
}

static void text_done(struct work *w, void *arg)
{
	struct text_job *job = (struct text_job *)w;
	struct agent *agent = arg;

	if (agent) {
		struct agent_kept *kept = &agent->kept[job->which];

		if (w->rc < 0 && !kept->bad) /* once, however often it is tried */
			log_warn(troubles[job->which], "err", w->err.msg);
		kept->bad = w->rc < 0;
		if (kept->bad) { /* written again with the next sweep */
			free(kept->text);
			kept->text = NULL;
		}
	}
	free(job);
}

int job_text(struct agent *agent, enum agent_text which)
{
	const char *text = agent->kept[which].text;
	size_t len = strlen(text);
	struct text_job *job = calloc(1, sizeof(*job) + len + 1);

	if (!job)
		return -ENOMEM;
	job->which = which;
	job->len = len;
	memcpy(job->text, text, len + 1);
	worker_add(agent->worker, &job->work, text_run, text_done);
	return 0;
}

json_t *job_namespaces_read(const struct node *node)
{
	auto_free char *text = NULL;
	struct err err = ERR_INIT;
	json_t *saved = NULL;
	size_t len;
	int r = file_read(node->state_fd, NAMESPACES_FILE, NAMESPACES_MAX, &text, &len, &err);

	if (r == -ENOENT)
		return NULL;
	if (r == 0)
		r = smc_json_parse_object(text, len, NAMESPACES_FILE, &saved, &err);
	if (r < 0)
		log_warn("what namespaces said is not known, going on without", "err", err.msg);
	return r < 0 ? NULL : saved;
}

/* ---- generation ---- */

static int generation_run(struct work *w, void *arg, struct err *err)
{
	(void)w, (void)arg, (void)err;
	return 0; /* it is its turn: what was queued before has run */
}

/* One that was busy when the source changed gets its job only after that. */
static bool is_behind(const struct agent *agent)
{
	for (const struct attach *a = agent->table.first; a; a = a->next) {
		struct reconcile_state state = attach_state(a);

		if (state.busy && state.wanted && state.changed &&
		    state.phase == RECORD_COMMITTED)
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
