/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's part of CHECK and DEL, in the test's own process: the seams are netpart_check and
 * netpart_undo, the rest needs SMC. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/netpart.h"
#include "cni-plugin/pending.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/netns_json.h"

static struct podnet asked;
static int answer;

int __wrap_netpart_check(int netns_fd, const struct podnet *plan, struct err *err);

int __wrap_netpart_check(int netns_fd, const struct podnet *plan, struct err *err)
{
	(void)netns_fd;
	asked = *plan;
	return answer < 0 ? err_set(err, answer, "interface 'eth0' has no pnet id") : 0;
}

static int check_without_agent(const char *pnet_id, struct cni_error *e)
{
	struct env env = { .container_id = "c1", .ifname = "eth0", .netns = "/run/netns/pod" };
	struct conf conf = { .name = "net1",
			     .agent_socket = "/nonexistent/agent.sock",
			     .agent_timeout_ms = 1000 };
	json_auto_t *result = json_object();

	strncpy(conf.pnet_id, pnet_id, sizeof(conf.pnet_id) - 1);
	memset(&asked, 0, sizeof(asked));
	return agent_check(&env, &conf, -1, result, e);
}

static void the_pnet_id_of_the_configuration_is_checked_while_the_agent_is_away(void **state)
{
	struct cni_error e = { 0 };

	(void)state;
	answer = -ENOENT;
	assert_true(check_without_agent("NET0", &e) < 0);
	assert_int_equal(e.code, CNI_MISSING);
	assert_int_equal(asked.n_pnets, 1);
	assert_string_equal(asked.pnets[0].ifname, "eth0");
	assert_string_equal(asked.pnets[0].id, "NET0");
	cni_error_clear(&e);
}

static void what_is_in_place_passes_without_the_agent(void **state)
{
	struct cni_error e = { 0 };

	(void)state;
	answer = 0;
	assert_int_equal(check_without_agent("NET0", &e), 0);
	assert_int_equal(check_without_agent("", &e), 0);
	assert_int_equal(asked.n_pnets, 0);
}

/* ---- DEL: the seams are the agent's answer, and netpart_undo ---- */

static json_t *agents_answer;
static int n_undone;

int __wrap_wire_connect(const char *path, int64_t deadline_ms, struct err *err);
int __wrap_wire_call(int sock, const json_t *request, int passed_fd, int64_t deadline_ms,
		     json_t **ret, const char **ret_code, struct err *err);
void __wrap_netpart_undo(int netns_fd, const struct podnet *undo);

int __wrap_wire_connect(const char *path, int64_t deadline_ms, struct err *err)
{
	(void)deadline_ms;
	return agents_answer ? open("/dev/null", O_RDONLY | O_CLOEXEC) :
			       err_sys(err, ENOENT, "connect to '%s'", path);
}

int __wrap_wire_call(int sock, const json_t *request, int passed_fd, int64_t deadline_ms,
		     json_t **ret, const char **ret_code, struct err *err)
{
	(void)sock, (void)request, (void)passed_fd, (void)deadline_ms, (void)ret_code, (void)err;
	*ret = json_incref(agents_answer);
	return 0;
}

void __wrap_netpart_undo(int netns_fd, const struct podnet *undo)
{
	assert_true(netns_fd >= 0);
	assert_string_equal(undo->pnets[0].id, "NET0");
	n_undone++;
}

static const struct env env_of_del = { .container_id = "c1", .ifname = "eth0" };

static struct conf conf_of_del(const char *socket)
{
	return (struct conf){ .name = "net1", .agent_socket = socket, .agent_timeout_ms = 1000 };
}

/* netns: NULL for an agent that does not say where. */
static void del_with(const struct netns_id *netns, int netns_fd)
{
	const struct podnet undo = { .n_pnets = 1, .pnets = { { "eth0", "NET0" } } };
	struct conf conf = conf_of_del("/nonexistent/agent.sock");

	agents_answer = json_pack("{s:o}", "undo", podnet_to_json(&undo));
	if (netns)
		json_object_set_new(agents_answer, "netns", netns_to_json(netns));
	n_undone = 0;
	agent_del(&env_of_del, &conf, netns_fd);
	json_decref(agents_answer);
	agents_answer = NULL;
}

static void del_undoes_in_the_namespace_of_add_and_in_no_other(void **state)
{
	auto_close int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct netns_id its, other;

	(void)state;
	assert_int_equal(netns_identify(fd, &its, NULL), 0);
	del_with(&its, fd);
	assert_int_equal(n_undone, 1);
	del_with(&its, -1);
	assert_int_equal(n_undone, 0);
	/* The inode of a namespace that has gone is used again. */
	other = its;
	other.cookie++;
	del_with(&other, fd);
	assert_int_equal(n_undone, 0);
	other = its;
	other.inode++;
	del_with(&other, fd);
	assert_int_equal(n_undone, 0);
	del_with(NULL, fd);
	assert_int_equal(n_undone, 0);
}

static void del_of_a_request_that_was_left_undoes_in_its_namespace_alone(void **state)
{
	const struct podnet undo = { .n_pnets = 1, .pnets = { { "eth0", "NET0" } } };
	const struct wire_prepare request = { .attachment = { "net1", "c1", "eth0" } };
	char dir[] = "/tmp/cni_agent.XXXXXX", socket[64], path[64];
	struct conf conf = conf_of_del(socket);
	auto_close int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(socket, sizeof(socket), "%s/agent.sock", dir);
	(void)snprintf(path, sizeof(path), "%s/pending", dir);
	n_undone = 0;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pending_write(&conf, &request, "/proc/self/ns/net", &undo, NULL),
				 0);
		if (i == 0) { /* the path leads elsewhere by now */
			assert_int_equal(unshare(CLONE_NEWNET), 0);
			fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		}
		agent_del(&env_of_del, &conf, fd);
		assert_int_equal(n_undone, i);
	}
	assert_int_equal(setns(own, CLONE_NEWNET), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(del_undoes_in_the_namespace_of_add_and_in_no_other),
		cmocka_unit_test(del_of_a_request_that_was_left_undoes_in_its_namespace_alone),
		cmocka_unit_test(
			the_pnet_id_of_the_configuration_is_checked_while_the_agent_is_away),
		cmocka_unit_test(what_is_in_place_passes_without_the_agent),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
