/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that match owners of sockets are told from others; what a look brought counts as it should.
 * Messages are as Linux 6.18 gave them to `iptables-nft` and `nft`. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/conflict/impl.h"
#include "node-agent/model/conflict.h"

/* ---- nf_tables ---- */

static const char iptables_owner[] =
	"28010000060a020801000000141800000200000b080001006e6174000b0002004f555450555400000c00"
	"03000000000000000002f400040024000100090001006d65746100000000140002000800020000000010"
	"08000100000000012c00010008000100636d700020000200080001000000000108000200000000000c00"
	"03000500010006000000440001000a0001006d61746368000000340002000a0001006f776e6572000000"
	"08000200000000011c0003003905000039050000000000000000000001000000000000002c0001000c00"
	"0100636f756e746572001c0002000c00010000000000000000000c000200000000000000000030000100"
	"0e000100696d6d6564696174650000001c0002000800010000000000100002000c00020008000100ffff"
	"fffb";

static const char iptables_comment[] =
	"7c020000060a020801000000141800000200000b080001006e6174000b0002004f555450555400000c00"
	"030000000000000000030c00060000000000000000023c02040024000100090001006d65746100000000"
	"14000200080002000000001008000100000000012c00010008000100636d700020000200080001000000"
	"000108000200000000000c0003000500010006000000340001000c0001007061796c6f61640024000200"
	"08000100000000010800020000000002080003000000000208000400000000022c00010008000100636d"
	"700020000200080001000000000108000200000000000c00030006000100005000002c0101000a000100"
	"6d617463680000001c0102000c000100636f6d6d656e74000800020000000000040103006f776e657200"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000002c00"
	"01000c000100636f756e746572001c0002000c00010000000000000000000c0002000000000000000000"
	"300001000e000100696d6d6564696174650000001c0002000800010000000000100002000c0002000800"
	"0100fffffffb";

static const char skuid[] =
	"b8000000060a020801000000141800000100000b090001006d65736800000000080002006f7574000c00"
	"030000000000000000028400040024000100090001006d6574610000000014000200080002000000000a"
	"08000100000000012c00010008000100636d700020000200080001000000000108000200000000000c00"
	"03000800010039050000300001000e000100696d6d6564696174650000001c0002000800010000000000"
	"100002000c00020008000100fffffffb";

static const char skgid[] =
	"c4000000060a020801000000141800000100000b090001006d65736800000000080002006f7574000c00"
	"030000000000000000030c00060000000000000000028400040024000100090001006d65746100000000"
	"14000200080002000000000b08000100000000012c00010008000100636d700020000200080001000000"
	"000108000200000000000c0003000800010039050000300001000e000100696d6d656469617465000000"
	"1c0002000800010000000000100002000c00020008000100fffffffb";

static const char mark[] =
	"c4000000060a020801000000141800000100000b090001006d65736800000000080002006f7574000c00"
	"030000000000000000040c00060000000000000000038400040024000100090001006d65746100000000"
	"14000200080002000000000308000100000000012c00010008000100636d700020000200080001000000"
	"000108000200000000000c000300080001000a000000300001000e000100696d6d656469617465000000"
	"1c0002000800010000000000100002000c00020008000100fffffffb";

static const char set_mark[] =
	"94000000060a020801000000141800000100000b090001006d65736800000000080002006f7574000c00"
	"030000000000000000050c0006000000000000000004540004002c0001000e000100696d6d6564696174"
	"650000001800020008000100000000010c000200080001000a00000024000100090001006d6574610000"
	"00001400020008000200000000030800030000000001";

static const char skuid_map[] =
	"9c000000060a020801000000141800000100000b090001006d65736800000000080002006f7574000c00"
	"030000000000000000070c00060000000000000000055c00040024000100090001006d65746100000000"
	"14000200080002000000000a0800010000000001340001000b0001006c6f6f6b75700000240002000600"
	"01006d000000080002000000000108000300000000000800050000000000";

static size_t bytes_of(const char *hex, unsigned char *buf, size_t size)
{
	size_t len = strlen(hex) / 2;

	assert_true(len <= size);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &buf[i]), 1);
	return len;
}

static bool matches(const char *hex)
{
	_Alignas(struct nlmsghdr) unsigned char buf[1024];

	(void)bytes_of(hex, buf, sizeof(buf));
	return conflict_nft_matches((struct nlmsghdr *)buf);
}

static void rules_of_nf_tables_that_match_owners_are_found(void **state)
{
	(void)state;
	assert_true(matches(iptables_owner));
	assert_true(matches(skuid));
	assert_true(matches(skgid));
	assert_true(matches(skuid_map));
}

