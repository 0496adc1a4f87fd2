/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define FILE_MAX (1 << 20)

int load_parse_stat(const char *text, long ticks_s, uint64_t *ret_busy_us, struct err *err)
{
	uint64_t user, nice, sys, idle, iowait, irq, softirq;

	if (sscanf(text,
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64,
		   &user, &nice, &sys, &idle, &iowait, &irq, &softirq) != 7)
		return err_set(err, -EPROTO, "read '/proc/stat': no line \"cpu\" with 7 numbers");
	*ret_busy_us = (user + nice + sys + irq + softirq) * (1000000 / (uint64_t)ticks_s);
	return 0;
}

static int field(const char *text, const char *name, uint64_t *ret_kib, struct err *err)
{
	const char *line = strstr(text, name);

	if (!line || sscanf(line + strlen(name), " %" SCNu64, ret_kib) != 1)
		return err_set(err, -EPROTO, "read '/proc/meminfo': no line \"%s\"", name);
	return 0;
}

int load_parse_meminfo(const char *text, uint64_t *ret_used_bytes, struct err *err)
{
	const char *const droppable[] = { "MemFree:", "\nBuffers:", "\nCached:", "SReclaimable:" };
	uint64_t total, part;

	if (field(text, "MemTotal:", &total, err) < 0)
		return -EPROTO;
	for (size_t i = 0; i < ARRAY_SIZE(droppable); i++) {
		if (field(text, droppable[i], &part, err) < 0)
			return -EPROTO;
		total -= part < total ? part : total;
	}
	*ret_used_bytes = total * 1024;
	return 0;
}

int load_read(struct load *ret, struct err *err)
{
	auto_free char *stat = NULL, *meminfo = NULL;
	struct load load;
	int r = file_read(AT_FDCWD, "/proc/stat", FILE_MAX, &stat, NULL, err);

	if (r == 0)
		r = file_read(AT_FDCWD, "/proc/meminfo", FILE_MAX, &meminfo, NULL, err);
	if (r == 0)
		r = load_parse_stat(stat, sysconf(_SC_CLK_TCK), &load.busy_us, err);
	if (r == 0)
		r = load_parse_meminfo(meminfo, &load.used_bytes, err);
	if (r == 0)
		*ret = load;
	return r;
}
