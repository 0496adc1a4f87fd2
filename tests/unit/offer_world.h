/* SPDX-License-Identifier: Apache-2.0 */
/* A namespace and a bpffs of the test's own, with the offer loaded in them. */
#ifndef TESTS_OFFER_WORLD_H
#define TESTS_OFFER_WORLD_H

#include "node-agent/offer/impl.h"
#include "tests/unit/offer_packet.h"

#define OFFER_DIR "/run/bpf/smc-cni" /* below the bpffs */

extern struct offer *offer_world; /* opened anew before each test */
extern uint64_t offer_world_cookie; /* of the namespace that the test is in */

/* For cmocka: of a group, and of each test, which finds no pin and no rule. */
int offer_world_make(void **state);
int offer_world_open(void **state);
/* And its own namespace is a pod that offers nothing. */
int offer_world_open_shut(void **state);
int offer_world_close(void **state);

/* A set whose rules say yes to all ports of these networks, given as texts and ended by NULL. Good
 * until the next call. */
const struct peers_set *offer_world_set(const char *const *nets);

#define OFFER_WORLD_SMC 12 /* bytes */
extern const uint8_t offer_world_smc[OFFER_WORLD_SMC]; /* options, SMC's among them */

/* Sends p through the program; p is then what came out. */
void offer_world_pass(struct packet *p, enum offer_direction d);
/* Is the option of p, whose options are offer_world_smc, blanked by the program? All else must be
 * as it was. */
bool offer_world_blanks(struct packet *p, enum offer_direction d);
struct packet offer_world_syn(const char *src, const char *dst, uint16_t port);
/* Such a SYN is not blanked. */
bool offer_world_keeps(enum offer_direction d, const char *src, const char *dst, uint16_t port);
/* The rules of the test's own namespace. */
void offer_world_allow(uint32_t flags, const struct peers_set *set);

#endif
