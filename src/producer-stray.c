/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-stray.c - what falls to a producer: processes that its commands have
 * started, and whose own parents are dead.
 *
 * A producer of commands is the reaper of these (PR_SET_CHILD_SUBREAPER): they
 * become its children, and so are known. One whose command is still in the
 * queue belongs to that. Any other has outlived its command, and is named,
 * once: one that has left its group is not in reach of --kill-mode.
 *
 * Must not signal or reap one. A process that has not yet entered the queue
 * looks like one, too, and a member of a group may be dying: so what is named
 * has been seen twice, with a second in between, or at the end.
 */
#include <config.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if PQ_USE_LINUX
# include <sys/prctl.h>
#endif

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "producer.h"

#if PQ_USE_LINUX

#define LOOK_EVERY NS_PER_S
/* At the end, what is dying has so long. */
#define LAST_PAUSE (50 * NS_PER_MS)
/* So many children are looked at. */
#define STRAYS_LOOKED_AT 4096

static bool read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, size - 1, f);
	fclose(f);
	text[n] = '\0';
	return n > 0;
}

/* The children of this process, by each of its threads. */
static size_t find_children(int *pids, size_t room)
{
	char path[300], text[16384];
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	size_t n = 0;

	while (tasks && (task = readdir(tasks))) {
		char *at = text, *next;
		long pid;

		snprintf(path, sizeof(path), "/proc/self/task/%s/children",
			 task->d_name);
		if (task->d_name[0] == '.' ||
		    !read_file(path, text, sizeof(text)))
			continue;
		while (n < room && (pid = strtol(at, &next, 10)) > 0) {
			pids[n++] = (int)pid;
			at = next;
		}
	}
	if (tasks)
		closedir(tasks);
	return n;
}

/* Is it alive? And its name. */
static bool read_name(int pid, char *name, size_t size)
{
	char path[64], text[512], *open, *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_file(path, text, sizeof(text)))
		return false;
	open = strchr(text, '(');
	end = strrchr(text, ')');
	if (!open || !end || end < open || end[1] != ' ')
		return false;
	snprintf(name, size, "%.*s", (int)(end - open - 1), open + 1);
	return end[2] != 'Z' && end[2] != 'X';
}

/* The seq of its command, as that has handed it on; 0: unknown. */
static uint64_t read_seq(int pid)
{
	char path[64], text[32768];
	const char *at = text, *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	end = text + fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[end - text] = '\0';
	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, "PROCQ_SEQ=", 10) == 0)
			return strtoull(at + 10, NULL, 10);
	return 0;
}

/* Is it a process of the queue, or does its command still have a record? */
static bool is_owned(const struct producer *p, int pid, uint64_t seq)
{
	uint32_t capacity = procq_capacity(p->run.q);
	struct procq_process what;

	/* What speaks to the fleet is the queue's. */
	if (pid == p->run.fleet.pid)
		return true;
	for (uint32_t slot = 0; slot < capacity; slot++)
		if (procq_child(p->run.q, slot, &what) == 0 &&
		    (what.pid == pid || (seq > 0 && what.seq == seq)))
			return true;
	return false;
}

/* NULL: it has not been seen yet. */
static struct stray *find_seen(struct strays *s, int pid)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->seen[i].pid == pid)
			return &s->seen[i];
	return NULL;
}

/* Is one to be named when it is seen again? */
static bool find_unnamed(const struct strays *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->seen[i].named)
			return true;
	return false;
}

static void name_one(int pid, uint64_t seq, const char *name)
{
	if (seq > 0)
		complain(_("process %d (%s) has outlived the command of "
			   "seq=%" PRIu64), pid, name, seq);
	else
		complain(_("process %d (%s) has outlived its command"), pid,
			 name);
}

static void look_at(struct producer *p, int pid, bool last)
{
	struct strays *s = &p->strays;
	struct stray *seen = find_seen(s, pid);
	char name[64];
	uint64_t seq;

	if ((seen && seen->named) || !read_name(pid, name, sizeof(name)))
		return;
	seq = read_seq(pid);
	if (is_owned(p, pid, seq))
		return;
	if (!seen && s->count < STRAYS_MAX) {
		seen = &s->seen[s->count++];
		*seen = (struct stray){ .pid = pid };
		if (!last)
			return;
	}
	/* More are not named. */
	if (!seen)
		return;
	seen->named = true;
	name_one(pid, seq, name);
}

/* The number of one that is reaped may be another's soon. */
static void forget_gone(struct strays *s, const int *pids, size_t n)
{
	for (size_t i = 0; i < s->count;) {
		size_t at = 0;

		while (at < n && pids[at] != s->seen[i].pid)
			at++;
		if (at < n)
			i++;
		else
			s->seen[i] = s->seen[--s->count];
	}
}

static void look(struct producer *p, bool last)
{
	int pids[STRAYS_LOOKED_AT];
	size_t n = find_children(pids, STRAYS_LOOKED_AT);

	forget_gone(&p->strays, pids, n);
	/* All are in the queue. */
	if (n <= procq_children(p->run.q))
		return;
	for (size_t i = 0; i < n; i++)
		look_at(p, pids[i], last);
}

/* Those that this process had before it executed the producer, as a shell
 * script that ends with exec does, or process 1 of a container: they are no
 * command's, and are not named. */
static void note_inherited(struct strays *s)
{
	int pids[STRAYS_MAX];

	s->count = find_children(pids, STRAYS_MAX);
	for (size_t i = 0; i < s->count; i++)
		s->seen[i] = (struct stray){ .pid = pids[i], .named = true };
}

void strays_begin(struct producer *p)
{
	/* If it can't be, none falls to this producer. */
	p->strays.wanted = p->command.argv &&
			   prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
	if (p->strays.wanted)
		note_inherited(&p->strays);
}

void strays_look(struct producer *p)
{
	int64_t now;

	/* One falls to it when a command is dead. */
	if (!p->strays.wanted || !p->strays.died)
		return;
	now = procq_now();
	if (now < p->strays.due)
		return;
	/* Those that are seen now are named next time. */
	look(p, false);
	p->strays.died = find_unnamed(&p->strays);
	p->strays.due = time_after(procq_now(), LOOK_EVERY);
}

void strays_end(struct producer *p)
{
	if (!p->strays.wanted)
		return;
	look(p, false);
	if (find_unnamed(&p->strays)) {
		time_sleep(LAST_PAUSE);
		look(p, true);
	}
}

#else

void strays_begin(struct producer *p)
{
	(void)p;
}

void strays_look(struct producer *p)
{
	(void)p;
}

void strays_end(struct producer *p)
{
	(void)p;
}

#endif
