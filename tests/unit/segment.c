/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/segment.c - the shared object: made and joined by many at once, its
 * creator killed, half built, garbage, of another machine, removed, in use.
 */
#include <config.h>

#include <pthread.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#if PQ_USE_LINUX
# include "../kit/calls.h"
#endif
#include "format.h"
#include "layout.h"
#include "lock.h"

#define CAPACITY 5

/* As the creator writes it over an object that it is building. */
#define MAGIC_BUILDING UINT64_C(0x212121)

static _Alignas(PQ_LINE) char buffer[1 << 20];
static struct pq_header *const header = (void *)buffer;

static size_t read_object(char *bytes, size_t max)
{
	int fd = shm_open(fixture_object, O_RDONLY, 0);
	ssize_t n;

	need(fd >= 0);
	n = read(fd, bytes, max);
	close(fd);
	need(n >= 0);
	return (size_t)n;
}

/* ---- one creator ---- */

static void test_fresh(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	const struct pq_header *h = q->seg->header;
	struct procq_stat s;
	struct stat st;
	int bad = 0;

	procq_stat(q, &s);
	ok(s.capacity == CAPACITY && s.states[PROCQ_STATE_FREE] == CAPACITY &&
		   s.started == 0 && s.present == 0 && s.producers == 1 &&
		   s.consumers == 0 && s.dead == 0 && !s.closed,
	   "a new queue is empty, and has its creator");
	ok(fstat(q->seg->fd, &st) == 0 && (st.st_mode & 0777) == 0600 &&
	   (size_t)st.st_size == pq_segment_bytes(CAPACITY) &&
	   st.st_blocks * 512 >= st.st_size,
	   "its object has its mode and size, all of it allocated");
	is_int(fixture_hints(&q->seg->free, -1), CAPACITY, "all room is told");
	ok(atomic_load(&h->magic) == PQ_MAGIC && h->capacity == CAPACITY &&
	   h->version == PQ_VERSION && h->byte_order == 0x01020304 &&
	   h->word_size == sizeof(void *) && h->sem_size == sizeof(pq_sem) &&
	   h->size == (uint64_t)st.st_size && h->created > 0,
	   "the header says what it is");
	ok((fcntl(q->seg->fd, F_GETFD) & FD_CLOEXEC) != 0,
	   "its descriptor is closed on exec");
	is_int(procq_close(q), 1, "closing removes it");
	ok(!fixture_exists(), "it is gone");
	for (uint32_t c = 1; c < 70 && !bad; c++) {
		q = fixture_open(PROCQ_ROLE_PRODUCER, c);
		bad += procq_capacity(q) != c;
		bad += fixture_hints(&q->seg->free, -1) != (int)c;
		bad += procq_close(q) != 1;
	}
	is_int(bad, 0, "capacities from 1 to 69");
	bad = 0;
	for (uint32_t c = 1; c <= PROCQ_CAPACITY_MAX; c += 1 + c / 100)
		bad += pq_segment_bytes(c) > pq_segment_bytes(1) + 192 * c;
	is_int(bad, 0, "a record takes at most 192 bytes");
}

static void test_mode(void)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	struct stat st;
	mode_t old = umask(077);

	o.mode = 0666;
	need(procq_open(&q, fixture_queue, &o) == 0);
	umask(old);
	ok(fstat(q->seg->fd, &st) == 0 && (st.st_mode & 0777) == 0666,
	   "the mode is as asked for, whatever the umask");
	procq_close(q);
	o.mode = 01777;
	is_int(procq_open(&q, fixture_queue, &o), -EINVAL, "a mode too many");
}

static void other_capacity(void *arg)
{
	uint32_t found = 0;

	(void)arg;
	_exit(fixture_rc(PROCQ_ROLE_PRODUCER, 7, 0, &found) == -EEXIST &&
			      found == CAPACITY
		      ? 0
		      : 1);
}