static void other_rules_of_nf_tables_are_not(void **state)
{
	(void)state;
	assert_false(matches(iptables_comment)); /* whose text is "owner" */
	assert_false(matches(mark));
	assert_false(matches(set_mark));
}

static void a_rule_that_is_cut_anywhere_is_read_in_its_bounds(void **state)
{
	unsigned char whole[1024];
	size_t len = bytes_of(iptables_owner, whole, sizeof(whole));

	(void)state;
	for (size_t cut = sizeof(struct nlmsghdr); cut < len; cut += 4) {
		auto_free struct nlmsghdr *nlh = malloc(cut); /* the sanitizer sees its end */

		assert_non_null(nlh);
		memcpy(nlh, whole, cut);
		nlh->nlmsg_len = (uint32_t)cut;
		(void)conflict_nft_matches(nlh);
	}
}

/* ---- xtables ---- */

struct table {
	size_t len;
	_Alignas(8) char bytes[2048];
};

/* An entry with matches of these names (NULL ends them), and a target behind. */
static void add_entry(struct table *t, int family, const char *const *names)
{
	size_t head = family == AF_INET ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
	size_t target_at = family == AF_INET ? offsetof(struct ipt_entry, target_offset) :
					       offsetof(struct ip6t_entry, target_offset);
	size_t next_at = family == AF_INET ? offsetof(struct ipt_entry, next_offset) :
					     offsetof(struct ip6t_entry, next_offset);
	char *entry = t->bytes + t->len;
	uint16_t target = (uint16_t)head, next;

	for (; *names; names++) {
		struct xt_entry_match match = { .u.match_size = sizeof(match) + 40 };

		(void)snprintf(match.u.user.name, sizeof(match.u.user.name), "%s", *names);
		memcpy(entry + target, &match, sizeof(match));
		target = (uint16_t)(target + match.u.match_size);
	}
	next = (uint16_t)(target + sizeof(struct xt_standard_target));
	memcpy(entry + target_at, &target, sizeof(target));
	memcpy(entry + next_at, &next, sizeof(next));
	t->len += next;
	assert_true(t->len <= sizeof(t->bytes));
}

static const char *const none[] = { NULL };
static const char *const others[] = { "tcp", "comment", "owners", NULL };
static const char *const owner[] = { "tcp", "owner", NULL };

static void rules_of_xtables_that_match_owners_are_found(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct table t = { .len = 0 };

		assert_int_equal(conflict_xt_matches(families[i], t.bytes, t.len), 0);
		add_entry(&t, families[i], none);
		add_entry(&t, families[i], others);
		assert_int_equal(conflict_xt_matches(families[i], t.bytes, t.len), 0);
		add_entry(&t, families[i], owner);
		assert_int_equal(conflict_xt_matches(families[i], t.bytes, t.len), 1);
		add_entry(&t, families[i], none);
		assert_int_equal(conflict_xt_matches(families[i], t.bytes, t.len), 1);
	}
}

static void a_table_that_is_cut_or_bent_is_no_table(void **state)
{
	struct table t = { .len = 0 };
	uint16_t bent[] = { 0, 1, sizeof(struct ipt_entry) - 1, UINT16_MAX };
	size_t at = offsetof(struct ipt_entry, next_offset);

	(void)state;
	add_entry(&t, AF_INET, others);
	for (size_t cut = 1; cut < t.len; cut++) {
		auto_free char *bytes = malloc(cut);

		assert_non_null(bytes);
		memcpy(bytes, t.bytes, cut);
		assert_int_equal(conflict_xt_matches(AF_INET, bytes, cut), -EPROTO);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bent); i++) {
		memcpy(t.bytes + at, &bent[i], sizeof(bent[i]));
		assert_int_equal(conflict_xt_matches(AF_INET, t.bytes, t.len), -EPROTO);
	}
}

static void a_match_that_does_not_fit_its_entry_is_no_table(void **state)
{
	struct table t = { .len = 0 };
	uint16_t bent[] = { 0, 1, sizeof(struct xt_entry_match) - 1, UINT16_MAX };

	(void)state;
	add_entry(&t, AF_INET, others);
	for (size_t i = 0; i < ARRAY_SIZE(bent); i++) {
		memcpy(t.bytes + sizeof(struct ipt_entry), &bent[i], sizeof(bent[i]));
		assert_int_equal(conflict_xt_matches(AF_INET, t.bytes, t.len), -EPROTO);
	}
}

/* ---- what a look has brought ---- */

static const struct err why = { .msg = "Operation not permitted" };

static struct conflicts seen(int rc)
{
	struct conflicts c = { 0 };

	conflict_set(&c.of[CONFLICT_OWNER_RULES], rc, "table 'nat'", &why);
	return c;
}

static enum conflict_answer after(enum conflict_answer before, const struct conflicts *look)
{
	struct conflicts known = { .of[CONFLICT_OWNER_RULES] = { .answer = before } };

