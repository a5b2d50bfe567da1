/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * reap.c - the parent's duty: peek, mark the record, only then reap.
 * Must not reap a child that this handle did not start, unless the caller has
 * said that nothing else waits for those (PROCQ_OPEN_REAP_ALL).
 *
 * Until the record is marked, the zombie keeps its pid. So a consumer that pins
 * a process pins the right one, if the word has no mark and the parent is
 * alive.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "handle.h"
#include "peek.h"
#include "record.h"

/* To find no dead child, the kernel looks at all of them, which takes
 * milliseconds with a hundred thousand. With more than MANY, a look that finds
 * none is followed by no other for PAUSE times as long as it took. */
#define MANY 1024u
#define PAUSE 8

static int64_t nanos(struct timeval tv)
{
	return (int64_t)tv.tv_sec * 1000000000 + (int64_t)tv.tv_usec * 1000;
}

static struct pq_status read_status(const struct pq_corpse *corpse)
{
	struct pq_status status = { PROCQ_CAUSE_UNKNOWN, 0, -1, -1, -1 };

	status.code = (unsigned)corpse->info.si_status;
	switch (corpse->info.si_code) {
	case CLD_EXITED:
		status.cause = PROCQ_CAUSE_EXIT;
		break;
	case CLD_KILLED:
		status.cause = PROCQ_CAUSE_SIGNAL;
		break;
	case CLD_DUMPED:
		status.cause = PROCQ_CAUSE_CORE;
		break;
	default:
		break;
	}
	if (corpse->has_usage) {
		status.user = nanos(corpse->usage.ru_utime);
		status.sys = nanos(corpse->usage.ru_stime);
		status.maxrss = corpse->usage.ru_maxrss;
	}
	return status;
}

static void reap_one(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) < 0 &&
	       errno == EINTR)
		;
}

/* Report the end of a child, as its parent knows it. Before the mark: after it,
 * the record may soon be another process's. */
static void report(const struct procq *q, const struct pq_status *status,
		   uint32_t slot, const struct pq_parentage *whose,
		   struct procq_event *out)
{
	uint64_t word = pq_load_word(q->seg, slot);

	memset(out, 0, sizeof(*out));
	if (pq_record_is_of(q->seg, slot, word, whose))
		pq_record_describe(q->seg, slot, word, &out->process);
	out->process.pid = whose->pid;
	out->type = PROCQ_EVENT_RETIRED;
	out->cause = status->cause;
	out->code = (int32_t)status->code;
	out->lived = out->process.age;
	out->ended = pq_time_add(out->process.started, out->lived);
	out->latency = -1;
	out->user = status->user;
	out->sys = status->sys;
	out->maxrss = status->maxrss;
}

/* @param corpse NULL: something else has reaped it, and how it ended is not
 * known */
static void mark_and_reap(struct procq *q, const struct pq_pair *child,
			  const struct pq_corpse *corpse,
			  struct procq_event *out)
{
	struct pq_status status = { PROCQ_CAUSE_UNKNOWN, 0, -1, -1, -1 };
	const struct pq_parentage whose = { q->place, q->incarnation,
					    child->key, pq_life_of(child) };
	uint32_t slot = pq_slot_of(child);
	pid_t pid = child->key;

	if (corpse)
		status = read_status(corpse);
	if (out)
		report(q, &status, slot, &whose, out);
	pq_record_mark(q->seg, slot, &whose, &status);
	if (corpse)
		reap_one(pid);
	pq_nest_vacate(&q->nest, pid);
	pq_intmap_remove(&q->children, pid);
}

/* Ask for each of ours, from *at on, for so many at most. */
static int reap_each(struct procq *q, uint32_t *at, uint32_t most,
		     struct procq_event *out)
{
	struct pq_corpse corpse;
	int reaped = 0;
	const struct pq_pair *child;

	while (most-- > 0 && (child = pq_intmap_next(&q->children, at))) {
		int found = pq_peek(P_PID, child->key, &corpse);

		if (!found)
			continue;
		mark_and_reap(q, child, found > 0 ? &corpse : NULL, out);
		reaped++;
		if (out)
			break;
		/* Another child may be in this cell of the map now. */
		--*at;
	}
	return reaped;
}

