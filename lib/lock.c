/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * lock.c - the lock bytes of participants and the init lock: which of them this
 * process holds, and by which descriptors.
 * Must not look into an object, nor open one.
 *
 * Locks by fcntl() belong to a process: F_GETLK does not report its own, and
 * they are lost when it closes any descriptor of the file. So a process has a
 * list of its views, notes which bytes it holds by each, and closes no
 * descriptor of a file that another view has locks on. The host program may
 * have closed one of ours: so where a byte seems to be held by nobody, and
 * before a lock is set or a descriptor closed, it is looked at whether that is
 * still of the file.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "lock.h"

/* ---- the views of this process ---- */

/* open_mutex is taken before list_mutex. */
static pthread_mutex_t open_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pq_segment *list;	/* written with both, read with either */

/* A fork while another thread has a mutex would leave it locked in the child,
 * for ever: so the thread that forks takes both before. */
static void before_fork(void)
{
	pthread_mutex_lock(&open_mutex);
	pthread_mutex_lock(&list_mutex);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&list_mutex);
	pthread_mutex_unlock(&open_mutex);
}

static pthread_once_t forks_once = PTHREAD_ONCE_INIT;

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

/* A thread that is cancelled while it has the mutex would keep it for ever. The
 * wait for an init lock is a cancellation point, and so is every close(). */
int pq_segments_lock(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_once(&forks_once, watch_forks);
	pthread_mutex_lock(&open_mutex);
	return state;
}

void pq_segments_unlock(int state)
{
	pthread_mutex_unlock(&open_mutex);
	pthread_setcancelstate(state, NULL);
}

static void lock_list(void)
{
	pthread_mutex_lock(&list_mutex);
}

static void unlock_list(void)
{
	pthread_mutex_unlock(&list_mutex);
}

/* With both mutexes, so that either is enough to read. */
void pq_segments_add(struct pq_segment *seg)
{
	lock_list();
	seg->next = list;
	list = seg;
	unlock_list();
}

void pq_segments_remove(struct pq_segment *seg)
{
	lock_list();
	for (struct pq_segment **p = &list; *p; p = &(*p)->next)
		if (*p == seg) {
			*p = seg->next;
			break;
		}
	unlock_list();
}

struct pq_segment *pq_segments_first(void)
{
	return list;
}

/* ---- lock bytes ---- */

static struct flock lock_of(short type, uint64_t byte)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = PQ_LOCK_BASE + (off_t)byte,
		.l_len = 1,
	};
}

static int call_lock(int fd, int cmd, struct flock *fl)
{
	int tries = 0;

	while (fcntl(fd, cmd, fl) < 0)
		if (errno != EINTR && (errno != ENOLCK || ++tries == PQ_TRIES))
			/* A sandbox forbids the call: EPERM would mean that the
			 * object is another user's. */
			return errno == EPERM ? -ENOLCK : -errno;
	return 0;
}

static int lock_byte(int fd, short type, uint64_t byte)
{
	struct flock fl = lock_of(type, byte);

	return call_lock(fd, F_SETLK, &fl);
}

/* A user that may only read the object can have read locks, and participants
 * have none: so the question whether one is there, or which, is that for a read
 * lock, which only write locks are in the way of. The question for a write lock
 * is what is in the way of that.
 */

/* Is there another process in the way of this lock? 1, 0, -errno.
 * @param holder its pid; 0 after 1: it has none in this PID namespace */
static int ask_lock(int fd, struct flock fl, pid_t *holder)
{
	int rc = call_lock(fd, F_GETLK, &fl);

	*holder = 0;
	if (rc < 0 || fl.l_type == F_UNLCK)
		return rc;
	*holder = fl.l_pid > 0 ? fl.l_pid : 0;
	return 1;
}

/* Does another process hold it? */
static int ask_byte(int fd, uint64_t byte, pid_t *holder)
{
	return ask_lock(fd, lock_of(F_RDLCK, byte), holder);
}

/* Is nothing in the way of a byte but what a reader has locked? */
static bool read_locked(int fd, uint64_t byte, pid_t *reader)
{
	return ask_byte(fd, byte, reader) == 0 &&
	       ask_lock(fd, lock_of(F_WRLCK, byte), reader) > 0;
}

static bool same_locks(const struct pq_segment *a, const struct pq_segment *b)
{
	return a->pid == b->pid && a->lock_file.ino &&
	       a->lock_file.ino == b->lock_file.ino &&
	       a->lock_file.dev == b->lock_file.dev;
}

static bool own_has(const struct pq_segment *seg, uint64_t incarnation)
{
	for (size_t i = 0; i < seg->own_count; i++)
		if (seg->own[i] == incarnation)
			return true;
	return false;
}

