/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's part of CHECK, in the test's own process: the seam is netpart_check, the rest needs
 * SMC. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/netpart.h"
#include "common/log.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_pnet_id_of_the_configuration_is_checked_while_the_agent_is_away),
		cmocka_unit_test(what_is_in_place_passes_without_the_agent),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
