/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * inspect.c - the public functions that look: counters, snapshots, checks,
 * and what a return value means. Must not change a record, but for the sweep
 * that procq_check() begins with.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "handle.h"
#include "lock.h"
#include "member.h"
#include "record.h"
#include "sweep.h"

/* How often a finding is looked at again before it counts as a fault:
 * others may be in the middle of a step. */
#define LOOKS 50
#define LOOK_PAUSE (2 * PQ_MILLI)

/* ---- what a return value means ---- */

/* The programs translate what they print; the library says it in English. */
#define N_(text) (text)

const char *procq_strerror(int err)
{
	switch (err < 0 ? -err : 0) {
	case 0:
		return N_("no error");
	case ENOENT:
		return N_("no such queue");
	case EINVAL:
		return N_("invalid name or option");
	case ENAMETOOLONG:
		return N_("the name is too long");
	case EACCES:
		return N_("permission denied");
	case EPERM:
		return N_("it belongs to another user");
	case EEXIST:
		return N_("the queue has another capacity");
	case ENODEV:
		return N_("not a shared memory object");
	case EBADMSG:
		return N_("not a queue, or damaged");
	case EPROTONOSUPPORT:
		return N_("a queue of another version of procq, "
			  "or of another type of machine");
	case EXDEV:
		return N_("a queue of another PID namespace");
	case ESTALE:
		return N_("a queue of an earlier boot");
	case EUSERS:
		return N_("no place is left");
	case EINPROGRESS:
		return N_("another process is about to remove the queue");
	case ENOSPC:
		return N_("no space left in shared memory");
	case ETIMEDOUT:
		return N_("timed out");
	case EAGAIN:
		return N_("nothing there at the moment");
	case ESHUTDOWN:
		return N_("the queue is closed");
	case ECHILD:
		return N_("the handle is another process's, or "
			  "SIGCHLD is ignored");
	case EBUSY:
		return N_("in use, or not empty");
	case ENOTSUP:
		return N_("not possible on this system");
	case ECANCELED:
		return N_("killed before it had entered");
	default:
		/* Known numbers are constants in each libc there is. */
		/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
		return strerror(-err);
	}
}

/* ---- counters ---- */

static void count_participants(struct pq_segment *seg, struct procq_stat *out)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		const struct pq_participant *p = &seg->participants[i];
		uint64_t member;
		uint32_t wants;

		out->retired += atomic_load(&p->tally[PQ_TALLY_RETIRED]);
		out->exited += atomic_load(&p->tally[PQ_TALLY_EXITED]);
		out->lost += atomic_load(&p->tally[PQ_TALLY_LOST]);
		if (pq_member_dead(seg, i, &member)) {
			out->dead++;
			continue;
		}
		if (!member)
			continue;
		out->producers += pq_member_role(member) == PROCQ_ROLE_PRODUCER;
		out->consumers += pq_member_role(member) == PROCQ_ROLE_CONSUMER;
		out->keepers += pq_member_role(member) == PROCQ_ROLE_KEEPER;
		wants = atomic_load(&p->wants);
		out->waiting_room += !!(wants & PROCQ_WAIT_ROOM);
		out->waiting_ready += !!(wants & PROCQ_WAIT_READY);
	}
}

static void count_records(const struct pq_segment *seg, struct procq_stat *out)
{
	for (uint32_t i = 0; i < seg->capacity; i++) {
		unsigned state = pq_word_state(pq_load_word(seg, i));
		bool present = state == PROCQ_STATE_QUEUED ||
			       state == PROCQ_STATE_TAKEN ||
			       state == PROCQ_STATE_EXITED;

		if (state <= PROCQ_STATE_GONE)
			out->states[state]++;
		out->present += present;
		/* A life is counted by its child, or at its release. */
		out->started += pq_counted_count(
			atomic_load(&seg->records[i].counted));
		if (present && !pq_record_counted(seg, i))
			out->started++;
	}
}

int procq_stat(const struct procq *q, struct procq_stat *out)
{
	struct pq_segment *seg = q->seg;
	const struct pq_header *h = seg->header;

	memset(out, 0, sizeof(*out));
	count_records(seg, out);
	count_participants(seg, out);
	out->returned = atomic_load(&h->returned);
	out->swept = atomic_load(&h->swept);
	out->entered = atomic_load(&h->ready.tail);
	out->bytes = seg->size;
	out->created = h->created;
	out->capacity = seg->capacity;
	out->closed = (uint32_t)procq_closed(q);
	return 0;
}