/* Does this process hold it, by this view or another with the same locks? An
 * onlooker's view has no bytes of its own. With list_mutex. */
static bool held_here(const struct pq_segment *seg, uint64_t incarnation)
{
	if (own_has(seg, incarnation))
		return true;
	for (const struct pq_segment *s = list; s; s = s->next)
		if (s != seg && same_locks(s, seg) && own_has(s, incarnation))
			return true;
	return false;
}

/* Room to note one more. With list_mutex, which is let go of meanwhile: an
 * allocation may end in abort(), whose handler may look at the queue. */
static int make_room(struct pq_segment *seg)
{
	while (seg->own_count == seg->own_room) {
		size_t room = seg->own_room ? 2 * seg->own_room : 4;
		uint64_t *old = NULL, *own;

		unlock_list();
		own = malloc(room * sizeof(*own));
		lock_list();
		if (!own)
			return -ENOMEM;
		/* Another thread may have made it, or used it up. */
		if (room > seg->own_room) {
			for (size_t i = 0; i < seg->own_count; i++)
				own[i] = seg->own[i];
			old = seg->own;
			seg->own = own;
			seg->own_room = room;
			own = NULL;
		}
		unlock_list();
		free(old);
		free(own);
		lock_list();
	}
	return 0;
}

/* With list_mutex. */
static int hold_byte(struct pq_segment *seg, uint64_t incarnation,
		     uint32_t *holder)
{
	pid_t reader;
	int rc;

	/* The kernel would grant it again to the process that has it. */
	if (held_here(seg, incarnation))
		return -EAGAIN;
	rc = lock_byte(seg->lock_fd, F_WRLCK, incarnation);
	if (rc == 0)
		seg->own[seg->own_count++] = incarnation;
	else if ((rc == -EAGAIN || rc == -EACCES) &&
		 read_locked(seg->lock_fd, incarnation, &reader)) {
		*holder = (uint32_t)reader;
		rc = -EBUSY;
	}
	return rc;
}

int pq_byte_hold(struct pq_segment *seg, uint64_t incarnation,
		 uint32_t *holder)
{
	int rc;

	lock_list();
	rc = make_room(seg);
	if (rc == 0)
		rc = hold_byte(seg, incarnation, holder);
	unlock_list();
	return rc;
}

bool pq_byte_held(struct pq_segment *seg, uint64_t incarnation)
{
	pid_t holder;
	bool held;

	if (incarnation == 0 || incarnation > PQ_INCARNATION_MASK)
		return false;
	lock_list();
	held = held_here(seg, incarnation);
	unlock_list();
	if (held)
		return true;
	if (seg->lock_fd < 0)
		return false;
	/* If the kernel can't say, no participant is declared dead. */
	return ask_byte(seg->lock_fd, incarnation, &holder) != 0 ||
	       !pq_locks_here(seg);
}

bool pq_locks_here(const struct pq_segment *seg)
{
	return pq_file_is(seg->lock_fd, seg->lock_file);
}

void pq_byte_drop(struct pq_segment *seg, uint64_t incarnation)
{
	lock_list();
	for (size_t i = 0; i < seg->own_count; i++)
		if (seg->own[i] == incarnation) {
			seg->own[i] = seg->own[--seg->own_count];
			break;
		}
	if (pq_locks_here(seg))
		lock_byte(seg->lock_fd, F_UNLCK, incarnation);
	unlock_list();
}

static int locked_from(int fd, off_t from, pid_t *holder)
{
	struct flock rest = { .l_type = F_RDLCK, .l_whence = SEEK_SET,
			      .l_start = from };

	return ask_lock(fd, rest, holder);
}

int pq_file_locked(int fd, pid_t *holder)
{
	return locked_from(fd, 0, holder);
}

static int held_from(const struct pq_segment *seg, off_t from, pid_t *holder)
{
	bool here = false;
	int rc;

	lock_list();
	for (const struct pq_segment *s = list; s && !here; s = s->next)
		here = same_locks(s, seg) && s->own_count > 0;
	unlock_list();
	if (here) {
		*holder = seg->pid;
		return 1;
	}
	*holder = 0;
	/* An onlooker found no lock file, so there are no locks. */
	if (seg->lock_fd < 0)
		return 0;
	rc = locked_from(seg->lock_fd, from, holder);
	return rc == 0 && !pq_locks_here(seg) ? -EBADF : rc;
}

int pq_locks_held(const struct pq_segment *seg, pid_t *holder)
{
	return held_from(seg, 0, holder);
}

/* The first byte is the init lock. */
int pq_bytes_held(const struct pq_segment *seg, pid_t *holder)
{
	return held_from(seg, PQ_LOCK_BASE + 1, holder);
}

