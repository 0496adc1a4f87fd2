/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/program/cni_world.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/link.h"
#include "common/netns.h"
#include "common/nlsock.h"

static char dir[] = "/tmp/cni_world.XXXXXX";
static char plugin[PATH_MAX + 16];
static struct rlimit memory = { RLIM_INFINITY, RLIM_INFINITY };

const char *world_dir(void)
{
	return dir;
}

const char *world_path(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

const char *world_netns(int pod)
{
	static char path[2][64];

	(void)snprintf(path[pod], sizeof(path[pod]), "%s/netns%d", dir, pod);
	return path[pod];
}

void world_sh(const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (system(line) != 0) /* NOLINT: a test */
		fail_msg("failed: %s", line);
}

/* ---- the world ---- */

static int make_pod(const char *path)
{
	auto_close int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	return mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL);
}

/* The program lies two folders above this test, in bin/ (or fault/bin/). */
static int find_plugin(const char *bin)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return -1;
	self[len] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0';
	(void)snprintf(plugin, sizeof(plugin), "%s/%s/smc-cni", self, bin);
	return access(plugin, X_OK);
}

void world_use_faults(void)
{
	if (find_plugin("fault/bin") < 0)
		fail_msg("there is no '%s': make FAULT=1", plugin);
}

void world_limit_memory(size_t bytes)
{
	memory.rlim_cur = bytes;
}

int world_setup(void **state)
{
	(void)state;
	if (find_plugin("bin") < 0 || !mkdtemp(dir) || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, "mode=0755") < 0 ||
	    mount("none", dir, "tmpfs", 0, "mode=0700") < 0)
		return -1;
	if (make_pod(world_netns(0)) < 0 || make_pod(world_netns(1)) < 0)
		return -1;
	return unshare(CLONE_NEWNET);
}

int world_teardown(void **state)
{
	(void)state;
	world_agent_stop();
	(void)umount2("/run", MNT_DETACH);
	(void)umount2(dir, MNT_DETACH);
	return rmdir(dir);
}

/* What a test that failed has left must not fail the next one. */
static void remove_links(const char *netns)
{
	auto_close int fd = netns_open(netns, NULL);
	auto_nlsock struct nl_sock *sk = NULL;
	auto_free struct link *links = NULL;
	int n;

	assert_int_equal(nlsock_open(fd, NETLINK_ROUTE, 10000, &sk, NULL), 0);
	n = link_list(sk, &links, NULL);
	for (int i = 0; i < n; i++) {
		if (strcmp(links[i].name, "lo") != 0)
			(void)link_del(sk, links[i].name, NULL);
	}
}

int world_reset(void **state)
{
	char path[2 * PATH_MAX];

	(void)state;
	world_agent_stop();
	world_limit_memory(RLIM_INFINITY);
	world_sh("cd %s && rm -rf run lease bin *.log /run/smc-cni && mkdir bin", dir);
	remove_links("/proc/self/ns/net");
	remove_links(world_netns(0));
	remove_links(world_netns(1));
	(void)snprintf(path, sizeof(path), "%s/bin:/usr/lib/cni", dir);
	(void)setenv("CNI_PATH", path, 1);
	(void)setenv("CNI_CONTAINERID", "c1", 1);
	(void)setenv("CNI_NETNS", world_netns(0), 1);
	(void)setenv("CNI_IFNAME", "eth0", 1);
	(void)setenv("CNI_ARGS",
		     "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=pod1;K8S_POD_UID=u1;X=y",
		     1);
	return 0;
}

const char *world_conf(const char *version, const char *members, ...)
{
	static char text[64 * 1024];
	va_list ap;
	int n;

	n = snprintf(text, sizeof(text),
		     "{\"cniVersion\":\"%s\",\"name\":\"net1\",\"type\":\"smc-cni\","
		     "\"agentSocket\":\"%s/run/agent.sock\"",
		     version, dir);
	va_start(ap, members);
	n += vsnprintf(text + n, sizeof(text) - (size_t)n, members, ap);
	va_end(ap);
	(void)snprintf(text + n, sizeof(text) - (size_t)n, "%s}",
		       strstr(text, "\"agentTimeoutMs\"") ? "" : ",\"agentTimeoutMs\":60000");
	return text;
}

void world_bridge(void)
{
	world_sh("ip link add br0 address 02:00:00:00:00:99 type bridge && "
		 "echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6 && ip link set br0 up");
}

/* ---- the plugin ---- */

