#include "node-agent/installer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "node-agent/agent.h"
#include "node-agent/install.h"
#include "node-agent/install_impl.h"
#include "node-agent/install_pace.h"

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

struct installer {
	struct agent *agent;
	struct loop_watch watch; /* inotify, on the folder and our drop-in's */
	struct loop_timer timer;
	struct install_pace pace;
	bool busy; /* a job is under way */
	char said[sizeof(((struct err *)0)->msg)]; /* the last trouble that was logged */
};

struct install_job {
	struct work work;
	struct install_wish wish; /* the config's strings, which outlive the worker */
	struct install_state state;
};

static void look_in(struct installer *i, int64_t delay_ms)
{
	loop_arm(i->agent->loop, &i->timer, wire_now_ms() + delay_ms);
}

/* Again and again: a folder may go and come. Adding a watch that is there is harmless. */
static void renew_watches(struct installer *i, const char *network)
{
	const char *conf_dir = i->agent->config->cni_conf_dir;
	char path[PATH_MAX];

	(void)inotify_add_watch(i->watch.fd, conf_dir, EVENTS);
	if (network[0] && install_join(path, conf_dir, network, NULL) == 0)
		(void)inotify_add_watch(i->watch.fd, path, EVENTS);
}

/* A folder without a network is normal at first; the rest is trouble. Each is said once. */
static void say_failure(struct installer *i, int rc, const struct err *err)
{
	if (strcmp(i->said, err->msg) == 0)
		return;
	(void)snprintf(i->said, sizeof(i->said), "%s", err->msg);
	if (rc == -ENOENT)
		log_info("plugin waits for the node's network", "why", err->msg);
	else
		log_warn("plugin is not in the chain, pods start without steering", "err", err->msg);
}

static void say_success(struct installer *i, const struct install_job *job)
{
	const struct install_state *s = &job->state;

	i->said[0] = '\0';
	if (s->changed)
		log_info("plugin was put into the chain", "network", s->network, "list", s->list, "by",
			 s->dropin ? "drop-in file" : "entry in the list");
}

static void on_done(struct installer *i, const struct install_job *job)
{
	enum install_outcome outcome = job->work.rc < 0 ? INSTALL_FAILED :
				       job->state.changed ? INSTALL_PUT : INSTALL_WAS_RIGHT;
	int64_t now = wire_now_ms(), delay_ms;

	i->busy = false;
	if (job->work.rc < 0)
		say_failure(i, job->work.rc, &job->work.err);
	else
		say_success(i, job);
	delay_ms = install_pace_done(&i->pace, outcome, now);
	if (install_pace_rests(&i->pace, now))
		log_error("somebody takes the plugin out of the chain again and again, giving up for an hour",
			  "network", job->state.network, "list", job->state.list);
	renew_watches(i, job->state.network);
	look_in(i, delay_ms);
}

static int run(struct work *w, void *arg, struct err *err)
{
	struct install_job *job = (struct install_job *)w;

	(void)arg;
	return install_apply(&job->wish, &job->state, err);
}

static void done(struct work *w, void *arg)
{
	struct agent *agent = arg;

	if (agent && agent->installer)
		on_done(agent->installer, (struct install_job *)w);
	free(w);
}

/* -ENOMEM */
static int begin(struct installer *i)
{
	const struct config *c = i->agent->config;
	struct install_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->work.run = run;
	job->work.done = done;
	job->wish = (struct install_wish){ .plugin = c->cni_plugin,
					   .conf_dir = c->cni_conf_dir,
					   .bin_dir = c->cni_bin_dir,
					   .socket = c->socket,
					   .mode = c->cni_install };
	i->busy = true;
	worker_add(i->agent->worker, &job->work);
	return 0;
}

static void on_timer(void *arg)
{
	struct installer *i = arg;

	if (!i->busy && begin(i) < 0)
		look_in(i, INSTALL_PACE_RETRY_MS);
}

/* Files whose name begins with a dot are nobody's configuration, and some of them are ours. */
static void on_events(void *arg, uint32_t events)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct installer *i = arg;
	bool changed = false;
	ssize_t n;

	(void)events;
	while ((n = read(i->watch.fd, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *e = (const struct inotify_event *)p;

			changed |= e->len == 0 || e->name[0] != '.';
			p += sizeof(*e) + e->len;
		}
	}
	if (changed && !i->busy)
		look_in(i, install_pace_event(&i->pace, wire_now_ms()));
}

int installer_new(struct agent *agent, struct installer **ret, struct err *err)
{
	auto_free struct installer *i = calloc(1, sizeof(*i));
	auto_close int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "watch '%s'", agent->config->cni_conf_dir);
	if (!i)
		return err_sys(err, ENOMEM, "watch '%s'", agent->config->cni_conf_dir);
	i->agent = agent;
	i->timer = (struct loop_timer){ .fn = on_timer, .arg = i };
	i->watch = (struct loop_watch){ .fd = fd, .fn = on_events, .arg = i };
	r = loop_watch(agent->loop, &i->watch, EPOLLIN, err);
	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	renew_watches(i, "");
	look_in(i, 0);
	*ret = TAKE_PTR(i);
	return 0;
}

void installer_free(struct installer *i)
{
	if (!i)
		return;
	loop_disarm(&i->timer);
	loop_unwatch(i->agent->loop, &i->watch);
	(void)close(i->watch.fd);
	free(i);
}