static void test_options(void)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q = (void *)buffer;
	uint32_t found = 0;

	is_int(procq_open(&q, fixture_queue, NULL), -EINVAL, "no options");
	ok(q == NULL, "and no handle");
	o.size--;
	is_int(procq_open(&q, fixture_queue, &o), -EINVAL, "of another size");
	is_int(fixture_rc(0, 0, 0, NULL), -EINVAL, "no role");
	is_int(fixture_rc(5, 0, 0, NULL), -EINVAL, "an unknown role");
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, PROCQ_CAPACITY_MAX + 1, 0, NULL),
	       -EINVAL, "too large a capacity");
	is_int(fixture_rc(PROCQ_ROLE_CONSUMER, 0, PROCQ_OPEN_NOCREATE, NULL),
	       -ENOENT, "no such queue, and not to be made");
	is_int(fixture_rc(PROCQ_ROLE_ONLOOKER, 0, 0, NULL), -ENOENT,
	       "an onlooker never makes one");
	ok(!fixture_exists(), "so there is none");
	is_int(fixture_rc(PROCQ_ROLE_CONSUMER, 0, 0, NULL), 0,
	       "a consumer may");

	q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, 7, 0, &found), -EEXIST,
	       "another capacity than it has");
	is_int(found, CAPACITY, "it says which it has");
	is_int(fixture_run(other_capacity, NULL), 0, "from elsewhere too");
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, CAPACITY, 0, &found), 0,
	       "the same");
	is_int(fixture_rc(PROCQ_ROLE_CONSUMER, 0, 0, &found), 0, "as it is");
	procq_close(q);
	q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	is_int(procq_capacity(q), PROCQ_CAPACITY_DEFAULT, "or the default");
	procq_close(q);
}

/* ---- many at once ---- */

#define CROWD 50

struct gate {
	_Atomic int open;
	_Atomic int in;
	_Atomic int out;
	_Atomic uint64_t inodes[CROWD];
};

static struct gate *gate;

static void rush_in(void *arg)
{
	int i = *(int *)arg;
	struct procq *q;
	struct stat st;

	while (!atomic_load(&gate->open))
		fixture_sleep(100000);
	if (fixture_try(&q, i % 2 ? PROCQ_ROLE_PRODUCER : PROCQ_ROLE_CONSUMER,
			CAPACITY) < 0)
		_exit(1);
	fstat(q->seg->fd, &st);
	atomic_store(&gate->inodes[i], (uint64_t)st.st_ino);
	atomic_fetch_add(&gate->in, 1);
	while (!atomic_load(&gate->out))
		fixture_sleep(100000);
	/* One that leaves at this moment may look dead to others, but all of
	 * them give up their own places. */
	pq_sweep_dead(q->seg, NULL);
	if (atomic_load(&q->seg->header->swept) != 0)
		_exit(2);
	procq_close(q);
}

static void test_rush(void)
{
	int numbers[CROWD], bad = 0;
	pid_t pids[CROWD];

	for (int i = 0; i < CROWD; i++) {
		numbers[i] = i;
		pids[i] = fixture_fork(rush_in, &numbers[i]);
	}
	atomic_store(&gate->open, 1);
	while (atomic_load(&gate->in) < CROWD)
		fixture_sleep(1000000);
	for (int i = 1; i < CROWD; i++)
		bad += gate->inodes[i] != gate->inodes[0];
	is_int(bad, 0, "50 processes at once are all in one object");
	atomic_store(&gate->out, 1);
	for (int i = 0; i < CROWD; i++)
		bad += fixture_wait(pids[i]) != 0;
	is_int(bad, 0, "and leave it at once");
	ok(!fixture_exists(), "the last one out removes it");
}

/* Creation, joining, leaving and removing race all the time. */
static void in_and_out(void *arg)
{
	for (int i = 0; i < *(int *)arg; i++) {
		struct procq *q;

		if (fixture_try(&q, PROCQ_ROLE_CONSUMER, CAPACITY) < 0)
			_exit(1);
		if (procq_capacity(q) != CAPACITY || pq_member_find(
				q->seg, q->incarnation) != (int)q->place)
			_exit(2);
		procq_close(q);
	}
}

static void test_churn(void)
{
	int rounds = fixture_rounds(150);

	is_int(fixture_crowd(8, in_and_out, &rounds), 0,
	       "eight processes make, join, leave and remove it");
	if (!ok(!fixture_exists(), "none of the objects is left"))
		fixture_clean();
}

/* ---- killed creators ---- */

static void create_and_stay(void *arg)
{
	fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	fixture_rest(arg);
}

static int heal(void)
{
	struct procq *q;
	int bad = 0;

	if (fixture_try(&q, PROCQ_ROLE_CONSUMER, CAPACITY) < 0)
		return 1;
	pq_sweep_dead(q->seg, NULL);
	bad += fixture_hints(&q->seg->free, -1) != CAPACITY;
	bad += procq_close(q) != 1;
	bad += fixture_exists();
	return bad;
}

