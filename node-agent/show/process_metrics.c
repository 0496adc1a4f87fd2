/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/process_metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "node-agent/show/pod_metrics.h"

#define STAT_START_TIME 22 /* proc_pid_stat(5): fields, counted from 1 */

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static uint64_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the folder's own */
}

static void read_memory(struct process_metrics *p)
{
	unsigned long long all, resident;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return;
	if (fscanf(file, "%llu %llu", &all, &resident) == 2) {
		p->virtual_bytes = all * (uint64_t)sysconf(_SC_PAGESIZE);
		p->resident_bytes = resident * (uint64_t)sysconf(_SC_PAGESIZE);
	}
	(void)fclose(file);
}

/* When the kernel was booted, in seconds since 1970. */
static double boot_time(void)
{
	FILE *file = fopen("/proc/stat", "re");
	unsigned long long s = 0;
	char line[256];

	while (file && s == 0 && fgets(line, sizeof(line), file))
		(void)sscanf(line, "btime %llu", &s);
	if (file)
		(void)fclose(file);
	return (double)s;
}

/* Field 22 of /proc/self/stat, behind the command's name, which may have blanks and brackets in
 * it. */
static double start_time(void)
{
	FILE *file = fopen("/proc/self/stat", "re");
	char text[1024], *rest = NULL;
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	unsigned long long ticks = 0;

	if (file)
		(void)fclose(file);
	text[len] = '\0';
	rest = strrchr(text, ')');
	for (int field = 2; rest && field < STAT_START_TIME; field++)
		rest = strchr(rest + 1, ' ');
	if (rest)
		ticks = strtoull(rest, NULL, 10);
	return boot_time() + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void process_metrics_read(struct process_metrics *ret)
{
	struct rlimit fds = { 0 };
	struct rusage usage;
	static double start_s; /* never another one */

	*ret = (struct process_metrics){ .open_fds = count_fds() };
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		ret->cpu_s = seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
	if (getrlimit(RLIMIT_NOFILE, &fds) == 0)
		ret->max_fds = fds.rlim_cur;
	read_memory(ret);
	if (start_s == 0)
		start_s = start_time();
	ret->start_s = start_s;
}

void process_metrics_render(FILE *out, const struct process_metrics *p)
{
	const struct {
		const char *name, *type, *help;
		uint64_t value;
	} whole[] = {
		{ "process_resident_memory_bytes", "gauge", "Resident memory of the agent.",
		  p->resident_bytes },
		{ "process_virtual_memory_bytes", "gauge", "Virtual memory of the agent.",
		  p->virtual_bytes },
		{ "process_open_fds", "gauge", "File descriptors that the agent has open.",
		  p->open_fds },
		{ "process_max_fds", "gauge", "File descriptors that it may have.", p->max_fds },
	};

	metrics_head(out, "process_cpu_seconds_total", "counter", "Processor time of the agent.");
	(void)fprintf(out, "process_cpu_seconds_total %.2f\n", p->cpu_s);
	metrics_head(out, "process_start_time_seconds", "gauge",
		     "When the agent was started, since 1970.");
	(void)fprintf(out, "process_start_time_seconds %.2f\n", p->start_s);
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		metrics_head(out, whole[i].name, whole[i].type, whole[i].help);
		(void)fprintf(out, "%s %" PRIu64 "\n", whole[i].name, whole[i].value);
	}
}
