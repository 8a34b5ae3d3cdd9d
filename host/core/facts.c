// SPDX-License-Identifier: GPL-2.0
#include "facts.h"

#include <bpf/libbpf.h>

#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The first line of a small file, without its newline. Return: whether it could be read. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool ok = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	else
		line[0] = '\0';
	return ok;
}

/* Of "always [madvise] never", what is in brackets. */
static void read_choice(const char *path, char *choice, size_t size)
{
	char line[128], *open, *close;

	choice[0] = '\0';
	if (!read_line(path, line, sizeof(line)))
		return;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close)
		snprintf(choice, size, "%.*s", (int)(close - open - 1), open + 1);
}

static void read_cpu(char *cpu, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	cpu[0] = '\0';
	while (file && !cpu[0] && fgets(line, sizeof(line), file))
		if (!strncmp(line, "model name", 10) && strchr(line, ':')) {
			snprintf(cpu, size, "%s", strchr(line, ':') + 2);
			cpu[strcspn(cpu, "\n")] = '\0';
		}
	if (file)
		fclose(file);
}

/* The coarse clock moves once per tick, so its resolution is the tick (kernel/time/posix-timers.c). */
static long tick_ns(void)
{
	struct timespec tick;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &tick) ? 0 : tick.tv_nsec;
}

void facts_read(struct facts *facts)
{
	struct utsname name;
	struct sysinfo info;

	memset(facts, 0, sizeof(*facts));
	if (!uname(&name)) {
		snprintf(facts->release, sizeof(facts->release), "%s", name.release);
		snprintf(facts->arch, sizeof(facts->arch), "%.31s", name.machine);
	}
	read_cpu(facts->cpu, sizeof(facts->cpu));
	facts->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	facts->page_size = sysconf(_SC_PAGESIZE);
	facts->hz = sysconf(_SC_CLK_TCK);
	facts->tick_ns = tick_ns();
	if (!sysinfo(&info)) {
		facts->memory = (uint64_t)info.totalram * info.mem_unit;
		facts->swap = (uint64_t)info.totalswap * info.mem_unit;
	}
	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		  facts->clocksource, sizeof(facts->clocksource));
	read_choice("/sys/kernel/mm/transparent_hugepage/enabled", facts->thp, sizeof(facts->thp));
	read_line("/sys/kernel/mm/lru_gen/enabled", facts->mglru, sizeof(facts->mglru));
}

double facts_monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

const char *facts_libbpf(void)
{
	const char *version = libbpf_version_string(); /* "v1.4" */

	return version + (*version == 'v');
}