static void test_killed_creator(void)
{
	unsigned random = 1;
	int bad = 0, early = 0, rounds = fixture_rounds(300);

	for (int i = 0; i < rounds && !bad; i++) {
		pid_t pid = fixture_fork(create_and_stay, NULL);

		random = random * 1103515245 + 12345;
		fixture_sleep(random / 65536 % 600 * 1000);
		fixture_end(pid);
		early += !fixture_exists();
		bad += heal();
	}
	is_int(bad, 0, "a creator killed after a moment: the next one heals it");
	note("%d of %d were killed before there was an object", early,
	     rounds);
}

static void builds(const char *what)
{
	struct procq *q = NULL;
	int rc = fixture_try(&q, PROCQ_ROLE_PRODUCER, CAPACITY);

	ok(rc == 0 && procq_capacity(q) == CAPACITY &&
	   fixture_hints(&q->seg->free, -1) == CAPACITY &&
	   fixture_sum(q) == 0 && procq_close(q) == 1, "%s: built anew", what);
	if (rc < 0)
		note("  %s", procq_strerror(rc));
	fixture_clean();
}

static void test_half_built(void)
{
	uint64_t building = MAGIC_BUILDING;
	size_t full = pq_segment_bytes(CAPACITY);

	fixture_make("", 0, 0);
	is_int(fixture_rc(PROCQ_ROLE_CONSUMER, 0, PROCQ_OPEN_NOCREATE, NULL),
	       -ENOENT, "half built is as good as not there");
	builds("an empty object");
	fixture_make("", 0, sizeof(struct pq_header));
	builds("a header of zeros");
	fixture_make(&building, 8, sizeof(struct pq_header));
	builds("a header, being built");
	fixture_make(&building, 8, full - 4096);
	builds("a part of it, being built");
	memset(buffer, 0x5a, full);
	memcpy(buffer, &building, 8);
	fixture_make(buffer, full, full);
	builds("all of it, filled with anything");
	fixture_make(buffer, full, full + 65536);
	builds("more of it, for a larger capacity");
}

static void *open_cancelled(void *arg)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	int state;

	pthread_cancel(pthread_self());
	o.deadline = procq_now() + 5000000;
	*(int *)arg = procq_open(&q, fixture_queue, &o);
	/* The request stands. It is not met: AddressSanitizer complains of a
	 * thread whose stack is unwound. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state == PTHREAD_CANCEL_ENABLE ? arg : NULL;
}

/* A thread that is cancelled while it waits for the creator must not keep the
 * others of its process from opening anything, ever. */
static void cancel_opener(void *arg)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	pthread_t thread;
	void *how;
	int rc = 0;

	(void)arg;
	alarm(10);
	need(pthread_create(&thread, NULL, open_cancelled, &rc) == 0 &&
	     pthread_join(thread, &how) == 0);
	o.deadline = procq_now() + 5000000;
	_exit(how == &rc && rc == -ETIMEDOUT &&
	      procq_open(&q, fixture_queue, &o) == -ETIMEDOUT ? 0 : 1);
}

static void *end_later(void *arg)
{
	fixture_sleep(50000000);
	fixture_end(*(const pid_t *)arg);
	return NULL;
}

/* A creator at work is waited for by those that create nothing, too. They ask
 * for its lock, and take none. */
static void onlooks(uint32_t role, const char *whose)
{
	struct procq_options o =
		fixture_options(role, 0, PROCQ_OPEN_NOCREATE);
	struct procq *q;
	pthread_t thread;
	pid_t pid;

	fixture_make("", 0, sizeof(struct pq_header));
	pid = fixture_launch(fixture_build_for_ever);
	o.deadline = procq_now() + 50000000;
	ok(procq_open(&q, fixture_queue, &o) == -ETIMEDOUT &&
	   o.found == (uint32_t)pid && procq_now() >= o.deadline,
	   "%s waits for a creator until the deadline", whose);
	need(pthread_create(&thread, NULL, end_later, &pid) == 0);
	o.deadline = PROCQ_FOREVER;
	o.found = 0;
	ok(procq_open(&q, fixture_queue, &o) == -ENOENT && o.found == 1,
	   "… and no longer than it lives");
	pthread_join(thread, NULL);
	fixture_clean();
}

