/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fixture.h - queues for tests that look inside: a name of the test's own,
 * handles, children that are killed, and nothing left behind.
 *
 * After tap.h. Must not be used by tests of the programs.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "format.h"
#include "handle.h"
#include "lock.h"
#include "member.h"
#include "procq.h"
#include "record.h"
#include "segment.h"
#include "sweep.h"
#include "unlink.h"
#include "word.h"

#define FIXTURE_SECONDS 100

/* FIXTURE_SLOW is set under a tool that makes everything slow (valgrind.test):
 * a longer limit, and fewer rounds of what is repeated to meet a moment. */
TAP_UNUSED static unsigned fixture_seconds(void)
{
	return getenv("FIXTURE_SLOW") ? 10 * FIXTURE_SECONDS : FIXTURE_SECONDS;
}

TAP_UNUSED static int fixture_rounds(int rounds)
{
	return getenv("FIXTURE_SLOW") ? (rounds + 9) / 10 : rounds;
}

/* How long a stress test takes: as the environment says, or 2 s. */
TAP_UNUSED static int64_t fixture_seconds_of(const char *variable)
{
	const char *text = getenv(variable);
	long n = text ? atol(text) : 0;

	return n > 0 && n < FIXTURE_SECONDS ? n : 2;
}

static char fixture_queue[64];
static char fixture_object[PROCQ_NAME_SIZE];
static pid_t fixture_pid;

/* Also from a signal handler. */
static void fixture_clean(void)
{
	char lock_name[PROCQ_NAME_SIZE + 32] = "/tmp/procq-lock.";

	if (getpid() != fixture_pid)
		return;
	shm_unlink(fixture_object);
	/* The portable build has a lock file beside it. */
	strcat(lock_name, fixture_object + 1);
	unlink(lock_name);
}

static void fixture_die(int signo)
{
	fixture_clean();
	signal(signo, SIG_DFL);
	raise(signo);
}

/* Name the queue t<pid>.<test>. It is removed when this process ends, for
 * whatever reason, after FIXTURE_SECONDS at the latest. */
TAP_UNUSED static void fixture_begin(const char *test)
{
	static const int signals[] = {
		SIGHUP, SIGINT, SIGTERM, SIGALRM, SIGABRT, SIGSEGV, SIGBUS,
	};

	fixture_pid = getpid();
	snprintf(fixture_queue, sizeof(fixture_queue), "t%ld.%s",
		 (long)fixture_pid, test);
	if (procq_object_name(fixture_queue, fixture_object) < 0)
		exit(99);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], fixture_die);
	atexit(fixture_clean);
	alarm(fixture_seconds());
}

