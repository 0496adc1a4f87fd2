#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "node-agent/source.h"
#include "node-agent/source_files.h"
#include "node-agent/source_store.h"
#include "node-agent/source_watch.h"

/* From the first event until the folder is read: what belongs together (an editor's rename,
 * remove and write; a ConfigMap's swap) is then seen as one change. */
#define SETTLE_MS 50

struct source {
	source_changed_fn *changed;
	void *arg;
	int epoll_fd; /* holds the two below */
	int timer_fd;
	bool settling; /* the timer runs */
	bool synced;
	struct source_watch *watch;
	struct source_files *files;
	struct source_store store;
};

static void start_settling(struct source *s)
{
	const struct itimerspec once = { .it_value.tv_nsec = SETTLE_MS * 1000000L };

	if (s->settling)
		return; /* from the first: a folder without rest is read all the same */
	if (timerfd_settime(s->timer_fd, 0, &once, NULL) == 0)
		s->settling = true;
}

static void on_event(void *arg, enum source_event event, const char *name)
{
	struct source *s = arg;

	if (event == SOURCE_ALL)
		source_files_all_written(s->files);
	else if (event == SOURCE_WRITTEN)
		source_files_written(s->files, name);
	else if (!source_files_wanted(name) || source_files_writing(s->files, name) == 0)
		return; /* read when it is whole */
	start_settling(s);
}

static void tell_nobody(void *arg, const char *namespace, const char *name)
{
	(void)arg;
	(void)namespace;
	(void)name;
}

/* Reads what changed and tells `changed`. On failure the store is as before, and the next event tries
 * again. */
static int update(struct source *s, source_changed_fn *changed, struct err *err)
{
	auto_free struct manifest_object **objects = NULL;
	ssize_t n;
	int rc;

	rc = source_files_scan(s->files, err);
	if (rc < 0)
		return rc;
	n = source_files_objects(s->files, &objects);
	rc = n < 0 ? (int)n :
		     source_store_replace(&s->store, objects, (size_t)n, changed, s->arg);
	if (rc < 0)
		return err_sys(err, rc, "take over the manifests");
	s->synced = true;
	return 0;
}

static int add_to_epoll(const struct source *s, int fd, struct err *err)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_sys(err, errno, "add to an epoll descriptor");
	return 0;
}

static int open_descriptors(struct source *s, const char *path, struct err *err)
{
	int rc;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return err_sys(err, errno, "make an epoll descriptor");
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->timer_fd < 0)
		return err_sys(err, errno, "make a timer descriptor");
	rc = source_watch_open(path, &s->watch, err);
	if (rc == 0)
		rc = add_to_epoll(s, s->timer_fd, err);
	return rc < 0 ? rc : add_to_epoll(s, source_watch_fd(s->watch), err);
}

static void source_cleanup(struct source **s)
{
	source_close(*s);
}

int source_folder_open(const char *path, source_changed_fn *changed, void *arg, struct source **ret,
		       struct err *err)
{
	auto_with(source_cleanup) struct source *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "open '%s'", path);
	s->epoll_fd = s->timer_fd = -1;
	s->changed = changed;
	s->arg = arg;
	s->files = source_files_new(path);
	if (!s->files)
		return err_sys(err, ENOMEM, "open '%s'", path);
	rc = open_descriptors(s, path, err); /* watched first: no change is missed */
	if (rc == 0)
		rc = update(s, tell_nobody, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(s);
	return 0;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	source_watch_close(s->watch);
	if (s->timer_fd >= 0)
		(void)close(s->timer_fd);
	if (s->epoll_fd >= 0)
		(void)close(s->epoll_fd);
	source_store_clear(&s->store);
	source_files_free(s->files);
	free(s);
}

int source_fd(const struct source *s)
{
	return s->epoll_fd;
}

void source_dispatch(struct source *s)
{
	struct err err = ERR_INIT;
	uint64_t expirations;

	source_watch_read(s->watch, on_event, s);
	if (read(s->timer_fd, &expirations, sizeof(expirations)) < 0)
		return; /* not settled yet */
	s->settling = false;
	if (source_watch_renew(s->watch))
		source_files_all_written(s->files);
	if (update(s, s->changed, &err) < 0)
		log_error("manifests stay as they were", "err", err.msg);
}

const struct source_pod *source_pod(const struct source *s, const char *namespace, const char *name)
{
	const struct manifest_object *o = source_store_find(&s->store, MANIFEST_POD, namespace,
							    name);

	return o ? &o->pod : NULL;
}

const struct source_namespace *source_namespace(const struct source *s, const char *name)
{
	const struct manifest_object *o = source_store_find(&s->store, MANIFEST_NAMESPACE, "",
							    name);

	return o ? &o->namespace : NULL;
}

void source_each_namespace(const struct source *s,
			   void (*fn)(void *arg, const struct source_namespace *ns), void *arg)
{
	for (size_t i = 0; i < s->store.n; i++)
		if (s->store.objects[i]->kind == MANIFEST_NAMESPACE)
			fn(arg, &s->store.objects[i]->namespace);
}

bool source_synced(const struct source *s)
{
	return s->synced;
}