#define LATE_OPENS 40

static void make_large(void *arg)
{
	(void)arg;
	for (int i = 0; i < LATE_OPENS; i++) {
		struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 20000);

		fixture_sleep(2000000);
		need(procq_close(q) == 1);
	}
	_exit(0);
}

/* One is made and removed all the time: it is there or not, and nobody that
 * looks takes it for a dead creator's. */
static void test_onlookers(void)
{
	uint32_t found;
	int unfinished = 0, opened = 0, rc, status;
	pid_t pid;

	onlooks(PROCQ_ROLE_ONLOOKER, "an onlooker");
	onlooks(PROCQ_ROLE_KEEPER, "a keeper that is not to create");
	pid = fixture_fork(make_large, NULL);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		found = 0;
		rc = fixture_rc(PROCQ_ROLE_ONLOOKER, 0, 0, &found);
		opened += rc == 0;
		unfinished += rc == -ENOENT && found;
	}
	is_int(status, 0, "an onlooker keeps no creator from its work");
	ok(opened > 0, "it finds the queue");
	is_int(unfinished, 0, "and never an unfinished one");
}

#if PQ_USE_LINUX
/* @param arg the pid of the creator that it is to wait for */
static void look_traced(void *arg)
{
	struct procq_options o = fixture_options(PROCQ_ROLE_ONLOOKER, 0,
						 PROCQ_OPEN_NOCREATE);
	const _Atomic int32_t *creator = arg;
	struct procq *q;
	int rc;

	raise(SIGSTOP);
	o.deadline = procq_now() + 50000000;
	rc = procq_open(&q, fixture_queue, &o);
	_exit(rc == -ETIMEDOUT && o.found == (uint32_t)*creator ? 0 : -rc);
}

/* The creator takes the lock when the onlooker has just asked for it, and has
 * made something of the object when it looks. */
static void test_late_creator(void)
{
	_Atomic int32_t *creator = fixture_shared(sizeof(*creator));
	int asked = 0, status;
	struct call call;
	pid_t tracee;

	fixture_make("", 0, 0);
	tracee = calls_start(look_traced, creator);
	while (calls_next(tracee, &call, &status)) {
		if (asked == 1) {
			*creator = fixture_launch(fixture_build_for_ever);
			fixture_put(sizeof(struct pq_header) - 8, 0, 8);
		}
		if (asked || (calls_is_look(&call) && call.args[1] == F_GETLK))
			asked++;
	}
	ok(asked > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0,
	   "a creator that comes after the question is waited for, too");
	if (*creator > 1)
		fixture_end(*creator);
	munmap((void *)creator, sizeof(*creator));
	fixture_clean();
}
#endif

static void test_slow_creator(void)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	pid_t pid;

	fixture_make("", 0, 0);
	pid = fixture_launch(fixture_build_for_ever);
	o.deadline = procq_now() + 50000000;
	is_int(procq_open(&q, fixture_queue, &o), -ETIMEDOUT,
	       "a creator that does not come to an end: the deadline");
	is_int(o.found, pid, "and which process it is");
	is_int(fixture_run(cancel_opener, NULL), 0,
	       "a thread that is cancelled waiting for it keeps no lock");
	fixture_end(pid);
	builds("when it is dead");
}

/* ---- what is not a queue, or not ours ---- */

static void untouched(const void *bytes, size_t n, size_t size,
		      const char *what)
{
	char *before = malloc(size + 1), *after = malloc(size + 1);
	uint32_t found;

	need(before && after);
	fixture_make(bytes, n, size);
	read_object(before, size);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, CAPACITY, 0, &found), -EBADMSG,
	       what);
	is_int(fixture_rc(PROCQ_ROLE_ONLOOKER, 0, 0, &found), -EBADMSG,
	       "… for an onlooker too");
	ok(read_object(after, size + 1) == size &&
	   memcmp(before, after, size) == 0, "… and is left as it was");
	free(before);
	free(after);
	fixture_clean();
}