/* A dead child that is not ours hides ours. */
static int reap_behind(struct procq *q, struct procq_event *out)
{
	uint32_t at = 0;

	return reap_each(q, &at, UINT32_MAX, out);
}

/* What something else reaps is not seen in a look for the dead. So now and then
 * each is asked for, MANY at a time: at once if there is no child at all. */
static int reap_stolen(struct procq *q, bool none, struct procq_event *out)
{
	int64_t now = pq_now();
	int reaped;

	if (!q->children.count || (!none && now < q->ask_after))
		return 0;
	reaped = reap_each(q, &q->ask_at, MANY, out);
	if (q->ask_at >= q->children.size)
		q->ask_at = 0;
	if (!reaped)
		q->ask_after = now + PROCQ_PATIENCE;
	return reaped;
}

/* If it has gone over to another group, others may be left in its own. SIGKILL
 * does no harm twice, so that waits for no answer. */
static void send(pid_t pid, bool group, int signo)
{
	if (group)
		kill(-pid, signo);
	if (!group || signo == SIGKILL || getpgid(pid) != pid)
		kill(pid, signo);
}

static void answer(struct procq *q, pid_t pid, uint32_t slot)
{
	bool group = false;
	int signo = pid > 1 ? pq_record_asked(q->seg, slot, &group) : 0;
	struct pq_corpse corpse;

	if (signo <= 0 || pq_peek(P_PID, pid, &corpse) < 0)
		return;
	/* It is our unreaped child, so the pid is its own, and so is the group
	 * of that number. If it leads no group, it is signalled alone. If it is
	 * stopped, it needs SIGCONT to die. */
	if (group && kill(-pid, 0) < 0 && errno == ESRCH)
		group = false;
	send(pid, group, signo);
	if (pq_parent_continues(signo))
		send(pid, group, SIGCONT);
}

static void answer_all(struct procq *q)
{
	struct pq_participant *me = &q->seg->participants[q->place];
	const struct pq_pair *child;
	uint32_t at = 0;

	if (!pq_seated(q))
		return;
	/* Set back before the words are read: a later request sets it again. */
	if (!atomic_load_explicit(&me->asked, memory_order_relaxed) ||
	    !atomic_exchange(&me->asked, 0))
		return;
	while ((child = pq_intmap_next(&q->children, &at)))
		answer(q, child->key, pq_slot_of(child));
}

/* Look for any dead child of this process; as pq_peek(). */
static int look(struct procq *q, struct pq_corpse *corpse)
{
	int64_t begun, now;
	int found;

	if (q->children.count <= MANY) {
		q->look_after = 0;
		q->look_late = false;
		return pq_peek(P_ALL, 0, corpse);
	}
	begun = pq_now();
	q->look_late = begun < q->look_after;
	if (q->look_late)
		return 0;
	found = pq_peek(P_ALL, 0, corpse);
	if (found)
		return found;
	now = pq_now();
	q->look_after = now + PAUSE * (now - begun);
	return 0;
}

int pq_reap(struct procq *q, struct procq_event *out)
{
	struct pq_corpse corpse;
	int reaped = 0, found = 0;

	/* With none of its own, it may be others' init nevertheless. */
	if (!q->children.count && !(q->flags & PROCQ_OPEN_REAP_ALL))
		return 0;
	answer_all(q);
	while (!(out && reaped) && (found = look(q, &corpse)) > 0) {
		pid_t pid = corpse.info.si_pid;
		const struct pq_pair *child = pq_intmap_get(&q->children, pid);

		if (child) {
			mark_and_reap(q, child, &corpse, out);
			reaped++;
		} else if (q->flags & PROCQ_OPEN_REAP_ALL) {
			reap_one(pid);
		} else {
			return reaped + reap_behind(q, out);
		}
	}
	if (!reaped)
		reaped = reap_stolen(q, found < 0, out);
	return reaped;
}
