/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * rest.c - what is left of a process group whose leader is dead.
 * Must not send a signal, nor look into the queue.
 *
 * The kernel gives the number of a group to no process as long as any is in
 * that group. So a pin of the leader is one of its group, too, for good: once
 * the group is empty, the pin reaches nobody, even if another group has the
 * number then. Nothing but a pin proves that, once the leader is reaped. If the
 * participant that has it dies, the next one opens it again, by the leader's
 * inode in the record: that is found as long as anybody is in the group, and is
 * no other process's ever (Linux 6.14).
 *
 * Through the pin the kernel says whether anybody is in the group. That counts
 * the leader until it is reaped, and other zombies, which some process 1 never
 * reaps. So /proc is asked whose it is.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "identity.h"
#include "proc.h"
#include "rest.h"

/* A parent reaps as soon as it has marked: until then no look at /proc, which
 * takes milliseconds. */
#define REAPED_WITHIN (2 * PQ_MILLI)
/* The pauses between looks: from, and to. */
#define PAUSE_MIN PQ_MILLI
#define PAUSE_MAX (64 * PQ_MILLI)

/* Is its pin that of the recorded process, and so of its group? */
static bool has_pin(struct pq_flight *f)
{
	return pq_flight_pinned(f) &&
	       (f->verdict == PQ_VERDICT_PINNED || f->reopened);
}

int pq_rest_reopen(struct pq_flight *f, const struct pq_snapshot *snap)
{
	int pin;

	if (!f->group || snap->flags & PQ_F_START)
		return 0;
	pin = pq_pin_again(snap->ident);
	if (pin < 0)
		return pin == -ESRCH || pin == -ENOSYS ? 0 : pin;
	if (f->pin >= 0)
		pq_file_close(f->pin, f->pin_file);
	f->pin = pin;
	f->pin_file = pq_file_of(pin);
	f->reopened = true;
	return 0;
}

bool pq_rest_reachable(struct pq_flight *f)
{
	int rc;

	if (!f->group || !has_pin(f))
		return false;
	/* -ESRCH: it leads none yet, or no more. Any other error: there are no
	 * signals to groups here, or not for this process. */
	rc = pq_pin_signal(f->pin, 0, true);
	return rc == 0 || rc == -ESRCH;
}

/* Is this one of the group, and no zombie? A process whose first thread has
 * ended looks like one, but has others. */
static bool is_member(pid_t pid, pid_t group)
{
	char path[32], text[768], state = 'Z';
	const char *name_end;
	long threads = 0;
	int of = 0;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (pq_proc_read(path, text, sizeof(text)) <= 0)
		return false;
	name_end = strrchr(text, ')');
	/* The kernel's numbers fit. NOLINTBEGIN(cert-err34-c) */
	if (!name_end ||
	    sscanf(name_end + 1, " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u"
				 " %*u %*u %*d %*d %*d %*d %ld",
		   &state, &of, &threads) != 3)
		return false;
	/* NOLINTEND(cert-err34-c) */
	return of == group && (threads > 1 || (state != 'Z' && state != 'X'));
}

/* One of the group that lives; 0: none does; -1: /proc does not say. */
static pid_t find_member(pid_t group)
{
	const struct dirent *entry;
	pid_t found = 0;
	DIR *dir;

	if (!pq_proc_is_ours())
		return -1;
	dir = opendir("/proc");
	if (!dir)
		return -1;
	/* The stream is this call's alone. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (!found && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && is_member(pid, group))
			found = pid;
	}
	closedir(dir);
	return found;
}

static enum pq_rest look(struct pq_flight *f, int64_t now)
{
	bool reaped;

	if (pq_pin_signal(f->pin, 0, true) != 0)
		return PQ_REST_NONE;
	reaped = pq_pin_signal(f->pin, 0, false) == -ESRCH;
	if (!f->rest_since)
		f->rest_since = now;
	if (!reaped && now - f->rest_since < REAPED_WITHIN)
		return PQ_REST_SOON;
	if (f->rest > 0 && is_member(f->rest, f->pid))
		return PQ_REST_LIVES;
	f->rest = find_member(f->pid);
	if (f->rest > 0)
		return PQ_REST_LIVES;
	/* Without /proc, what the kernel says through the pin is all. */
	if (f->rest < 0 && reaped) {
		f->rest = 0;
		return PQ_REST_LIVES;
	}
	return PQ_REST_NONE;
}

enum pq_rest pq_rest_look(struct pq_flight *f, int64_t now)
{
	enum pq_rest found;

	if (f->rest_due > now)
		return PQ_REST_LIVES;
	if (!has_pin(f))
		return PQ_REST_NONE;
	found = look(f, now);
	if (found == PQ_REST_LIVES) {
		f->rest_pause = f->rest_pause ? 2 * f->rest_pause : PAUSE_MIN;
		if (f->rest_pause > PAUSE_MAX)
			f->rest_pause = PAUSE_MAX;
		f->rest_due = now + f->rest_pause;
	}
	return found;
}