static void test_garbage(void)
{
	size_t full = pq_segment_bytes(CAPACITY);

	memset(buffer, 'x', full);
	untouched("hello", 5, 5, "five bytes");
	untouched("", 0, 1, "one byte of zero");
	untouched("", 0, sizeof(struct pq_header) - 1,
		  "a little less than a header of zeros");
	untouched("", 0, sizeof(struct pq_header) + 1, "a little more");
	untouched("", 0, full, "as large as a queue, all zeros");
	untouched("", 0, sizeof(struct pq_header) - 1, "nearly a header");
	buffer[0] = 0;
	untouched(buffer, full, full, "anything, as large as a queue");
	memset(buffer, 0, 8);
	untouched(buffer, sizeof(struct pq_header), sizeof(struct pq_header),
		  "no magic, and the header is not empty");
}

static void refused(size_t size, int want, const char *what)
{
	uint32_t found = 0;

	fixture_make(buffer, size, size);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, &found), want, what);
	fixture_clean();
}

#define FALSIFY(field, value, want, what) \
	do { \
		size_t size_ = fixture_bytes(buffer, sizeof(buffer), \
					     CAPACITY); \
		header->field = value; \
		refused(size_, want, what); \
	} while (0)

#if PQ_USE_LINUX
/* A look from outside, where the objects are. */
static void test_magic(void)
{
	int dir = open("/dev/shm", O_RDONLY | O_DIRECTORY);

	need(dir >= 0);
	is_int(pq_segment_has_magic(dir, fixture_object + 1), -ENOENT,
	       "what is not there is no queue");
	fixture_make("abc", 3, 3);
	is_int(pq_segment_has_magic(dir, fixture_object + 1), 0,
	       "nor are three bytes");
	fixture_clean();
	close(dir);
}
#endif

static void test_headers(void)
{
	size_t size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);

	fixture_make(buffer, size, size);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, NULL), 0,
	       "a copy of a good object is a queue");
	fixture_clean();
	FALSIFY(version, PQ_VERSION + 1, -EPROTONOSUPPORT, "another version");
	FALSIFY(byte_order, 0x04030201, -EPROTONOSUPPORT, "byte order");
	FALSIFY(word_size, 2, -EPROTONOSUPPORT, "word size");
	FALSIFY(page_size, 3, -EPROTONOSUPPORT, "size of a page");
#if PQ_USE_LINUX
	FALSIFY(boot_id[1], 42, -ESTALE, "an earlier boot");
	header->boot_id[0] = 0;
	header->boot_id[1] = 0;
	fixture_make(buffer, size, size);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, NULL), 0,
	       "a boot that is unknown may be this one");
	fixture_clean();
#endif
	FALSIFY(capacity, 0, -EBADMSG, "a capacity of 0");
	FALSIFY(capacity, PROCQ_CAPACITY_MAX + 1, -EBADMSG, "too large a one");
	FALSIFY(capacity, CAPACITY + 1, -EBADMSG, "one that is not the size's");
	FALSIFY(size, 17, -EBADMSG, "a size that is not the capacity's");
	size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	refused(size - 1, -EBADMSG, "an object that is too short");
}

/* What is built otherwise is refused by what differs, and nobody here unlinks
 * it while it is used in the other place. */
static void refused_build(uint32_t differs, const char *what)
{
	size_t size = pq_segment_bytes(CAPACITY);
	uint32_t found = 0;
	int rc;

	fixture_make(buffer, size, size);
	rc = fixture_rc(PROCQ_ROLE_KEEPER, 0, 0, &found);
	ok(rc == -EPROTONOSUPPORT && found == differs, "%s", what);
	rc = fixture_rc(PROCQ_ROLE_ONLOOKER, 0, 0, &found);
	ok(rc == -EPROTONOSUPPORT && found == differs, "… to an onlooker");
	fixture_clean();
}

static void test_builds(void)
{
#define DIFFERS(field, value, kind, what) \
	do { \
		fixture_bytes(buffer, sizeof(buffer), CAPACITY); \
		header->field = value; \
		refused_build(kind, what); \
	} while (0)

	DIFFERS(version, 77, PROCQ_DIFFERS_VERSION, "another version");
	DIFFERS(byte_order, 0x04030201, PROCQ_DIFFERS_MACHINE, "byte order");
	DIFFERS(word_size, 2, PROCQ_DIFFERS_MACHINE, "words of another size");
	DIFFERS(page_size, 3, PROCQ_DIFFERS_MACHINE, "pages of another size");
	DIFFERS(lock_place, header->lock_place ^ 3, PROCQ_DIFFERS_LOCKS,
		"locks in the other place");
	DIFFERS(lock_base, 0, PROCQ_DIFFERS_LOCKS, "offsets of 32 bits");
	DIFFERS(sem_size, 1, PROCQ_DIFFERS_SEMAPHORE, "size of a semaphore");
	DIFFERS(sem_kind, header->sem_kind + 1, PROCQ_DIFFERS_SEMAPHORE,
		"semaphores of another C library");
	DIFFERS(clock, 77, PROCQ_DIFFERS_CLOCK, "another clock");
	/* All numbers are turned round, also the magic. */
	DIFFERS(magic, UINT64_C(0x50524f4350513031), PROCQ_DIFFERS_MACHINE,
		"a machine of the other order of bytes");
	/* Of another version no more than that is read. */
	fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	header->version = 77;
	memset(buffer + 16, 0xff, sizeof(*header) - 16);
	refused_build(PROCQ_DIFFERS_VERSION, "another version, of any content");
}

