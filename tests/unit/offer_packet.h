/* SPDX-License-Identifier: Apache-2.0 */
/* Packets for the offer program, byte by byte, and what the kernel's own parser finds in them. */
#ifndef TESTS_OFFER_PACKET_H
#define TESTS_OFFER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 512
#define PACKET_SYN 0x02
#define PACKET_ACK 0x10

struct packet {
	uint8_t data[PACKET_MAX];
	size_t len;
	size_t ip; /* offset of the IP header */
	size_t tcp; /* offset of the TCP header */
};

/* An Ethernet header, with n 802.1Q tags (of 802.1ad all but the last) before IP. */
void packet_ethernet(struct packet *p, int n_tags, uint16_t type);
/* Without options where words is 5. Addresses as inet_pton() takes them. */
void packet_ipv4(struct packet *p, int words, uint16_t frag_off, const char *src, const char *dst);
/* With extension headers: their types in order, ended by 6. One has `ext_len` bytes, a fragment
 * header 8. */
void packet_ipv6(struct packet *p, const uint8_t *types, int ext_len, uint16_t frag_off,
		 const char *src, const char *dst);
/* TCP with these options, len a multiple of 4, and lengths and checksum of all that is before. */
void packet_tcp(struct packet *p, uint8_t flags, uint16_t dport, const uint8_t *options, int len);
/* Is the TCP checksum right? */
bool packet_sum_is_right(const struct packet *p);

/* What Linux does with options of this length (net/ipv4/tcp_input.c: tcp_parse_options,
 * smc_parse_options, tcp_do_parse_auth_options), after its own text: writes NOP over each SMC
 * option that it finds. True: there was one, and no TCP-AO. */
bool packet_blank(uint8_t *options, int length);

#endif
