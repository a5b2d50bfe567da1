/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/identity.c - is this still the same process? Pins, inodes, start
 * times; of the living, of zombies, of nobody.
 */
#include <config.h>

#include <pthread.h>
#include <sys/syscall.h>

#include "../kit/tap.h"

#include "clock.h"
#include "../kit/fixture.h"
#include "identity.h"

#if PQ_USE_PIDFD
static pid_t thread_id;
static pthread_barrier_t barrier;

static void *thread(void *arg)
{
	thread_id = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return arg;
}

static void test_pin(void)
{
	pid_t pid = fixture_bystander(), gone, member;
	int pin = pq_pin(pid);
	pthread_t t;

	if (pin == -ENOSYS) {
		skip("pins", "no pidfd_open");
		fixture_end(pid);
		return;
	}
	ok(pin >= 0 && !pq_pin_dead(pin), "a living process is pinned");
	ok((fcntl(pin, F_GETFD) & FD_CLOEXEC) != 0,
	   "the pin is closed on exec");
	ok(pq_pin(0) == -ESRCH && pq_pin(-1) == -ESRCH,
	   "0 and below are nobody's pids");
	is_int(pq_pin_signal(pin, SIGKILL, false), 0, "signalled");
	fixture_await_death(pid);
	ok(pq_pin_dead(pin), "a zombie is dead");
	fixture_wait(pid);
	ok(pq_pin_dead(pin), "so is one that is reaped");
	is_int(pq_pin_signal(pin, SIGKILL, false), -ESRCH,
	       "one that is reaped gets no signal");
	is_int(pq_pin(pid), -ESRCH, "nor is there any more to pin");
	close(pin);

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&t, NULL, thread, NULL);
	pthread_barrier_wait(&barrier);
	is_int(pq_pin(thread_id), -ESRCH, "a thread is no process");
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);

	/* Not the leader: it has no group. */
	gone = fixture_bystander();
	member = fixture_bystander();
	need(setpgid(gone, 0) == 0 && setpgid(member, gone) == 0);
	pin = pq_pin(gone);
	is_int(pq_pin_signal(pin, SIGTERM, false), 0, "the leader alone");
	is_int(fixture_wait(gone), -SIGTERM, "dies alone");
	is_int(waitpid(member, NULL, WNOHANG), 0, "its group does not");
	fixture_end(member);
	close(pin);
}
#endif

/* What is told of a process, by each kind. */
static void test_kind(enum pq_ident_kind kind, const char *what)
{
	pid_t pid = fixture_bystander(), later;
	int pin = pq_pin(pid), fd = fixture_lowest_fd(), of_later, kept;
	uint64_t ident = pq_ident_of(kind, pin, pid), ident_later, self;

	/*
	 * Start times are in hundredths of a second, or so: the first child
	 * may have ours, the later one has neither's.
	 */
	fixture_sleep(60 * PQ_MILLI);
	later = fixture_bystander();
	of_later = pq_pin(later);
	ident_later = pq_ident_of(kind, of_later, later);
	ok(ident != 0 && pq_ident_of(kind, pin, pid) == ident,
	   "%s: it is always the same", what);
	ok(ident_later != 0 && ident_later != ident,
	   "%s: another process has another", what);
	kept = fd + (of_later >= 0);
	self = pq_ident_self(kind, getpid(), false);
	is_int(fixture_lowest_fd(), kept, "it may leave nothing open");
	ok(pq_ident_self(kind, getpid(), true) == self, "%s: once more", what);
	ok(self != 0 && self != ident_later, "%s: our own", what);
	is_int(fixture_lowest_fd(), kept + (kind == PQ_IDENT_INODE),
	       "the inode is kept by a pin, nothing else is left open");
	if (kind == PQ_IDENT_INODE) {
		is_int(fcntl(kept, F_GETFD), FD_CLOEXEC,
		       "which no command inherits");
		close(kept);
	}
	fixture_kill(pid);
	is_int((intmax_t)pq_ident_of(kind, pin, pid), (intmax_t)ident,
	       "a zombie still has its own");
	fixture_wait(pid);
	fixture_end(later);
	if (pin >= 0)
		close(pin);
	if (of_later >= 0)
		close(of_later);
}

#if PQ_USE_STARTTIME
/* Names hold anything: the fields begin after the last bracket. */
static void test_name(void)
{
	uint64_t ident = pq_ident_of(PQ_IDENT_START, -1, getpid());

	prctl(PR_SET_NAME, "a) R 1 1 (b) 1", 0, 0, 0);
	is_int((intmax_t)pq_ident_of(PQ_IDENT_START, -1, getpid()),
	       (intmax_t)ident, "a name with brackets does not hide it");
	ok(pq_ident_of(PQ_IDENT_START, -1, 0) == 0 &&
	   pq_ident_of(PQ_IDENT_START, -1, -1) == 0 &&
	   pq_ident_of(PQ_IDENT_START, -1, 0x3ffffff0) == 0,
	   "nobody has no start time");
}
#endif

static void test_past(void)
{
	ok(pq_start_is_past(1, INT64_C(1) << 40), "a tick of long ago is past");
	ok(!pq_start_is_past(0, INT64_C(1) << 40) && !pq_start_is_past(1, 0) &&
	   !pq_start_is_past(1, -1), "what is unknown is not");
}

int main(void)
{
	enum pq_ident_kind kind = pq_ident_kind();

	fixture_begin("identity");
#if PQ_USE_PIDFD
	test_pin();
#endif
	if (kind == PQ_IDENT_INODE) {
		test_kind(kind, "the inode");
		is_int((intmax_t)pq_ident_of(kind, -1, getpid()), 0,
		       "no pin, no inode");
	}
#if PQ_USE_STARTTIME
	test_kind(PQ_IDENT_START, "the start time");
	test_name();
#endif
	is_int((intmax_t)pq_ident_of(PQ_IDENT_NONE, -1, getpid()), 0,
	       "nothing is told of nothing");
	test_past();
	return done();
}
