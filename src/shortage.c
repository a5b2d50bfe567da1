/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shortage.c - which limit keeps the system from starting one more process.
 *
 * Reads /proc and the control groups of Linux (groups.c); elsewhere it knows only the
 * resource limit. Must not change any limit.
 */
#include <config.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "groups.h"
#include "i18n.h"
#include "shortage.h"

#if PQ_USE_LINUX

/* The tasks in /proc; threads count. */
struct tasks {
	uint64_t all;
	uint64_t mine;
};

static struct tasks count_tasks(void)
{
	struct tasks t = { 0, 0 };
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300];
	struct stat st;

	if (!proc)
		return t;
	while ((entry = readdir(proc))) {
		uint64_t threads;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task", entry->d_name);
		if (stat(path, &st) < 0)
			continue;
		/* One link for each thread, and two of the folder's own. */
		threads = st.st_nlink > 2 ? (uint64_t)st.st_nlink - 2 : 1;
		t.all += threads;
		if (st.st_uid == getuid())
			t.mine += threads;
	}
	closedir(proc);
	return t;
}

/* A buffer for the reason. */
struct reason {
	char *buf;
	size_t size;
};

static bool group_is_full(const char *dir, void *arg)
{
	struct reason *why = arg;
	uint64_t max, current;

	if (!groups_number(dir, "pids.max", &max) ||
	    !groups_number(dir, "pids.current", &current) || current < max)
		return false;
	snprintf(why->buf, why->size, _("%s/pids.max is %" PRIu64), dir, max);
	return true;
}

/* The tasks of the whole system: /proc shows only those of this namespace. */
static uint64_t system_tasks(void)
{
	FILE *f = fopen("/proc/loadavg", "re");
	uint64_t n = 0;

	if (!f)
		return 0;
	/* As above. NOLINTNEXTLINE(cert-err34-c) */
	if (fscanf(f, "%*s %*s %*s %*[0-9]/%" SCNu64, &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* Nearly, because process groups and zombies hold numbers, too. */
static bool nearly(uint64_t n, uint64_t max)
{
	return n >= max - max / 10;
}

/* The limits of the kernel, and of the control groups. */
static bool system_is_full(char *buf, size_t size, uint64_t nproc)
{
	uint64_t pid_max = UINT64_MAX, threads_max = UINT64_MAX;
	struct tasks tasks = count_tasks();
	struct reason why = { buf, size };

	if (groups_each("", "pids", group_is_full, &why))
		return true;
	groups_number("/proc/sys/kernel", "pid_max", &pid_max);
	groups_number("/proc/sys/kernel", "threads-max", &threads_max);
	if (tasks.mine >= nproc)
		snprintf(buf, size, _("this user's limit on processes"
			 " (ulimit -u) is %" PRIu64), nproc);
	else if (nearly(tasks.all, pid_max))
		snprintf(buf, size, _("kernel.pid_max is %" PRIu64), pid_max);
	else if (nearly(system_tasks(), threads_max))
		snprintf(buf, size, _("kernel.threads-max is %" PRIu64),
			 threads_max);
	else
		return false;
	return true;
}

#else

static bool system_is_full(char *buf, size_t size, uint64_t nproc)
{
	(void)buf, (void)size, (void)nproc;
	return false;
}

#endif

char *shortage_describe(char *buf, size_t size)
{
	uint64_t nproc = UINT64_MAX;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY && getuid() != 0)
		nproc = limit.rlim_cur;
	if (system_is_full(buf, size, nproc))
		return buf;
	if (nproc != UINT64_MAX)
		snprintf(buf, size, _("some limit is reached, it is unknown"
			 " which (ulimit -u is %" PRIu64 ")"), nproc);
	else
		snprintf(buf, size, _("some limit is reached, it is unknown"
			 " which"));
	return buf;
}