int procq_closed(const struct procq *q)
{
	return atomic_load(&q->seg->header->closed) != 0;
}

/* In this order: a producer that is not there can't enter anything any more,
 * so what is not in the records then never will be. */
int procq_drained(struct procq *q)
{
	struct pq_segment *seg = q->seg;
	bool closed = procq_closed(q);

	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX && !closed; i++) {
		uint64_t member = atomic_load(&seg->participants[i].member);

		if (pq_member_role(member) == PROCQ_ROLE_PRODUCER &&
		    pq_byte_held(seg, pq_member_incarnation(member)))
			return 0;
	}
	for (uint32_t i = 0; i < seg->capacity; i++) {
		uint64_t word = pq_load_word(seg, i);
		unsigned state = pq_word_state(word);

		if (state == PROCQ_STATE_FREE || state == PROCQ_STATE_GONE)
			continue;
		/* What the caller has taken is for it to judge. */
		if (state != PROCQ_STATE_TAKEN ||
		    pq_word_owner(word) != q->place + 1)
			return 0;
	}
	return 1;
}

/* ---- snapshots ---- */

static int by_seq(const void *a, const void *b)
{
	const struct procq_process *x = a, *y = b;

	/* What has not yet entered comes last. */
	if (x->seq == y->seq)
		return x->slot < y->slot ? -1 : x->slot > y->slot;
	return x->seq - 1 < y->seq - 1 ? -1 : 1;
}

int procq_snapshot(const struct procq *q, struct procq_process *out,
		   uint32_t max)
{
	const struct pq_segment *seg = q->seg;
	struct procq_process *all = NULL, *larger;
	uint32_t n = 0, room = 0;

	for (uint32_t i = 0; i < seg->capacity; i++) {
		uint64_t word = pq_load_word(seg, i);

		if (pq_word_state(word) == PROCQ_STATE_FREE)
			continue;
		if (n == room) {
			room = room ? 2 * room : 64;
			larger = realloc(all, room * sizeof(*all));
			if (!larger) {
				free(all);
				return -ENOMEM;
			}
			all = larger;
		}
		pq_record_describe(seg, i, word, &all[n]);
		/* Read while it changed: only what is certain. */
		if (pq_load_word(seg, i) == word)
			n++;
		else
			i--;
	}
	if (n > 0 && max > 0) {
		qsort(all, n, sizeof(*all), by_seq);
		memcpy(out, all, (n < max ? n : max) * sizeof(*all));
	}
	free(all);
	return (int)n;
}

/* ---- checks ---- */

/* The first one is told in words. */
#define FAULT(out, ...) \
	do { \
		if ((out)->faults++ == 0) \
			snprintf((out)->first, sizeof((out)->first), \
				 __VA_ARGS__); \
	} while (0)

static void check_words(struct pq_segment *seg, struct procq_report *out)
{
	for (uint32_t i = 0; i < seg->capacity; i++) {
		uint64_t word = pq_load_word(seg, i);
		unsigned owner = pq_word_owner(word);

		if (!pq_word_valid(word))
			FAULT(out, "record %lu: its word %#llx is not legal",
			      (unsigned long)i, (unsigned long long)word);
		else if (owner &&
			 !atomic_load(&seg->participants[owner - 1].member) &&
			 pq_load_word(seg, i) == word)
			FAULT(out, "record %lu: belongs to place %u, which "
			      "is empty", (unsigned long)i, owner - 1);
	}
}

/* Can these be the ends of a ring? */
static bool ends_fit(const struct pq_ring *ring, uint64_t head, uint64_t tail)
{
	/* The appender of what was taken last has not moved the tail, and may
	 * be dead: the next one helps. Its cell tells. */
	if (head == tail + 1)
		return pq_ring_position_at(ring, tail) == (uint32_t)tail;
	return tail - head <= ring->size;
}

