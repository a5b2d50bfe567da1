/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/sem.c - lib/sem.c: a post is heard, once, by another process that
 * sleeps; a wait ends at its deadline, not before; and what the killed, or
 * damage, leave in the word. model/sem.pml has every order of steps.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "raw.h"
#include "sem.h"

#include "../kit/tap.h"

/* No wait of this file gets so far. */
#define LONG (60 * PQ_SECOND)
#define TURNS 20000

static struct {
	pq_sem sem[2];
	_Atomic int said;
} *shared;

static void begin(void)
{
	for (int i = 0; i < 2; i++)
		if (pq_sem_make(&shared->sem[i]) < 0)
			exit(99);
	atomic_store(&shared->said, 0);
}

/* Its exit status, or -1. */
static int status_of(pid_t pid)
{
	int status = -1;
	pid_t got;

	if (pid <= 0)
		return -1;
	/* The child of test_signal() goes on to signal for a moment. */
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_posts(void)
{
	begin();
	ok(!pq_sem_try(&shared->sem[0]), "a new one is not posted");
	pq_sem_post(&shared->sem[0]);
	ok(pq_sem_try(&shared->sem[0]), "a post is there");
	ok(!pq_sem_try(&shared->sem[0]), "and can be taken once");
	pq_sem_post(&shared->sem[0]);
	is_int(pq_sem_wait(&shared->sem[0], pq_now() + LONG), 0,
	       "a wait finds it");
	ok(!pq_sem_try(&shared->sem[0]), "and takes it");
	pq_sem_post(&shared->sem[0]);
	is_int(pq_sem_wait(&shared->sem[0], pq_now() - PQ_SECOND), 0,
	       "even if its time is over");
}

static void test_deadline(void)
{
	int64_t until = pq_now() + 50 * PQ_MILLI;

	begin();
	is_int(pq_sem_wait(&shared->sem[0], until), -ETIMEDOUT,
	       "no post: the wait ends");
	ok(pq_now() >= until, "at its deadline");
	until = pq_now() + 1100 * PQ_MILLI;
	is_int(pq_sem_wait(&shared->sem[0], until), -ETIMEDOUT,
	       "so with more than a second");
	ok(pq_now() >= until, "at its deadline, too");
	is_int(pq_sem_wait(&shared->sem[0], 0), -ETIMEDOUT,
	       "one that is long over: at once");
	ok(!pq_sem_try(&shared->sem[0]), "which leaves no post");
}

static void on_alarm(int signo)
{
	(void)signo;
}

static void test_signal(void)
{
	struct sigaction act = { .sa_handler = on_alarm }, old;

	begin();
	sigaction(SIGUSR1, &act, &old);
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		/* Until the parent has heard one in its wait. */
		while (!atomic_load(&shared->said)) {
			usleep(10000);
			if (parent > 1 && getppid() == parent)
				kill(parent, SIGUSR1);
		}
		_exit(0);
	}
	is_int(pq_sem_wait(&shared->sem[0], pq_now() + LONG), -EINTR,
	       "a signal handler ends a wait");
	atomic_store(&shared->said, 1);
	is_int(status_of(pid), 0, "and that was all");
	sigaction(SIGUSR1, &old, NULL);
}

/* Each posts the other's, in turn. */
static void test_turns(void)
{
	int bad = 0;

	begin();
	pid_t pid = fork();

	for (int i = 0; i < TURNS && !bad; i++) {
		if (pid == 0) {
			bad += pq_sem_wait(&shared->sem[1],
					   pq_now() + LONG) != 0;
			pq_sem_post(&shared->sem[0]);
			continue;
		}
		pq_sem_post(&shared->sem[1]);
		bad += pq_sem_wait(&shared->sem[0], pq_now() + LONG) != 0;
	}
	if (pid == 0)
		_exit(bad);
	is_int(bad, 0, "two processes wake each other, again and again");
	is_int(status_of(pid), 0, "the other one, too");
}

#if PQ_USE_FUTEX

static uint32_t word(void)
{
	return atomic_load(&shared->sem[0]);
}

/* A process that waits: 0 if what it hears was said before. */
static pid_t sleeper(void)
{
	begin();
	pid_t pid = fork();

	if (pid == 0)
		_exit(pq_sem_wait(&shared->sem[0], pq_now() + LONG) != 0 ||
		      !atomic_load(&shared->said));
	return pid;
}

/* It changes nothing more by itself: it sleeps, or is about to. */
static void await_asleep(void)
{
	while (word() != 2)
		usleep(1000);
}

static bool is_dead(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

/* The kernel wakes it, as soon as it sleeps. */
static void wake_for_nothing(pid_t pid)
{
	while (pq_raw(SYS_futex, (long)&shared->sem[0], 1, 1, 0, 0) == 0 &&
	       !is_dead(pid))
		usleep(1000);
}

static void test_futex(void)
{
	pid_t pid = sleeper();

	await_asleep();
	wake_for_nothing(pid);
	/* By then it sleeps again, or has ended by the first. */
	wake_for_nothing(pid);
	atomic_store(&shared->said, 1);
	pq_sem_post(&shared->sem[0]);
	is_int(status_of(pid), 0, "only a post ends the wait of one that sleeps");
	is_int(word(), 0, "and is gone then");

	pid = sleeper();
	await_asleep();
	if (pid > 1)
		kill(pid, SIGKILL);
	is_int(status_of(pid), -1, "one is killed in its sleep");
	is_int(word(), 2, "it still shows that it sleeps");
	ok(!pq_sem_try(&shared->sem[0]), "which is no post");
	atomic_store(&shared->sem[0], 2);
	pq_sem_post(&shared->sem[0]);
	is_int(pq_sem_wait(&shared->sem[0], pq_now() + LONG), 0,
	       "the next post is the next one's");
	atomic_store(&shared->sem[0], 2);
	is_int(pq_sem_wait(&shared->sem[0], pq_now() + PQ_MILLI), -ETIMEDOUT,
	       "without one, the next one sleeps");

	atomic_store(&shared->sem[0], 77);
	is_int(pq_sem_wait(&shared->sem[0], pq_now() + LONG), 0,
	       "any other value is as good as a post");
	is_int(word(), 0, "and is gone then");
}

#else

static void test_futex(void)
{
	skip("the word", "built without FUTEX");
}

#endif

static void test_kind(void)
{
	uint64_t a = 0, b = 1;

	is_int(pq_sem_kind(&a) | pq_sem_kind(&b), 0, "it has a kind");
	ok(a == b && a != 0, "which is always the same");
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 99;
	/* A wait that has no end ends with all of it. */
	alarm(120);
	test_kind();
	test_posts();
	test_deadline();
	test_signal();
	test_turns();
	test_futex();
	return done();
}
