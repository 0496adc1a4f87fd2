/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/offer_packet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

void packet_ethernet(struct packet *p, int n_tags, uint16_t type)
{
	memset(p, 0, sizeof(*p));
	memset(p->data, 0x02, 12);
	p->len = 12;
	for (int i = 0; i < n_tags; i++) {
		put16(p->data + p->len, i + 1 < n_tags ? 0x88a8 : 0x8100);
		put16(p->data + p->len + 2, 0x4000 + 5); /* priority 2, which looks like IPv4 */
		p->len += 4;
	}
	put16(p->data + p->len, type);
	p->len += 2;
	p->ip = p->len;
}

void packet_ipv4(struct packet *p, int words, uint16_t frag_off, const char *src, const char *dst)
{
	uint8_t *ip = p->data + p->ip;

	ip[0] = (uint8_t)(0x40 | words);
	put16(ip + 6, frag_off);
	ip[8] = 64;
	ip[9] = 6;
	assert(inet_pton(AF_INET, src, ip + 12) == 1 && inet_pton(AF_INET, dst, ip + 16) == 1);
	memset(ip + 20, 1, (size_t)words * 4 - 20); /* NOP */
	p->len = p->tcp = p->ip + (size_t)words * 4;
}

void packet_ipv6(struct packet *p, const uint8_t *types, int ext_len, uint16_t frag_off,
		 const char *src, const char *dst)
{
	uint8_t *ip = p->data + p->ip;

	ip[0] = 0x60;
	ip[6] = types[0];
	ip[7] = 64;
	assert(inet_pton(AF_INET6, src, ip + 8) == 1 && inet_pton(AF_INET6, dst, ip + 24) == 1);
	p->len = p->ip + 40;
	for (; *types != 6; types++) {
		uint8_t *ext = p->data + p->len;

		ext[0] = types[1];
		if (*types == 44) {
			put16(ext + 2, frag_off);
			p->len += 8;
		} else {
			ext[1] = (uint8_t)(ext_len / 8 - 1);
			p->len += (size_t)ext_len;
		}
	}
	p->tcp = p->len;
}

static uint32_t add(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(at + i);
	return len & 1 ? sum + ((uint32_t)at[len - 1] << 8) : sum;
}

static uint16_t sum_of(const struct packet *p)
{
	const uint8_t *ip = p->data + p->ip;
	size_t len = p->len - p->tcp;
	uint32_t sum = (uint32_t)len + 6;

	sum = ip[0] >> 4 == 4 ? add(sum, ip + 12, 8) : add(sum, ip + 8, 32);
	sum = add(sum, p->data + p->tcp, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void packet_tcp(struct packet *p, uint8_t flags, uint16_t dport, const uint8_t *options, int len)
{
	uint8_t *ip = p->data + p->ip, *tcp = p->data + p->tcp;

	put16(tcp, 40000);
	put16(tcp + 2, dport);
	tcp[12] = (uint8_t)((20 + len) / 4 << 4);
	tcp[13] = flags;
	put16(tcp + 14, 0xffff);
	memcpy(tcp + 20, options, (size_t)len);
	p->len = p->tcp + 20 + (size_t)len;
	if (ip[0] >> 4 == 4)
		put16(ip + 2, (unsigned)(p->len - p->ip));
	else
		put16(ip + 4, (unsigned)(p->len - p->ip - 40));
	put16(tcp + 16, 0);
	put16(tcp + 16, sum_of(p));
}

bool packet_sum_is_right(const struct packet *p)
{
	return sum_of(p) == 0;
}

bool packet_blank(uint8_t *options, int length)
{
	uint8_t *ptr = options;
	bool smc_ok = false, ao = false;

	while (length > 0) {
		int opcode = *ptr++;
		int opsize;

		switch (opcode) {
		case 0:
			goto out;
		case 1:
			length--;
			continue;
		default:
			if (length < 2)
				goto out;
			opsize = *ptr++;
			if (opsize < 2)
				goto out;
			if (opsize > length)
				goto out;
			if (opcode == 29)
				ao = true;
			if (opcode == 254 && !(opsize & 1) && opsize >= 6 &&
			    !memcmp(ptr, "\xe2\xd4\xc3\xd9", 4)) {
				smc_ok = true;
				memset(ptr - 2, 1, (size_t)opsize);
			}
			ptr += opsize - 2;
			length -= opsize;
		}
	}
out:
	return smc_ok && !ao;
}
