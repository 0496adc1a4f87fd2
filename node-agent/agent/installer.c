/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/installer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/events/events.h"
#include "node-agent/install/cache.h"
#include "node-agent/install/impl.h"
#include "node-agent/install/install.h"
#include "node-agent/install/pace.h"

#define INSTALLER_GRACE_S 10 /* for pods on their way, and for the runtime to read its folder */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

struct installer {
	struct agent *agent;
	struct loop_watch watch; /* inotify, on the folder, our drop-in's and the runtime's cache */
	struct loop_timer timer;
	struct install_pace pace;
	enum config_install mode; /* as the config says, or what experience taught */
	int64_t since_s; /* CLOCK_REALTIME: a pod made later must have come to us; 0: not yet */
	int cache_wd; /* -1: not watched */
	bool busy; /* a job is under way */
	bool again; /* something changed meanwhile */
	char network[INSTALL_NAME_MAX]; /* that we are in the chain of; "": none */
	char said[sizeof(((struct err *)0)->msg)]; /* the last trouble that was logged */
};

struct install_job {
	struct work work;
	struct install_wish wish; /* the config's strings, which outlive the worker */
	struct install_state state;
	int64_t since_s; /* 0: do not look */
	struct fact fact; /* for the loop's copy */
	bool passed_over; /* a pod was made since then, by a runtime that did not read our file */
};

static void look_in(struct installer *i, int64_t delay_ms)
{
	loop_arm(i->agent->loop, &i->timer, clock_now_ms() + delay_ms);
}

/* A folder that changes again and again does not put the look off. */
static void look_after_change(struct installer *i)
{
	int64_t now = clock_now_ms(), delay_ms = install_pace_event(&i->pace, now);

	if (!i->timer.due_ms || now + delay_ms < i->timer.due_ms)
		look_in(i, delay_ms);
}

/* ---- does the runtime read the drop-in folder? ----
 *
 * It cannot be asked. But each pod that it starts calls us, if it does; and it keeps a file for
 * each pod that it has started. A file and no call: libcni is older than 1.3. */

static void watch_cache(struct installer *i, bool wanted)
{
	if (wanted)
		i->cache_wd = inotify_add_watch(i->watch.fd, INSTALL_CACHE_DIR,
						IN_CLOSE_WRITE | IN_ONLYDIR);
	else if (i->cache_wd >= 0)
		(void)inotify_rm_watch(i->watch.fd, TAKE_FD(i->cache_wd));
}

static void learn(struct installer *i, const struct install_job *job)
{
	bool unsure = i->mode == CONFIG_INSTALL_AUTO && job->state.dropin && !i->agent->called;

	if (!unsure)
		i->since_s = 0;
	else if (!i->since_s || job->state.changed)
		i->since_s = time(NULL) + INSTALLER_GRACE_S;
	watch_cache(i, unsure);
	if (!unsure || !job->passed_over)
		return;
	log_warn(
		"a pod was started without the plugin: this runtime does not read the drop-in folder "
		"(libcni >= 1.3 does), using the list",
		"network", job->state.network, "list", job->state.list);
	i->mode = CONFIG_INSTALL_BY_CONFLIST;
	i->again = true;
}

/* Called again and again, as a folder may go and come. Adding a watch that is there does no
 * harm. */
static void renew_watches(struct installer *i, const char *network)
{
	const char *conf_dir = i->agent->config->cni_conf_dir;
	char path[PATH_MAX];

	(void)inotify_add_watch(i->watch.fd, conf_dir, EVENTS);
	if (network[0] && install_join(path, conf_dir, network, NULL) == 0)
		(void)inotify_add_watch(i->watch.fd, path, EVENTS);
}

/* A folder without a network is normal at first; the rest is trouble. The log says each once. */
static void say_failure(struct installer *i, int rc, const struct err *err)
{
	if (rc != -ENOENT) /* most troubles stay until somebody acts, so it looks once an hour */
		(void)events_node(i->agent->events, EVENTS_UNAVAILABLE, "plugin", err->msg);
	if (strcmp(i->said, err->msg) == 0)
		return;
	(void)snprintf(i->said, sizeof(i->said), "%s", err->msg);
	if (rc == -ENOENT)
		log_info("plugin waits for the node's network", "why", err->msg);
	else
		log_warn("plugin is not in the chain, pods start without steering", "err",
			 err->msg);
}

static void say_success(struct installer *i, const struct install_job *job)
{
	const struct install_state *s = &job->state;

	i->said[0] = '\0';
	if (s->changed)
		log_info("plugin was put into the chain", "network", s->network, "list", s->list,
			 "by", s->dropin ? "drop-in file" : "entry in the list");
}

