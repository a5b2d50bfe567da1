/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shortage.c - which limit keeps the system from starting one more process.
 *
 * Reads /proc and the control groups of Linux; elsewhere it knows only the
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

#include "i18n.h"
#include "shortage.h"

#if PQ_USE_LINUX

/* The tasks in /proc; threads count. */
struct tasks {
	uint64_t all;
	uint64_t mine;
};

/* Read a number from a file; "max" is none. */
static bool read_number(const char *path, uint64_t *out)
{
	FILE *f = fopen(path, "re");
	bool good;

	if (!f)
		return false;
	/* A number of the kernel fits. NOLINTNEXTLINE(cert-err34-c) */
	good = fscanf(f, "%" SCNu64, out) == 1;
	fclose(f);
	return good;
}

static bool read_in(const char *dir, const char *file, uint64_t *out)
{
	char path[1100];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, file);

	return n > 0 && (size_t)n < sizeof(path) && read_number(path, out);
}

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

/* Is a control group full, or one above it? */
static bool group_is_full(const char *root, const char *group, char *buf,
			  size_t size)
{
	char dir[1024];
	int n = snprintf(dir, sizeof(dir), "%s%s", root, group);

	if (n < 0 || (size_t)n >= sizeof(dir))
		return false;
	while (strlen(dir) >= strlen(root)) {
		uint64_t max, current;
		char *slash;

		if (read_in(dir, "pids.max", &max) &&
		    read_in(dir, "pids.current", &current) &&
		    current >= max) {
			snprintf(buf, size, _("%s/pids.max is %" PRIu64),
				 dir, max);
			return true;
		}
		slash = strrchr(dir, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return false;
}

/* One line of /proc/self/cgroup: ID:CONTROLLERS:PATH. */
static bool line_is_full(char *line, char *buf, size_t size)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path)
		return false;
	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	controllers++;
	if (*controllers == '\0')
		return group_is_full("/sys/fs/cgroup", path, buf, size) ||
		       group_is_full("/sys/fs/cgroup/unified", path, buf,
				     size);
	if (strstr(controllers, "pids"))
		return group_is_full("/sys/fs/cgroup/pids", path, buf, size);
	return false;
}

static bool any_group_is_full(char *buf, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[1024];
	bool full = false;

	if (!f)
		return false;
	while (!full && fgets(line, sizeof(line), f))
		full = line_is_full(line, buf, size);
	fclose(f);
	return full;
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

	if (any_group_is_full(buf, size))
		return true;
	read_number("/proc/sys/kernel/pid_max", &pid_max);
	read_number("/proc/sys/kernel/threads-max", &threads_max);
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