	(void)conflicts_take(&known, look);
	return known.of[CONFLICT_OWNER_RULES].answer;
}

static void a_look_changes_what_is_known(void **state)
{
	const struct conflicts unseen = { 0 }, no = seen(0), yes = seen(1), doubt = seen(-EPERM);

	(void)state;
	for (int before = CONFLICT_UNSEEN; before <= CONFLICT_DOUBT; before++) {
		assert_int_equal(after((enum conflict_answer)before, &unseen), before);
		assert_int_equal(after((enum conflict_answer)before, &no), CONFLICT_NO);
		assert_int_equal(after((enum conflict_answer)before, &yes), CONFLICT_YES);
	}
	assert_int_equal(after(CONFLICT_NO, &doubt), CONFLICT_DOUBT);
	assert_int_equal(after(CONFLICT_UNSEEN, &doubt), CONFLICT_DOUBT);
	assert_int_equal(after(CONFLICT_YES, &doubt), CONFLICT_YES);
}

static void only_what_is_new_is_news(void **state)
{
	struct conflicts known = { 0 }, no = seen(0), yes = seen(1), other = seen(1);

	(void)state;
	assert_true(conflicts_take(&known, &no));
	assert_false(conflicts_take(&known, &no));
	assert_true(conflicts_take(&known, &yes));
	assert_false(conflicts_take(&known, &yes));
	(void)strcpy(other.of[CONFLICT_OWNER_RULES].what, "table 'mangle'");
	assert_true(conflicts_take(&known, &other));
}

static void doubt_takes_no_pod_off_smc(void **state)
{
	struct conflicts doubt = seen(-EPERM), yes = seen(1);

	(void)state;
	conflicts_drop_doubts(&doubt);
	assert_int_equal(doubt.of[CONFLICT_OWNER_RULES].answer, CONFLICT_UNSEEN);
	conflicts_drop_doubts(&yes);
	assert_int_equal(yes.of[CONFLICT_OWNER_RULES].answer, CONFLICT_YES);
}

static bool named; /* the pod names its containers */

static const char *cause(const struct config *config, enum conflict_kind kind, int rc)
{
	struct conflicts c = { 0 };
	static char text[384];

	conflict_set(&c.of[kind], rc, "THIS", &why);
	return conflicts_forbid(config, &c, named, text, sizeof(text)) ? text : "";
}

static void the_cause_names_what_was_found_and_what_to_do(void **state)
{
	const struct config strict = { 0 }, loose = { .allow_sock_ops = true };

	(void)state;
	assert_string_equal(cause(&strict, CONFLICT_OWNER_RULES, 0), "");
	assert_string_equal(cause(&strict, CONFLICT_OWNER_RULES, 1),
			    "rules of the pod's network match owners of sockets (THIS), which SMC "
			    "sockets lack: a proxy's own traffic would be led back to it, unless "
			    "'containers' names those that are none");
	assert_string_equal(cause(&loose, CONFLICT_OWNER_RULES, 1),
			    cause(&strict, CONFLICT_OWNER_RULES, 1));
	assert_string_equal(cause(&strict, CONFLICT_OWNER_RULES, -EPERM),
			    "cannot look for rules that match owners of sockets: "
			    "Operation not permitted");
	assert_non_null(strstr(cause(&strict, CONFLICT_SOCK_OPS, 1), "(THIS)"));
	assert_non_null(strstr(cause(&strict, CONFLICT_SOCK_OPS, 1), "'allow.sockOps'"));
	assert_string_equal(cause(&loose, CONFLICT_SOCK_OPS, 1), "");
	assert_string_equal(cause(&loose, CONFLICT_SOCK_OPS, -EPERM), "");
	named = true;
	assert_string_equal(cause(&strict, CONFLICT_OWNER_RULES, 1), "");
	assert_non_null(strstr(cause(&strict, CONFLICT_SOCK_OPS, 1), "(THIS)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_nf_tables_that_match_owners_are_found),
		cmocka_unit_test(other_rules_of_nf_tables_are_not),
		cmocka_unit_test(a_rule_that_is_cut_anywhere_is_read_in_its_bounds),
		cmocka_unit_test(rules_of_xtables_that_match_owners_are_found),
		cmocka_unit_test(a_table_that_is_cut_or_bent_is_no_table),
		cmocka_unit_test(a_match_that_does_not_fit_its_entry_is_no_table),
		cmocka_unit_test(a_look_changes_what_is_known),
		cmocka_unit_test(only_what_is_new_is_news),
		cmocka_unit_test(the_cause_names_what_was_found_and_what_to_do),
		cmocka_unit_test(doubt_takes_no_pod_off_smc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