/* ---- somebody who takes it out again and again ---- */

struct lost_job {
	struct work work;
	struct fact fact;
};

static int lost_run(struct work *w, void *arg, struct err *err)
{
	struct node *node = arg;
	int r = err_set(err, -EBUSY,
			"somebody takes the plugin out of the CNI chain again and again");

	node_set_plugin(node, r, err);
	((struct lost_job *)w)->fact = node->facts.plugin;
	return r;
}

static void lost_done(struct work *w, void *arg)
{
	struct agent *agent = arg;

	if (agent)
		agent->facts.plugin = ((struct lost_job *)w)->fact;
	free(w);
}

static void give_up(struct installer *i, const struct install_state *s)
{
	struct lost_job *job = calloc(1, sizeof(*job));

	log_error(
		"somebody takes the plugin out of the chain again and again, giving up for an hour",
		"network", s->network, "list", s->list);
	(void)events_node(
		i->agent->events, EVENTS_UNAVAILABLE, "plugin-fight",
		"smc-cni is taken out of the CNI chain again and again: not put back for an hour");
	if (job)
		worker_add(i->agent->worker, &job->work, lost_run, lost_done);
}

/* ---- a look, and what follows ---- */

static void on_done(struct installer *i, const struct install_job *job)
{
	enum install_outcome outcome = job->work.rc < 0	  ? INSTALL_FAILED :
				       job->state.changed ? INSTALL_PUT :
							    INSTALL_WAS_RIGHT;
	int64_t now = clock_now_ms(), delay_ms;

	i->busy = false;
	i->agent->facts.plugin = job->fact;
	strcpy(i->network, job->work.rc < 0 ? "" : job->state.network);
	if (job->work.rc < 0)
		say_failure(i, job->work.rc, &job->work.err);
	else
		say_success(i, job);
	delay_ms = install_pace_done(&i->pace, outcome, now);
	if (install_pace_rests(&i->pace, now))
		give_up(i, &job->state);
	renew_watches(i, job->state.network);
	look_in(i, delay_ms);
	if (job->work.rc == 0)
		learn(i, job);
	if (job->work.rc == 0 && job->state.changed)
		agent_look_for_earlier(i->agent);
	if (i->again)
		look_after_change(i);
}

static int run(struct work *w, void *arg, struct err *err)
{
	struct install_job *job = (struct install_job *)w;
	int r = install_apply(&job->wish, &job->state, err);
	struct node *node = arg;

	node_set_plugin(node, r, err);
	job->fact = node->facts.plugin;
	job->passed_over =
		r == 0 && job->since_s && !job->state.changed &&
		install_cache_has_newer(INSTALL_CACHE_DIR, job->state.network, job->since_s);
	return r;
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
	job->wish = (struct install_wish){ .plugin = c->cni_plugin,
					   .conf_dir = c->cni_conf_dir,
					   .bin_dir = c->cni_bin_dir,
					   .socket = c->socket,
					   .mode = i->mode };
	job->since_s = i->since_s;
	i->busy = true;
	i->again = false;
	worker_add(i->agent->worker, &job->work, run, done);
	return 0;
}

static void on_timer(void *arg)
{
	struct installer *i = arg;

	if (!i->busy && begin(i) < 0)
		look_in(i, INSTALL_PACE_RETRY_MS);
}

/* Files whose name begins with a dot are seldom configuration, and some of them are ours. */
static bool matters(const struct installer *i, const struct inotify_event *e)
{
	if (i->cache_wd >= 0 && e->wd == i->cache_wd)
		return !i->agent->called;
	return e->len == 0 || e->name[0] != '.' || install_is_conf_name(e->name);
}

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

			changed |= matters(i, e);
			p += sizeof(*e) + e->len;
		}
	}
	if (changed && i->busy)
		i->again = true;
	else if (changed)
		look_after_change(i);
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
	i->mode = agent->config->cni_install;
	i->cache_wd = -1;
	i->timer = (struct loop_timer){ .fn = on_timer, .arg = i };
	i->watch = (struct loop_watch){ .fd = fd, .fn = on_events, .arg = i };
	r = loop_watch(agent->loop, &i->watch, EPOLLIN, err);
	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	if (access(INSTALL_CACHE_DIR, R_OK) < 0)
		log_warn(
			"results of the runtime cannot be read: at removal the plugin goes at once, whatever pods "
			"still need it",
			"folder", INSTALL_CACHE_DIR, "err", strerror(errno));
	renew_watches(i, "");
	look_in(i, 0);
	*ret = TAKE_PTR(i);
	return 0;
}

const char *installer_network(const struct installer *i)
{
	return i ? i->network : "";
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