/* ---- the init lock: byte 0, which is no incarnation ---- */

/* A process that only reads the object is no creator, and need not be waited
 * for. */
#define READER_PATIENCE PQ_SECOND

/* A process that has the init lock may be stopped: so the mutex is not kept
 * while this one waits for it, or no other thread could open or close a queue.
 */
static void pause_unlocked(int64_t pause)
{
	struct timespec ts = pq_timespec(pause);

	pthread_mutex_unlock(&open_mutex);
	nanosleep(&ts, NULL);
	pthread_mutex_lock(&open_mutex);
}

/* Each pause is twice as long as the one before, to a limit. */
static void pause_longer(int64_t *pause)
{
	pause_unlocked(*pause);
	if (*pause < 16 * PQ_MILLI)
		*pause *= 2;
}

int pq_init_lock(struct pq_segment *seg, int64_t deadline, uint32_t *holder)
{
	int64_t pause = PQ_MILLI / 4, now = pq_now();
	int64_t patience = pq_time_add(now, READER_PATIENCE);
	pid_t pid;

	if (!pq_locks_here(seg))
		return -EBADF;
	for (;; now = pq_now()) {
		int rc = lock_byte(seg->lock_fd, F_WRLCK, 0);

		if (rc != -EAGAIN && rc != -EACCES)
			return rc;
		if (now >= patience && read_locked(seg->lock_fd, 0, &pid)) {
			*holder = (uint32_t)pid;
			return -EBUSY;
		}
		if (now >= deadline) {
			ask_byte(seg->lock_fd, 0, &pid);
			*holder = (uint32_t)pid;
			return -ETIMEDOUT;
		}
		pause_longer(&pause);
	}
}

void pq_init_unlock(struct pq_segment *seg)
{
	lock_byte(seg->lock_fd, F_UNLCK, 0);
}

int pq_init_await(struct pq_segment *seg, int64_t deadline, uint32_t *holder)
{
	int64_t pause = PQ_MILLI / 4;
	int waited = 0, rc;
	pid_t pid;

	/* An onlooker found no lock file. */
	if (seg->lock_fd < 0)
		return 0;
	while ((rc = ask_byte(seg->lock_fd, 0, &pid)) > 0) {
		if (pq_now() >= deadline) {
			*holder = (uint32_t)pid;
			return -ETIMEDOUT;
		}
		pause_longer(&pause);
		waited = 1;
	}
	return rc < 0 ? rc : waited;
}

void pq_init_pause(void)
{
	pause_unlocked(PQ_MILLI);
}

/* ---- descriptors ---- */

/* Another view of this process with the same locks: to close the descriptors
 * of this one would drop them. */
static struct pq_segment *find_sibling(const struct pq_segment *seg)
{
	for (struct pq_segment *s = list; s; s = s->next)
		if (s != seg && same_locks(s, seg))
			return s;
	return NULL;
}

/* The analyzer of gcc 12 loses sight of a sibling in a list, and reports what
 * the sibling is given here as leaked. */
#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 10
# pragma GCC diagnostic push
# pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* Leave all descriptors to a sibling, which closes them with its own. If there
 * is no memory for that, they stay open as long as the process lives. */
static void park_descriptors(struct pq_segment *seg, struct pq_segment *at)
{
	size_t count = at->parked_count + seg->parked_count + 2;
	struct pq_parked *parked = realloc(at->parked, count * sizeof(*parked));

	if (!parked)
		return;
	at->parked = parked;
	while (seg->parked_count > 0)
		parked[at->parked_count++] = seg->parked[--seg->parked_count];
	parked[at->parked_count++] = (struct pq_parked){ seg->fd, seg->file };
	if (seg->lock_fd >= 0 && seg->lock_fd != seg->fd)
		parked[at->parked_count++] =
			(struct pq_parked){ seg->lock_fd, seg->lock_file };
}

#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 10
# pragma GCC diagnostic pop
#endif

void pq_close_descriptors(struct pq_segment *seg)
{
	struct pq_segment *sibling = find_sibling(seg);

	if (sibling) {
		park_descriptors(seg, sibling);
	} else {
		while (seg->parked_count > 0) {
			const struct pq_parked *p =
				&seg->parked[--seg->parked_count];

			pq_file_close(p->fd, p->file);
		}
		if (seg->lock_fd != seg->fd)
			pq_file_close(seg->lock_fd, seg->lock_file);
		pq_file_close(seg->fd, seg->file);
	}
	seg->fd = seg->lock_fd = -1;
	seg->lock_file.ino = seg->file.ino = 0;
}