static void check_ring(const struct pq_ring *ring, const char *name,
		       struct procq_report *out)
{
	uint64_t head = atomic_load(&ring->ends->head);
	uint64_t tail = atomic_load(&ring->ends->tail);

	if (!ends_fit(ring, head, tail) &&
	    head == atomic_load(&ring->ends->head))
		FAULT(out, "%s ring: head %llu, tail %llu", name,
		      (unsigned long long)head, (unsigned long long)tail);
	for (uint64_t p = head; p < tail && p - head < ring->size; p++) {
		uint32_t found = pq_ring_position_at(ring, p);

		if (found != (uint32_t)p &&
		    atomic_load(&ring->ends->head) <= p)
			FAULT(out, "%s ring: the cell of position %llu is "
			      "of position %lu modulo 2^32", name,
			      (unsigned long long)p, (unsigned long)found);
	}
}

static void check_sum(const struct procq *q, struct procq_report *out)
{
	struct procq_stat s;
	uint64_t told;

	procq_stat(q, &s);
	told = s.retired + s.exited + s.lost + s.present;
	if (s.started != told)
		FAULT(out, "started %llu processes, but retired, exited, lost "
		      "and present are %llu", (unsigned long long)s.started,
		      (unsigned long long)told);
}

int procq_check(struct procq *q, struct procq_report *out)
{
	struct procq_report r;
	int64_t hints;
	int rc = pq_usable_participant(q);

	if (rc < 0)
		return rc;
	memset(out, 0, sizeof(*out));
	if (pq_sweep_dead(q->seg, out) < 0)
		return -ENOMEM;
	hints = pq_sweep_hints(q->seg);
	if (hints < 0)
		return -ENOMEM;
	out->hints += (uint64_t)hints;
	/* On a queue in use much is half done at any moment. What is wrong
	 * each time is wrong. */
	for (int look = 0; look < LOOKS; look++) {
		struct timespec pause = pq_timespec(LOOK_PAUSE);

		memset(&r, 0, sizeof(r));
		check_words(q->seg, &r);
		check_ring(&q->seg->ready, "ready", &r);
		check_ring(&q->seg->free, "free", &r);
		check_sum(q, &r);
		if (r.faults == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	out->faults = r.faults;
	memcpy(out->first, r.first, sizeof(out->first));
	return 0;
}

/* ---- the queues of this machine ---- */

#if defined __linux__

/* Where the C library has them; shm_open() can't list. */
#define SHM_DIRECTORY "/dev/shm"

/* A lack of ours must not make a queue that is there look like none. */
static int unless_scarce(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM ||
	       err == EINTR ? -err : 0;
}

/* 1: it is one; 0: it is none, or may not be looked at; -errno. */
static int is_queue(int dir, const char *name, struct procq_found *entry)
{
	bool ours = strncmp(name, "procq.", 6) == 0;
	struct stat st;
	int n, rc;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return ours && errno != ENOENT ? -errno : unless_scarce(errno);
	if (!S_ISREG(st.st_mode))
		return 0;
	n = snprintf(entry->object, sizeof(entry->object), "/%s", name);
	if (n < 0 || (size_t)n >= sizeof(entry->object))
		return 0;
	entry->uid = st.st_uid;
	entry->mode = st.st_mode & 07777;
	/* A queue that is shared may have any name: look inside, if allowed. */
	if (ours)
		return 1;
	rc = pq_segment_has_magic(dir, name);
	return rc < 0 ? unless_scarce(-rc) : rc;
}

int procq_list(int (*visit)(const struct procq_found *, void *), void *arg)
{
	DIR *dir = opendir(SHM_DIRECTORY);
	struct dirent *d;
	int rc = 0;

	if (!dir)
		return -errno;
	while (rc == 0) {
		struct procq_found entry;

		errno = 0;
		/* A stream of our own. */
		d = readdir(dir); /* NOLINT(concurrency-mt-unsafe) */
		if (!d) {
			rc = -errno;
			break;
		}
		rc = is_queue(dirfd(dir), d->d_name, &entry);
		if (rc > 0)
			rc = visit(&entry, arg);
	}
	closedir(dir);
	return rc;
}

#else

int procq_list(int (*visit)(const struct procq_found *, void *), void *arg)
{
	(void)visit, (void)arg;
	return -ENOTSUP;
}

#endif