/* End the test at once if this fails: what follows depends on it. */
#define need(good) \
	do { \
		if (!(good)) { \
			printf("Bail out! %s:%d: %s\n", __FILE__, __LINE__, \
			       #good); \
			exit(99); \
		} \
	} while (0)

/* The same in a child: end it, with an exit status of 1. */
#define must(good) \
	do { \
		if (!(good)) { \
			fprintf(stderr, "# %s:%d: not %s\n", __FILE__, \
				__LINE__, #good); \
			_exit(1); \
		} \
	} while (0)

/* @param capacity 0: that of the object that is there */
TAP_UNUSED static struct procq_options
fixture_options(uint32_t role, uint32_t capacity, uint32_t flags)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	o.role = role;
	o.capacity = capacity;
	o.flags = flags;
	o.deadline = procq_now() + 20 * PQ_SECOND;
	return o;
}

TAP_UNUSED static int fixture_try(struct procq **q, uint32_t role,
				  uint32_t capacity)
{
	struct procq_options o = fixture_options(role, capacity, 0);

	return procq_open(q, fixture_queue, &o);
}

/* Join, and leave at once. @param found NULL, or what is found on an error */
TAP_UNUSED static int fixture_rc(uint32_t role, uint32_t capacity,
				 uint32_t flags, uint32_t *found)
{
	struct procq_options o = fixture_options(role, capacity, flags);
	struct procq *q;
	int rc = procq_open(&q, fixture_queue, &o);

	if (found)
		*found = o.found;
	if (rc == 0)
		procq_close(q);
	return rc;
}

TAP_UNUSED static struct procq *fixture_open(uint32_t role, uint32_t capacity)
{
	struct procq *q;

	need(fixture_try(&q, role, capacity) == 0);
	return q;
}

/* A child process that runs body and ends; it dies with the test. */
TAP_UNUSED static pid_t fixture_fork(void (*body)(void *), void *arg)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	need(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(fixture_seconds());
	signal(SIGALRM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(98);
	body(arg);
	_exit(0);
}

/* The exit status of this child, or minus the signal that ended it. */
TAP_UNUSED static int fixture_wait(pid_t pid)
{
	int status;

	need(pid > 0);
	while (waitpid(pid, &status, 0) < 0)
		need(errno == EINTR);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TAP_UNUSED static int fixture_run(void (*body)(void *), void *arg)
{
	return fixture_wait(fixture_fork(body, arg));
}

static void fixture_become(void *arg)
{
	_exit(seteuid(*(const uid_t *)arg) == 0 ? 0 : 1);
}

/* May this process be that user? In a user namespace root is not all users. */
TAP_UNUSED static bool fixture_may_be(uid_t uid)
{
	return geteuid() == 0 && fixture_run(fixture_become, &uid) == 0;
}

TAP_UNUSED static void fixture_rest(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

/* A child that does nothing until it is ended. */
TAP_UNUSED static pid_t fixture_bystander(void)
{
	return fixture_fork(fixture_rest, NULL);
}

/* Until this child is dead. It stays a zombie. */
TAP_UNUSED static void fixture_await_death(pid_t pid)
{
	siginfo_t info;

	need(pid > 1 &&
	     waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
}

/* Until this child is stopped. */
TAP_UNUSED static void fixture_await_stop(pid_t pid)
{
	siginfo_t info;

	need(pid > 1 && waitid(P_PID, (id_t)pid, &info,
			       WEXITED | WSTOPPED | WNOWAIT) == 0 &&
	     info.si_code == CLD_STOPPED);
}

/* Kill this child. It stays a zombie. */
TAP_UNUSED static void fixture_kill(pid_t pid)
{
	need(pid > 1 && kill(pid, SIGKILL) == 0);
	fixture_await_death(pid);
}

/* Kill this child and take its status away. */
TAP_UNUSED static void fixture_end(pid_t pid)
{
	need(pid > 1 && kill(pid, SIGKILL) == 0);
	fixture_wait(pid);
}

/* The descriptor that the next open() gives. */
TAP_UNUSED static int fixture_lowest_fd(void)
{
	int fd = dup(STDOUT_FILENO);

	need(fd >= 0);
	close(fd);
	return fd;
}

/* n children at once. @return how many end with something else than 0 */
TAP_UNUSED static int fixture_crowd(int n, void (*body)(void *), void *arg)
{
	pid_t pids[16];
	int bad = 0;

	need(n <= 16);
	for (int i = 0; i < n; i++)
		pids[i] = fixture_fork(body, arg);
	for (int i = 0; i < n; i++)
		bad += fixture_wait(pids[i]) != 0;
	return bad;
}

/* The value of a key in its /proc/PID/status, valid until the next call; NULL
 * if there is no such process. */
TAP_UNUSED static const char *fixture_status_if_any(pid_t pid, const char *key)
{
	static char line[256];
	size_t n = strlen(key);
	bool found = false;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	while (!found && fgets(line, sizeof(line), f))
		found = strncmp(line, key, n) == 0 && line[n] == ':';
	fclose(f);
	return found ? line + n + 2 : NULL;
}

/* The same, of a process that must be there. */
TAP_UNUSED static const char *fixture_status(pid_t pid, const char *key)
{
	const char *value = fixture_status_if_any(pid, key);

	need(value);
	return value;
}

static void fixture_look(void *arg)
{
	(void)arg;
	_exit(shm_open(fixture_object, O_RDONLY, 0) >= 0);
}

/* Is there an object of this name? Asked by a child: a second descriptor,
 * once closed, would cost this process its locks. */
TAP_UNUSED static bool fixture_exists(void)
{
	return fixture_run(fixture_look, NULL) == 1;
}

TAP_UNUSED static void fixture_sleep(int64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000),
			       (long)(ns % 1000000000) };

	nanosleep(&ts, NULL);
}

/* Start an idle process, which has entered. */
TAP_UNUSED static struct procq_process
fixture_spawn(struct procq *q, uint32_t method, uint32_t flags)
{
	struct procq_command idle = PROCQ_COMMAND_INIT;
	struct procq_process p;

	idle.method = method;
	idle.flags = flags | PROCQ_SPAWN_ENTERED;
	need(procq_spawn(q, &idle, &p) == 0);
	return p;
}

/* The next confirmed death.
 * @param producer who reaps meanwhile; NULL: nobody */
TAP_UNUSED static struct procq_event
fixture_collect(struct procq *consumer, struct procq *producer)
{
	struct procq_event e;
	int rc;

	while ((rc = procq_collect(consumer, &e)) == 0) {
		if (producer)
			procq_reap(producer);
		procq_wait(consumer, PROCQ_WAIT_DEATH,
			   procq_now() + 5 * PQ_MILLI);
	}
	need(rc == 1);
	return e;
}

/* Reap one child, and report its end, too: no other is in the queue dead. */
TAP_UNUSED static struct procq_event fixture_reap(struct procq *q)
{
	struct procq_process p;
	struct procq_event e;

	while (procq_reap(q) == 0)
		fixture_sleep(PQ_MILLI);
	need(procq_take_exited(q, &p) == 0 && procq_collect(q, &e) == 1);
	return e;
}

/* The body of another process that looks; arg is where in struct procq_stat. */
static void fixture_count(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	struct procq_stat s;
	uint32_t n;

	procq_stat(q, &s);
	memcpy(&n, (char *)&s + (size_t)arg, sizeof(n));
	_exit((int)n);
}

/* How many participants look dead, or are consumers, to another process. */
TAP_UNUSED static int fixture_dead_elsewhere(void)
{
	return fixture_run(fixture_count,
			   (void *)offsetof(struct procq_stat, dead));
}

TAP_UNUSED static int fixture_consumers_elsewhere(void)
{
	return fixture_run(fixture_count,
			   (void *)offsetof(struct procq_stat, consumers));
}

/* The bytes of a good object, for tests to falsify; how many. */
TAP_UNUSED static size_t fixture_bytes(void *buffer, size_t room,
				       uint32_t capacity)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, capacity);
	size_t size = q->seg->size;

	need(size <= room);
	memcpy(buffer, q->seg->header, size);
	procq_close(q);
	fixture_clean();
	return size;
}

/* Zeroed memory that this process shares with its children. */
TAP_UNUSED static void *fixture_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	need(memory != MAP_FAILED);
	return memory;
}

