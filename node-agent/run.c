/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/run.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/installer.h"
#include "node-agent/agent/job.h"
#include "node-agent/events/events.h"
#include "node-agent/model/sandbox.h"
#include "node-agent/nri/nri.h"
#include "node-agent/server/server.h"
#include "node-agent/show/http.h"
#include "node-agent/uninstall.h"

#define STOP_MS 500 /* how long the end waits for the worker */
#define STOP_CLEAN_MS 20000 /* when nobody else finishes its work; kubelet gives us 30 s */
#define RETRY_MS 5000
/* file_replace() gives a file its name when its content is whole, so its creation is the only
 * event. */
#define PENDING_EVENTS (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR)

/* The agent and what shows it to others. */
struct run {
	struct agent *agent;
	struct server *server;
	struct http *http; /* NULL: off, or not to be had yet */
	struct nri *nri; /* NULL: off */
	struct loop_timer retry_timer;
};

/* ---- what the loop watches ---- */

static void on_worker(void *arg, uint32_t events)
{
	struct agent *agent = arg;

	(void)events;
	worker_collect(agent->worker, agent);
}

static void on_pending(void *arg, uint32_t events)
{
	struct agent *agent = arg;
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	(void)events;
	while (read(agent->pending_watch.fd, buf, sizeof(buf)) > 0)
		;
	if (agent->started)
		(void)job_pending(agent);
}

static void on_answer(struct agent *agent, bool uninstall)
{
	agent->uninstall = uninstall;
	log_info(uninstall ? "the agent is removed from the cluster, cleaning up" :
			     "steering stays in force");
	loop_stop(agent->loop);
}

static void on_signal(void *arg, uint32_t events)
{
	struct agent *agent = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(agent->signal_watch.fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (agent->stopping) { /* asked twice: no more questions */
		loop_stop(agent->loop);
		return;
	}
	agent->stopping = true;
	log_info("stopping", "signal", strsignal((int)info.ssi_signo));
	uninstall_ask(agent, on_answer);
}

static int watch(struct agent *agent, struct loop_watch *w, int fd,
		 void (*fn)(void *arg, uint32_t events), struct err *err)
{
	*w = (struct loop_watch){ .fd = fd, .fn = fn, .arg = agent };
	return loop_watch(agent->loop, w, EPOLLIN, err);
}

/* ---- set-up, in this order; each piece is undone by tear_down() ---- */

static int open_signals(struct agent *agent, struct err *err)
{
	sigset_t set;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN); /* libmicrohttpd */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, errno, "open signalfd");
	return watch(agent, &agent->signal_watch, fd, on_signal, err);
}

static int open_pending(struct agent *agent, struct err *err)
{
	char path[PATH_MAX];
	int fd, r = node_beside_socket(agent->config, WIRE_PENDING_DIR, path, sizeof(path), err);

	if (r == 0)
		r = file_mkdirs(path, 0700, err);
	if (r < 0)
		return r;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return err_sys(err, errno, "watch '%s'", path);
	r = watch(agent, &agent->pending_watch, fd, on_pending, err);
	if (r == 0 && inotify_add_watch(fd, path, PENDING_EVENTS) < 0)
		r = err_sys(err, errno, "watch '%s'", path);
	return r;
}

/* At the start; not with each try that follows. */
static void tell(const struct run *run, const char *what, const struct err *why)
{
	if (!run->retry_timer.fn)
		log_error(what, "err", why->msg);
}

/* The API server, or why there is no access to it. */
static int open_kube(const struct run *run, struct err *err)
{
	struct agent *agent = run->agent;
	const struct config *config = agent->config;
	struct err why = ERR_INIT;

	if (kube_new(config, agent->loop, &agent->kube, &why) < 0)
		tell(run, "no access to the API server", &why);
	return source_kube_open(agent->kube, agent->loop, config->node_name, why.msg,
				agent_source_changed, agent, &agent->source, err);
}

/* Without it ADD's own annotations decide. */
static void open_source(const struct run *run)
{
	struct agent *agent = run->agent;
	const char *folder = agent->config->pod_source_folder;
	struct err err = ERR_INIT;
	int r = folder ? source_folder_open(folder, agent->loop, agent_source_changed, agent,
					    &agent->source, &err) :
			 open_kube(run, &err);

	if (r < 0) {
		agent->trouble = err;
		log_error("pods and namespaces are not watched", "err", err.msg);
	}
}

static void open_events(struct agent *agent)
{
	struct err err = ERR_INIT;

	if (agent->kube && events_new(agent->kube, agent->loop, agent->config->node_name,
				      &agent->events, &err) < 0)
		log_error("no events are sent", "err", err.msg);
}

/* The agent serves without it, if it must: somebody else may have the port. */
static void open_http(struct run *run)
{
	struct err err = ERR_INIT;

	if (run->agent->config->metrics[0] && http_new(run->agent, &run->http, &err) < 0)
		tell(run, "no /metrics, /healthz and /readyz", &err);
}

/* ---- what was not to be had at the start may be later: a file comes, a port is free ---- */