/* Holds a byte where a build of the other kind has its locks. */
static void lock_elsewhere(void *arg)
{
	fixture_hold(fixture_locks(!PQ_USE_SHM_LOCKS), F_WRLCK, 7, 1, arg);
}

static void test_used_by_another_build(void)
{
	size_t size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	uint32_t found = 0;
	pid_t pid;

	header->lock_place ^= 3;
	fixture_make(buffer, size, size);
	pid = fixture_launch(lock_elsewhere);
	ok(procq_unlink(fixture_queue, &found) == -EBUSY &&
	   found == (uint32_t)pid && fixture_exists(),
	   "a queue of another build that is in use is not unlinked");
	fixture_end(pid);
	is_int(procq_unlink(fixture_queue, &found), 0,
	       "it is when nobody uses it");
	fixture_clean();
}

/* ---- other namespaces ---- */

/* A queue of another PID namespace, without a lock: a record in this state,
 * whose producer had these flags. */
static void make_foreign(unsigned state, uint32_t flags)
{
	size_t size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	struct pq_segment seg = { .size = size };

	pq_format_locate(&seg, (void *)buffer, CAPACITY);
	seg.header->pid_namespace ^= 1;
	atomic_store(&seg.records[1].word, pq_word(state, 0, 0, 7));
	atomic_store(&seg.records[1].producer, pq_producer(3, flags));
	fixture_make(buffer, size, size);
}

static void hold_a_byte(void *arg)
{
	fixture_hold(fixture_locks(PQ_USE_SHM_LOCKS), F_WRLCK,
		     PQ_LOCK_BASE + 3, 1, arg);
}

static void test_two_replace(void)
{
	struct procq_options o = fixture_options(PROCQ_ROLE_PRODUCER, 0, 0);
	struct procq *q;
	pthread_t thread;
	pid_t pid;

	make_foreign(PROCQ_STATE_FREE, 0);
	pid = fixture_launch(fixture_build_for_ever);
	o.deadline = procq_now() + 1000000;
	ok(procq_open(&q, fixture_queue, &o) == -ETIMEDOUT &&
	   o.found == (uint32_t)pid,
	   "who comes while another replaces it waits, and says for whom");
	need(pthread_create(&thread, NULL, end_later, &pid) == 0);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, CAPACITY + 1, 0, NULL), 0,
	       "when that one is dead, it replaces it itself");
	pthread_join(thread, NULL);
	fixture_clean();
}

static void test_foreign(void)
{
	uint32_t found = 9;
	pid_t pid;

	make_foreign(PROCQ_STATE_QUEUED, PQ_F_KEEP);
	ok(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, &found) == -EXDEV &&
		   found == 0,
	   "a queue of another PID namespace with kept processes is refused");
	ok(fixture_exists() && procq_unlink(fixture_queue, &found) == 0,
	   "and stays until it is unlinked by hand");
	make_foreign(PROCQ_STATE_RESERVED, PQ_F_KEEP);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, &found), -EXDEV,
	       "one that is being started may be one");
	fixture_clean();
	make_foreign(PROCQ_STATE_QUEUED, PQ_F_LEFT);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, &found), -EXDEV,
	       "so may those of a producer that has left");
	fixture_clean();
	for (unsigned state = PROCQ_STATE_EXITED; state <= PROCQ_STATE_GONE;
	     state++) {
		make_foreign(state, PQ_F_LEFT);
		is_int(fixture_rc(PROCQ_ROLE_PRODUCER, CAPACITY, 0, &found), 0,
		       "but for those that are dead");
		fixture_clean();
	}
	make_foreign(PROCQ_STATE_FREE, PQ_F_KEEP);
	pid = fixture_launch(hold_a_byte);
	ok(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, &found) == -EXDEV &&
		   found == PROCQ_FOREIGN_USED,
	   "one that is in use is refused, and that is told");
	ok(fixture_rc(PROCQ_ROLE_ONLOOKER, 0, 0, &found) == -EXDEV &&
		   found == PROCQ_FOREIGN_USED,
	   "… to an onlooker, too");
	fixture_end(pid);
	ok(fixture_rc(PROCQ_ROLE_CONSUMER, 0, PROCQ_OPEN_NOCREATE, &found) ==
			   -EXDEV && found == 0,
	   "one that nobody uses is refused to who does not create");
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, CAPACITY + 1, 0, &found), 0,
	       "and a creator replaces it");
	fixture_clean();