/* A child process, when it is ready: then body sets its argument, an
 * _Atomic int, to 1. */
TAP_UNUSED static pid_t fixture_launch(void (*body)(void *))
{
	_Atomic int *ready = fixture_shared(sizeof(*ready));
	pid_t pid = fixture_fork(body, (void *)ready);

	while (!atomic_load(ready)) {
		need(waitpid(pid, NULL, WNOHANG) == 0);
		fixture_sleep(100000);
	}
	munmap((void *)ready, sizeof(*ready));
	return pid;
}

/* The body of a consumer that stays until it is killed. */
TAP_UNUSED static void fixture_stay(void *arg)
{
	fixture_open(PROCQ_ROLE_CONSUMER, 0);
	atomic_store((_Atomic int *)arg, 1);
	fixture_rest(NULL);
}

/* An object with these first bytes, extended with zeros to size. */
TAP_UNUSED static void fixture_make(const void *bytes, size_t n,
				    size_t size)
{
	int fd = shm_open(fixture_object, O_RDWR | O_CREAT | O_EXCL, 0600);

	need(fd >= 0 && write(fd, bytes, n) == (ssize_t)n &&
	     ftruncate(fd, (off_t)size) == 0);
	close(fd);
}

/* Write over the object; this process has no locks on it. */
TAP_UNUSED static void fixture_put(size_t offset, uint64_t value, size_t size)
{
	int fd = shm_open(fixture_object, O_RDWR, 0);

	need(fd >= 0 && pwrite(fd, &value, size, (off_t)offset) ==
				(ssize_t)size);
	close(fd);
}

#ifndef PQ_USE_SHM_LOCKS
# define PQ_USE_SHM_LOCKS 0
#endif

/* A descriptor of the file with the lock bytes.
 * @param inside the object itself has them; otherwise a file beside it */
TAP_UNUSED static int fixture_locks(bool inside)
{
	char name[PROCQ_NAME_SIZE + 32];

	if (inside)
		return shm_open(fixture_object, O_RDWR, 0);
	snprintf(name, sizeof(name), "/tmp/procq-lock.%s", fixture_object + 1);
	return open(name, O_RDWR | O_CREAT, 0600);
}

