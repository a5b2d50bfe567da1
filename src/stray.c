/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray.c - what a command leaves behind; see stray.h.
 * Must not signal: that a process has the group of a dead leader is no proof
 * that it was in it then.
 */
#include <config.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "stray.h"

void complain_outlived(void *arg, const struct ending *e)
{
	(void)arg;
	if (e->rest > 0)
		complain(_("process %d of the group of seq=%" PRIu64 " (%s) is "
			   "alive after the last signal"),
			 e->rest, e->process.seq, e->process.label);
	else
		complain(_("the group of seq=%" PRIu64 " (%s) is not empty "
			   "after the last signal"),
			 e->process.seq, e->process.label);
}

#if PQ_USE_LINUX

/* What /proc says of a process. */
struct look {
	char name[64];
	int group;
	int64_t age;
	bool alive;
};

static int64_t nanos(const struct timespec *t)
{
	return (int64_t)t->tv_sec * NS_PER_S + t->tv_nsec;
}

static bool read_look(int pid, struct look *out)
{
	unsigned long long start = 0;
	char path[64], text[1024], state = 'Z';
	long ticks = sysconf(_SC_CLK_TCK);
	const char *open, *end;
	struct timespec now;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	open = strchr(text, '(');
	end = strrchr(text, ')');
	/* The kernel's numbers fit. NOLINTBEGIN(cert-err34-c) */
	if (!open || !end || ticks <= 0 ||
	    sscanf(end + 1, " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u"
			    " %*u %*d %*d %*d %*d %*d %*d %llu",
		   &state, &out->group, &start) != 3)
		return false;
	/* NOLINTEND(cert-err34-c) */
	snprintf(out->name, sizeof(out->name), "%.*s", (int)(end - open - 1),
		 open + 1);
	out->alive = state != 'Z' && state != 'X';
	clock_gettime(CLOCK_BOOTTIME, &now);
	out->age = nanos(&now) -
		   (int64_t)(start * (unsigned long long)(NS_PER_S / ticks));
	return true;
}

/* Does /proc show the PID namespace of this process? */
static bool proc_is_ours(void)
{
	char link[16];
	ssize_t n = readlink("/proc/self", link, sizeof(link) - 1);

	if (n <= 0)
		return false;
	link[n] = '\0';
	return strtol(link, NULL, 10) == getpid();
}

/* One of this group that is older than that. */
static int find_older(int group, int64_t age, struct look *out)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int found = 0;

	while (dir && !found && (entry = readdir(dir))) {
		int pid = (int)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && read_look(pid, out) && out->alive &&
		    out->group == group && out->age >= age)
			found = pid;
	}
	if (dir)
		closedir(dir);
	return found;
}

void complain_unreached(void *arg, const struct procq_process *p)
{
	struct timespec now;
	struct look look;
	int found;

	(void)arg;
	/* A group keeps its number for itself: if a process has it, that leads
	 * another group. */
	if (p->pid <= 0 || !proc_is_ours() || read_look(p->pid, &look))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	found = find_older(p->pid, nanos(&now) - (p->started + p->age), &look);
	if (found)
		complain(_("process %d (%s) may be of the group of seq=%" PRIu64
			   " (%s), which nothing proves here: it gets no "
			   "signal"),
			 found, look.name, p->seq, p->label);
}

#else

void complain_unreached(void *arg, const struct procq_process *p)
{
	(void)arg, (void)p;
}

#endif
