/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/leave.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/daemonset.h"
#include "node-agent/takeback.h"

/* Between two questions, where the agents stay: many nodes ask the same server. */
#define PAUSE_MS 3000
#define PAUSE_MAX_MS 60000

static const char clean_text[] = "this node is clean\n";

static int load(const char *path, struct config **ret, struct err *err)
{
	struct err why = ERR_INIT;
	int r = config_load(path, ret, &why);

	if (r == 0)
		return 0;
	if (r != -ENOENT)
		log_warn("config cannot be used, only its paths are", "err", why.msg);
	return config_salvage(path, ret, err);
}

static int clean_up(const struct config *config)
{
	struct err err = ERR_INIT;
	int r = takeback_run(config, &err);

	if (r < 0)
		log_error("clean-up is not complete", "err", err.msg);
	return r;
}

int leave_once(const char *config_path)
{
	struct err err = ERR_INIT;
	struct config *config;
	int r = load(config_path, &config, &err);

	if (r < 0) {
		log_error("clean-up is not complete", "err", err.msg);
		return EXIT_FAILURE;
	}
	r = clean_up(config);
	config_free(config);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- as a DaemonSet ---- */

static sigset_t end_signals;

/* From here on they are looked for between two tries, and interrupt none. */
static void hold_signals(void)
{
	(void)signal(SIGPIPE, SIG_IGN); /* a server that ends a connection */
	(void)sigemptyset(&end_signals);
	(void)sigaddset(&end_signals, SIGTERM);
	(void)sigaddset(&end_signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &end_signals, NULL);
}

/* True when one of them came within the time. */
static bool told_to_end(int64_t limit_ms)
{
	struct timespec limit = { .tv_sec = limit_ms / 1000, .tv_nsec = limit_ms % 1000 * 1000000 };

	return sigtimedwait(&end_signals, NULL, &limit) > 0;
}

static int64_t some_of(int64_t ms)
{
	uint32_t n = 0;

	(void)!getrandom(&n, sizeof(n), GRND_NONBLOCK);
	return ms / 2 + n % (ms / 2 + 1);
}

static int mark(const char *path, const char *text)
{
	auto_close int fd = -1;
	size_t len = strlen(text);

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, text, len) == (ssize_t)len)
		return 0;
	log_error("cannot write whether the node is clean", "file", path, "err", err_text(errno));
	return -errno;
}

bool leave_is_marked(const char *path)
{
	auto_free char *text = NULL;

	return file_read(AT_FDCWD, path, sizeof(clean_text), &text, NULL, NULL) == 0 &&
	       !strcmp(text, clean_text);
}

/* Nobody could say whether there are agents: names that kustomize has changed (namePrefix) would
 * be "not there". */
static int check_names(const struct leave *l)
{
	const char *own = getenv("CLEANUP_NAME");

	if (l->gone && strcmp(l->gone, daemonset_name()) != 0) {
		log_error("--gone does not name the agents' DaemonSet", "gone", l->gone,
			  "DAEMONSET_NAME", daemonset_name());
		return -EINVAL;
	}
	if (!l->gone && own && !daemonset_has_us(own)) {
		log_error("this pod is of another DaemonSet than CLEANUP_NAME: names were changed, "
			  "so that DAEMONSET_NAME may name nothing",
			  "CLEANUP_NAME", own, "pod", getenv("POD_NAME"));
		return -EINVAL;
	}
	return 0;
}

/* What was told last is not told again. */
static enum daemonset_is ask(const struct config *config, enum daemonset_is last)
{
	struct err err = ERR_INIT;
	enum daemonset_is said = daemonset_ask(config, &err);

	if (said == last)
		return said;
	if (said == DAEMONSET_THERE)
		log_info("the agents' DaemonSet is there: nothing is cleaned up until it is gone",
			 "daemonset", daemonset_name());
	else if (said == DAEMONSET_GONE)
		log_info("the agents' DaemonSet is gone, cleaning up", "daemonset",
			 daemonset_name());
	else
		log_warn("the API server does not say whether the agents' DaemonSet is gone, so it "
			 "is not",
			 "daemonset", daemonset_name(), "err", err.msg);
	return said;
}

/* Until all is clean; false: SIGTERM came before. */
static bool clean_when_gone(const struct leave *l, const struct config *config)
{
	enum daemonset_is said = (enum daemonset_is) - 1;
	int64_t pause_ms = PAUSE_MS;

	for (;;) {
		said = l->gone ? DAEMONSET_GONE : ask(config, said);
		if (said == DAEMONSET_GONE) {
			if (clean_up(config) == 0)
				return true;
			pause_ms = PAUSE_MS; /* the agent of this node may end later */
		}
		if (told_to_end(some_of(pause_ms)))
			return false;
		if (said != DAEMONSET_GONE && pause_ms * 2 <= PAUSE_MAX_MS)
			pause_ms *= 2;
	}
}

int leave_and_stay(const struct leave *l)
{
	struct err err = ERR_INIT;
	struct config *config;
	bool clean;

	hold_signals();
	if (check_names(l) < 0 || mark(l->mark, "") < 0)
		return EXIT_FAILURE;
	if (load(l->config, &config, &err) < 0) {
		log_error("clean-up is not complete", "err", err.msg);
		return EXIT_FAILURE;
	}
	clean = clean_when_gone(l, config);
	config_free(config);
	if (!clean || mark(l->mark, clean_text) < 0)
		return EXIT_FAILURE;
	log_info("this node is clean, waiting for SIGTERM");
	while (sigwaitinfo(&end_signals, NULL) < 0)
		;
	return EXIT_SUCCESS;
}