static bool lacks_kube(const struct agent *agent)
{
	return agent->source && !agent->kube && !agent->config->pod_source_folder;
}

static bool lacks_http(const struct run *run)
{
	return run->agent->config->metrics[0] && !run->http;
}

static void retry_kube(struct agent *agent)
{
	struct err err = ERR_INIT;

	if (kube_new(agent->config, agent->loop, &agent->kube, NULL) < 0)
		return;
	if (source_kube_begin(agent->source, agent->kube, agent->loop, agent->config->node_name,
			      &err) < 0) {
		log_error("pods and namespaces are not watched", "err", err.msg);
		kube_free(TAKE_PTR(agent->kube));
		return;
	}
	log_info("access to the API server", "server", kube_server(agent->kube));
	open_events(agent);
}

static void retry_later(struct run *run);

static void on_retry(void *arg)
{
	struct run *run = arg;
	struct agent *agent = run->agent;

	if (agent->stopping)
		return;
	if (lacks_kube(agent))
		retry_kube(agent);
	if (lacks_http(run)) {
		open_http(run);
		if (run->http)
			log_info("serving after all", "metrics", agent->config->metrics);
	}
	retry_later(run);
}

static void retry_later(struct run *run)
{
	if (!lacks_kube(run->agent) && !lacks_http(run))
		return;
	run->retry_timer.fn = on_retry;
	run->retry_timer.arg = run;
	loop_arm(run->agent->loop, &run->retry_timer, clock_now_ms() + RETRY_MS);
}

/* The pods that are there now are served without it. */
static void open_installer(struct agent *agent)
{
	struct err err = ERR_INIT;

	if (agent->config->cni_plugin[0] && installer_new(agent, &agent->installer, &err) < 0)
		log_error("plugin is not installed", "err", err.msg);
}

static int open_work(const struct run *run, struct err *err)
{
	struct agent *agent = run->agent;
	int r = node_open(agent->config, &agent->node, err);

	if (r == 0)
		r = open_pending(agent, err);
	if (r < 0)
		return r;
	open_source(run);
	open_events(agent);
	r = worker_new(agent->node, &agent->worker, err);
	if (r == 0)
		r = watch(agent, &agent->worker_watch, worker_fd(agent->worker), on_worker, err);
	if (r == 0)
		open_installer(agent);
	if (r == 0 && job_start(agent) < 0)
		r = err_sys(err, ENOMEM, "start");
	return r;
}

static int set_up(struct run *run, struct err *err)
{
	struct agent *agent = run->agent;
	int r = loop_new(&agent->loop, err);

	if (r == 0)
		r = open_signals(agent, err);
	if (r == 0)
		r = server_new(agent, &run->server, err);
	if (r < 0)
		return r;
	open_http(run);
	r = agent->idle ? 0 : open_work(run, err);
	if (r == 0 && !agent->idle)
		r = nri_new(agent, &run->nri, err);
	if (r == 0)
		retry_later(run);
	return r;
}

static void close_watch(struct loop_watch *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
}

static void tear_down(const struct run *run)
{
	struct agent *agent = run->agent;

	/* The socket goes first, so that nobody sends what is not read any more. */
	http_free(run->http);
	nri_free(run->nri);
	installer_free(TAKE_PTR(agent->installer));
	server_free(run->server);
	if (agent->worker &&
	    !worker_stop(agent->worker, agent->uninstall ? STOP_CLEAN_MS : STOP_MS)) {
		if (agent->uninstall)
			log_error(
				"the worker waits for the kernel, this node is not cleaned up: run smc-node-agent "
				"--cleanup here");
		else
			log_info("the worker waits for the kernel, not waiting for it");
		/* Its records say what it was at. */
		_exit(agent->uninstall ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	node_close(agent->node);
	source_close(agent->source);
	kube_free(agent->kube);
	events_free(agent->events);
	close_watch(&agent->pending_watch);
	close_watch(&agent->signal_watch);
	attach_clear(&agent->table);
	path_list_clear(&agent->paths);
	sandbox_table_free(agent->sandboxes);
	loop_free(agent->loop);
}

int run_agent(const struct config *config, const struct err *trouble, struct err *err)
{
	auto_close int lock = node_lock(config->state_dir, err);
	auto_free struct agent *agent = calloc(1, sizeof(*agent));
	struct run run = { .agent = agent };
	int r;

	if (lock < 0)
		return lock;
	if (!agent)
		return err_sys(err, ENOMEM, "start");
	agent->config = config;
	agent->trouble = *trouble;
	agent->idle = trouble->msg[0];
	agent->kept.stale = true;
	agent->pending_watch.fd = agent->signal_watch.fd = -1;
	r = set_up(&run, err);
	if (r == 0) {
		log_info("serving", "socket", config->socket, "metrics", config->metrics, "version",
			 SMC_CNI_VERSION);
		r = loop_run(agent->loop, err);
	}
	if (r == 0 && agent->uninstall)
		r = RUN_UNINSTALL;
	tear_down(&run);
	return r;
}