#if PQ_USE_PDEATHSIG
	make_foreign(PROCQ_STATE_QUEUED, 0);
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, CAPACITY + 1, 0, &found), 0,
	       "also with what its dead producer's death has ended");
	fixture_clean();
#endif
}

static void test_pid_one(void)
{
	size_t size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	uint32_t found = 0;

	if (!header->pid_one) {
		skip("a PID namespace with the inode of an earlier one",
		     "no start time of pid 1");
		return;
	}
	header->pid_one++;
	fixture_make(buffer, size, size);
	is_int(fixture_rc(PROCQ_ROLE_CONSUMER, 0, PROCQ_OPEN_NOCREATE, &found),
	       -EXDEV, "a PID namespace with the inode of an earlier one");
	fixture_clean();
	header->pid_one = 0;
	fixture_make(buffer, size, size);
	is_int(fixture_rc(PROCQ_ROLE_CONSUMER, 0, PROCQ_OPEN_NOCREATE, &found),
	       0, "if it is not known, the inode decides");
	fixture_clean();
}

static void test_time_namespace(void)
{
	size_t size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	uint32_t found = 0;

	header->time_namespace ^= 1;
	fixture_make(buffer, size, size);
	ok(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, &found) == -EXDEV &&
		   found == PROCQ_FOREIGN_TIME && fixture_exists(),
	   "another time namespace: refused, and never replaced");
	is_int(procq_unlink(fixture_queue, &found), 0,
	       "but unlinked by hand, when nobody uses it");
}

static void is_no_object(const char *what)
{
	is_int(fixture_rc(PROCQ_ROLE_PRODUCER, 0, 0, NULL), -ENODEV, what);
}

static void test_names_that_lead_elsewhere(void)
{
	char path[sizeof(fixture_object) + 16];

	snprintf(path, sizeof(path), "/dev/shm%s", fixture_object);
	if (access("/dev/shm", W_OK) < 0)
		skip("names that lead elsewhere", "no /dev/shm");
	else
		fixture_no_objects(path, is_no_object);
}

/* ---- removing ---- */

static void test_remove(void)
{
	struct pq_origin origin = { 0 };
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY), *again;
	uint64_t word;
	pid_t pid;

	pid = fixture_launch(fixture_stay);
	is_int(procq_remove(q), -EBUSY, "a queue in use is not removed");
	ok(fixture_exists() && pq_member_find(q->seg, q->incarnation) >= 0,
	   "and we are still in it");
	fixture_end(pid);
	need(pq_record_reserve(q->seg, q->place + 1, &origin, &word) == 0);
	is_int(procq_remove(q), -EBUSY, "nor one that is not empty");
	ok(atomic_load(&q->seg->header->state) == PQ_OBJECT_OPEN,
	   "it stays open");
	pq_record_cancel(q->seg, 0, word);
	is_int(procq_remove(q), 0, "an empty one that only the dead use is");
	ok(!fixture_exists(), "it is gone");
	again = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY + 1);
	ok(again->seg != q->seg && procq_capacity(again) == CAPACITY + 1,
	   "a new one is another object");
	is_int(procq_remove(q), -EINVAL, "which the old handle does not remove");
	procq_close(q);
	ok(fixture_exists(), "nor its closing");
	is_int(procq_close(again), 1, "the new one's does");
}