/* For the body of a child: lock these bytes, and stay.
 * @param type F_WRLCK or F_RDLCK
 * @param length 0: all from there on */
TAP_UNUSED static void fixture_hold(int fd, short type, off_t at,
				    off_t length, void *ready)
{
	struct flock fl = { .l_type = type, .l_whence = SEEK_SET,
			    .l_start = at, .l_len = length };

	must(fd >= 0 && fcntl(fd, F_SETLK, &fl) == 0);
	atomic_store((_Atomic int *)ready, 1);
	fixture_rest(NULL);
}

/* The body of a creator that holds the init lock and does not come to an end.
 * @param arg an _Atomic int: set to 1 when it has the lock */
TAP_UNUSED static void fixture_build_for_ever(void *arg)
{
	fixture_hold(fixture_locks(PQ_USE_SHM_LOCKS), F_WRLCK, (off_t)1 << 40,
		     1, arg);
}

/* What may have a name that is to be an object's: judge() each in its turn.
 * @param path where it is */
TAP_UNUSED static void fixture_no_objects(const char *path,
					  void (*judge)(const char *what))
{
	need(symlink("/dev/null", path) == 0);
	judge("a symbolic link");
	unlink(path);
	need(mkdir(path, 0700) == 0);
	judge("a directory");
	rmdir(path);
	need(mkfifo(path, 0600) == 0);
	judge("a fifo");
	unlink(path);
}

/* For the body of a child: die here, as by somebody's kill -9. */
TAP_UNUSED static _Noreturn void fixture_killed(void)
{
	raise(SIGKILL);
	_exit(97);
}

/* As the producer in that place does, of the process that the record names. */
TAP_UNUSED static void fixture_mark(struct pq_segment *seg, uint32_t slot,
				    unsigned place,
				    const struct pq_status *status)
{
	struct pq_snapshot snap;
	struct pq_parentage whose = {
		.place = place,
		.incarnation = pq_member_incarnation(
			atomic_load(&seg->participants[place].member)),
	};

	pq_record_snapshot(seg, slot, pq_load_word(seg, slot), &snap);
	whose.pid = snap.pid;
	whose.life = (uint32_t)pq_tag(atomic_load(&seg->records[slot].pid),
				      PQ_PID_BITS);
	pq_record_mark(seg, slot, &whose, status);
}

TAP_UNUSED static struct procq_stat fixture_stat(const struct procq *q)
{
	struct procq_stat s;

	need(procq_stat(q, &s) == 0);
	return s;
}

/* started - (retired + exited + lost + present): 0. */
TAP_UNUSED static int64_t fixture_sum(const struct procq *q)
{
	struct procq_stat s = fixture_stat(q);

	return (int64_t)s.started -
	       (int64_t)(s.retired + s.exited + s.lost + s.present);
}

TAP_UNUSED static unsigned fixture_state(const struct procq *q, uint32_t slot)
{
	return pq_word_state(pq_load_word(q->seg, slot));
}

/* How many records are in this state. */
TAP_UNUSED static uint32_t fixture_in_state(const struct procq *q,
					    unsigned state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < q->seg->capacity; i++)
		n += fixture_state(q, i) == state;
	return n;
}

/* Counts the valid hints of a ring; or those of one slot. */
struct fixture_count {
	const struct pq_ring *ring;
	int64_t slot;
	int true_ones;
};

TAP_UNUSED static void fixture_visit(const struct pq_hint *hint, void *arg)
{
	struct fixture_count *count = arg;

	if (count->slot >= 0 && hint->index != count->slot)
		return;
	if (count->ring->fresh(count->ring->arg, hint->index, hint->gen))
		count->true_ones++;
}

/* @param slot -1: of all */
TAP_UNUSED static int fixture_hints(const struct pq_ring *ring, int64_t slot)
{
	struct fixture_count count = { ring, slot, 0 };

	pq_ring_scan(ring, fixture_visit, &count);
	return count.true_ones;
}

/* Enter a process. @return its seq; 0: it could not enter */
TAP_UNUSED static uint64_t fixture_enter(struct pq_segment *seg, uint32_t slot,
					 uint64_t word, int32_t pid,
					 uint64_t ident)
{
	struct pq_entry entry = { pid, ident, pq_clock_life() };
	uint64_t seq;

	return pq_record_enter(seg, slot, word, &entry, &seq) ? seq : 0;
}

#endif