static int temporary(const char *content, size_t len)
{
	char path[] = "/tmp/cni_run.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	(void)unlink(path);
	assert_int_equal(write(fd, content, len), len);
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static char *content(int fd)
{
	char *text = NULL;

	(void)lseek(fd, 0, SEEK_SET);
	assert_int_equal(file_read_fd(fd, "output", 1 << 20, &text, NULL, NULL), 0);
	return text;
}

const char *world_plugin(void)
{
	return plugin;
}

pid_t world_start(const char *command, const char *conf, size_t conf_len, int out, int errs)
{
	auto_close int in = temporary(conf, conf_len);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setenv("CNI_COMMAND", command, 1);
		if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(errs, 2) < 0 ||
		    setrlimit(RLIMIT_DATA, &memory) < 0)
			_exit(126);
		(void)execl(plugin, plugin, (char *)NULL);
		_exit(127);
	}
	return pid;
}

void world_run(struct world_run *ret, const char *command, const char *conf, size_t conf_len)
{
	auto_close int out = temporary("", 0), errs = temporary("", 0);
	auto_free char *text = NULL;
	int64_t start = clock_now_ms();
	pid_t pid = world_start(command, conf, conf_len, out, errs);
	json_error_t jerr;
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	ret->took_ms = clock_now_ms() - start;
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ret->err = content(errs);
	text = content(out);
	ret->doc = json_loads(text, JSON_REJECT_DUPLICATES, &jerr);
	if (!json_is_object(ret->doc) && ret->status <= 128)
		fail_msg("%s: stdout is no JSON object (%s): '%s'; stderr: %s", command, jerr.text,
			 text, ret->err);
}

void world_run_clear(struct world_run *r)
{
	free(r->err);
	json_decref(r->doc);
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

struct world_run world_expect_ok(const char *command, const char *conf, int lines)
{
	struct world_run r;

	world_run(&r, command, conf, strlen(conf));
	if (r.status != 0) {
		auto_free char *text = json_dumps(r.doc, JSON_COMPACT);

		fail_msg("%s failed: %s; stderr: %s", command, text, r.err);
	}
	if (count_lines(r.err) != lines)
		fail_msg("%s: expected %d lines on stderr, found: %s", command, lines, r.err);
	return r;
}

void world_expect_error(const char *command, const char *conf, int code, const char *text)
{
	struct world_run r;
	const char *details;

	world_run(&r, command, conf, strlen(conf));
	details = json_string_value(json_object_get(r.doc, "details"));
	if (r.status == 0 || json_integer_value(json_object_get(r.doc, "code")) != code ||
	    !details || !strstr(details, text)) {
		auto_free char *doc = json_dumps(r.doc, JSON_COMPACT);

		fail_msg("%s: expected %d '%s', found status %d %s; stderr: %s", command, code,
			 text, r.status, doc, r.err);
	}
	assert_true(json_is_string(json_object_get(r.doc, "cniVersion")));
	assert_true(json_is_string(json_object_get(r.doc, "msg")));
	world_run_clear(&r);
}

/* ---- what there is ---- */

/* Not state, carrier, and the link-local addresses of IPv6: they come and go by themselves. */
static const char stable[] =
	"awk '/^((local |anycast )?fe80::|multicast ff00::.8 )/ { next }"
	"{ sub(\"@if[0-9]+\", \"\"); gsub(/ linkdown| fe80::[^ ]*/, \"\"); sub(/<.*/, \"\");"
	" if ($2 ~ /^(UP|(LOWERLAYER)?DOWN|UNKNOWN)$/) $2 = \"\"; print }'";

char *world_snapshot(void)
{
	char *text = NULL;

	world_sh("cd %s; printf 'link\naddr\nroute show table all\nrule\n' >ask.log; "
		 "{ for n in /proc/self/ns/net netns0 netns1; do echo $n; "
		 "nsenter --net=$n ip -br -batch ask.log; done; "
		 "find run lease /run/smc-cni -type f 2>/dev/null | "
		 "grep -v -e /lock -e /last_reserved; } 2>&1 | "
		 "%s >snapshot.log",
		 dir, stable);
	assert_int_equal(
		file_read(AT_FDCWD, world_path("snapshot.log"), 1 << 20, &text, NULL, NULL), 0);
	return text;
}

/* Names the first line that differs. */
void world_expect_same(const char *before, const char *after)
{
	size_t line = 0;

	for (size_t i = 0; before[i] == after[i]; i++) {
		if (after[i] == '\0')
			return;
		if (after[i] == '\n')
			line = i + 1;
	}
	fail_msg("before there was '%.*s', after it '%.*s'", (int)strcspn(before + line, "\n"),
		 before + line, (int)strcspn(after + line, "\n"), after + line);
}