/* Somebody has removed it by hand. */
static void test_unlinked(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY), *again;

	need(shm_unlink(fixture_object) == 0);
	again = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY + 1);
	ok(again->seg != q->seg && procq_capacity(again) == CAPACITY + 1,
	   "beside a handle whose name is gone another is opened");
	is_int(procq_remove(q), 1, "the old one's handle is told that it is gone");
	procq_close(q);
	ok(fixture_exists(), "nor its closing");
	is_int(procq_close(again), 1, "the new one's does");
}

/* A remover is killed after it has said so, before it has done so. */
static void test_dead_remover(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY);
	size_t size = q->seg->size;

	memcpy(buffer, q->seg->header, size);
	procq_close(q);
	atomic_store(&header->state, 1);
	memset(buffer + size - PROCQ_PARTICIPANTS_MAX * 128, 0,
	       PROCQ_PARTICIPANTS_MAX * 128);
	fixture_make(buffer, size, size);
	q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	ok(atomic_load(&q->seg->header->state) == PQ_OBJECT_OPEN,
	   "a dead remover's proposal is undone by a newcomer");
	is_int(procq_close(q), 1, "which then removes it itself");

	atomic_store(&header->state, PQ_OBJECT_FINAL);
	fixture_make(buffer, size, size);
	is_int(fixture_rc(PROCQ_ROLE_CONSUMER, 0, PROCQ_OPEN_NOCREATE, NULL),
	       -ENOENT, "a final one is as good as not there");
	q = fixture_open(PROCQ_ROLE_CONSUMER, CAPACITY + 2);
	ok(procq_capacity(q) == CAPACITY + 2,
	   "and the next one makes another");
	procq_close(q);
}

/* ---- onlookers, and locks ---- */

static void sweep_from_elsewhere(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 0);
	int swept = pq_sweep_dead(q->seg, NULL);

	(void)arg;
	procq_close(q);
	_exit(swept);
}

static int swept_from_elsewhere(void)
{
	return fixture_run(sweep_from_elsewhere, NULL);
}

static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_onlooker(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY), *look;
	struct procq_stat s;
	struct procq_process d;

	for (int i = 0; i < 3; i++) {
		look = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
		procq_stat(look, &s);
		procq_close(look);
	}
	is_int(swept_from_elsewhere(), 0,
	       "an onlooker beside a participant costs it no lock");
	look = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	is_int(procq_take(look, NULL, &d), -EINVAL, "an onlooker takes nothing");
	is_int(procq_spawn(look, NULL, NULL), -EINVAL, "nor starts anything");
	is_int(procq_remove(look), -EINVAL, "nor removes");
	procq_close(q);
	ok(!fixture_exists(), "nor holds a queue");
	procq_close(look);
}

/* The onlooker first: its view is read-only, so that a participant beside it
 * has a descriptor of its own, and locks that either's closing would drop. */
static void test_onlooker_first(void)
{
	int before = descriptors();
	struct procq *look, *late;
	struct procq_stat s;
	pid_t pid;

	pid = fixture_launch(fixture_stay);
	look = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	ok(look->seg->readonly, "an onlooker maps it read-only");
	late = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	ok(late->seg != look->seg, "a participant beside it does not");
	procq_stat(look, &s);
	ok(s.dead == 0 && s.producers == 1 && s.consumers == 1,
	   "which the onlooker sees alive");
	is_int(procq_drained(look), 0, "and at work");
	procq_close(look);
	is_int(swept_from_elsewhere(), 0,
	       "the onlooker leaves: the participant keeps its locks");
	procq_close(late);
	look = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	late = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	procq_close(late);
	procq_close(look);
	fixture_end(pid);
	is_int(swept_from_elsewhere(), 1, "only the killed one is dead");
	fixture_clean();
	is_int(descriptors(), before, "no descriptor is left over");
}

int main(void)
{
	fixture_begin("segment");
	gate = fixture_shared(sizeof(*gate));
	test_fresh();
	test_mode();
	test_options();
	test_rush();
	test_churn();
	test_killed_creator();
	test_half_built();
	test_slow_creator();
	test_onlookers();
	test_garbage();
#if PQ_USE_LINUX
	if (calls_try())
		test_late_creator();
	test_magic();
#endif
	test_headers();
	test_builds();
	test_used_by_another_build();
	test_foreign();
	test_two_replace();
	test_pid_one();
	test_time_namespace();
	test_names_that_lead_elsewhere();
	test_remove();
	test_unlinked();
	test_dead_remover();
	test_onlooker();
	test_onlooker_first();
	return done();
}
