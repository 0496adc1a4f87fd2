/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the world that fail on demand: agent and IPAM plugins. */
#include "tests/program/cni_world.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/netns.h"
#include "common/wire.h"

static pid_t agent;

void world_agent_stop(void)
{
	if (agent > 0) {
		(void)kill(agent, SIGKILL);
		(void)waitpid(agent, NULL, 0);
	}
	agent = 0;
}

static void note(const json_t *msg, int fd)
{
	auto_fclose FILE *log = fopen(world_path("agent.log"), "a");
	json_auto_t *copy = json_deep_copy(msg);

	json_object_set_new(copy, "fd",
			    json_boolean(fd >= 0 && netns_check_foreign(fd, "passed", NULL) == 0));
	(void)json_dumpf(copy, log, JSON_COMPACT);
	(void)fputc('\n', log);
}

/* True while the connection is to be kept. */
static bool answer(int sock, const struct world_reply *replies)
{
	static const char ok[] = "{\"v\":1,\"ok\":true}";
	json_auto_t *msg = NULL;
	auto_close int fd = -1;
	const char *verb, *text = ok;

	if (wire_recv(sock, &msg, &fd, clock_now_ms() + 60000, NULL) < 0)
		return false;
	note(msg, fd);
	verb = json_string_value(json_object_get(msg, "verb"));
	for (; replies->verb; replies++) {
		if (!strcmp(replies->verb, verb))
			text = replies->answer;
	}
	return text && (*text == '\0' || send(sock, text, strlen(text), MSG_NOSIGNAL) > 0);
}

static void serve(int listener, const struct world_reply *replies)
{
	for (;;) {
		auto_close int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		while (sock >= 0 && answer(sock, replies))
			;
	}
}

pid_t world_agent(const struct world_reply *replies)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	auto_close int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	world_agent_stop();
	world_sh("mkdir -p -m 0700 %s/run; rm -f %s/run/agent.sock", world_dir(), world_dir());
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/run/agent.sock", world_dir());
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(listener, 8), 0);
	agent = fork();
	assert_true(agent >= 0);
	if (agent == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener, replies);
	}
	return agent;
}

json_t *world_agent_log(void)
{
	auto_free char *text = NULL;
	json_t *list = json_array();
	char *rest, *line;

	if (file_read(AT_FDCWD, world_path("agent.log"), 1 << 20, &text, NULL, NULL) < 0)
		return list;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			json_array_append_new(list, json_loads(line, 0, NULL));
	}
	return list;
}

/* ---- IPAM ---- */

void world_ipam(const char *name, const char *body)
{
	char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/bin/%s", world_dir(), name);
	f = fopen(path, "we");
	assert_non_null(f);
	(void)fprintf(f,
		      "#!/bin/sh\nasked=$(cat)\ntest \"$asked\" || exit 1\n"
		      "printf '%%s ' \"$CNI_COMMAND\" >>%s/ipam.log\n%s\n",
		      world_dir(), body);
	(void)fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

char *world_ipam_log(void)
{
	char *text = NULL;

	if (file_read(AT_FDCWD, world_path("ipam.log"), 1 << 20, &text, NULL, NULL) < 0)
		text = strdup("");
	return text;
}
