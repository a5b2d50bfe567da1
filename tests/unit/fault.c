/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fault.c - how a program ends whose queue gives way under it.
 */
#include <config.h>

#include <poll.h>

#include <sys/resource.h>

#include "complain.h"
#include "fault.h"
#include "signals.h"

#include "../kit/tap.h"
#include "../kit/fixture.h"

#define TRUNCATED "procq: the queue's shared memory was truncated"
#define DAMAGED \
	"procq: aborted; the queue's shared memory may be damaged: " \
	"run 'procq check', or 'procq remove' to make way for a new one"

static struct procq *q;

static void cut(void)
{
	int fd = shm_open(fixture_object, O_RDWR, 0);

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		_exit(78);
}

static void look_after_cut(void)
{
	struct procq_stat s;

	cut();
	procq_stat(q, &s);
}

static void abort_after_cut(void)
{
	cut();
	abort();
}

/* ---- abort() in an allocation, as when the heap is damaged ---- */

/* The allocation after so many more; 0: none. */
static int abort_at;

static void count_allocation(void)
{
	if (abort_at > 0 && --abort_at == 0)
		abort();
}

#define WRAP(name, parameters, arguments) \
	void *__real_##name parameters; \
	void *__wrap_##name parameters; \
	void *__wrap_##name parameters \
	{ \
		count_allocation(); \
		return __real_##name arguments; \
	}

WRAP(malloc, (size_t n), (n))
WRAP(calloc, (size_t n, size_t each), (n, each))
WRAP(realloc, (void *old, size_t n), (old, n))

static int nth;

/* More handles than there is room for at first. */
static void abort_in_open(void)
{
	abort_at = nth;
	for (int i = 0; i < 6; i++)
		fixture_open(PROCQ_ROLE_CONSUMER, 0);
	abort_at = 0;
}

/* Another process's signal. */
static void be_aborted(void)
{
	pid_t me = getpid();

	if (fork() == 0) {
		if (getppid() == me && me > 1)
			kill(me, SIGABRT);
		_exit(0);
	}
	fixture_rest(NULL);
}

static _Noreturn void run(void (*what)(void), int err)
{
	struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	dup2(err, STDERR_FILENO);
	q = fixture_open(PROCQ_ROLE_PRODUCER, 100);
	fault_catch();
	signals_wake(q);
	what();
	_exit(77);
}

/* A program that catches faults and has a queue open, by way of prepare; what
 * it says can be read from *said. */
static pid_t start(void (*prepare)(int), void (*what)(void), int *said)
{
	int ends[2];
	pid_t pid;

	need(pipe(ends) == 0);
	fflush(stdout);
	pid = fork();
	need(pid >= 0);
	if (pid == 0) {
		if (prepare)
			prepare(ends[1]);
		run(what, ends[1]);
	}
	close(ends[1]);
	*said = ends[0];
	return pid;
}

static int end(pid_t pid, int said)
{
	int status;

	close(said);
	need(waitpid(pid, &status, 0) == pid);
	fixture_clean();
	return status;
}

/* What it says, and its wait status. */
static int end_of(void (*what)(void), char *said, size_t size)
{
	size_t n = 0;
	ssize_t got;
	int from;
	pid_t pid = start(NULL, what, &from);
	struct pollfd end_or_words = { .fd = from, .events = POLLIN };

	/* Its handler hears no other signal: so if it hangs, it is killed. */
	if (poll(&end_or_words, 1, 60000) == 0 && pid > 1)
		kill(pid, SIGKILL);
	while (n < size - 1 && (got = read(from, said + n, size - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return end(pid, from);
}

static void test_exit(void (*what)(void), const char *name)
{
	char said[256];
	int status = end_of(what, said, sizeof(said));

	is_str(said, TRUNCATED, name);
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, EXIT_FAILED,
	       "… and ends with a status");
}

static void test_abort(void (*what)(void), const char *message,
		       const char *name)
{
	char said[256];
	int status = end_of(what, said, sizeof(said));

	is_str(said, message, name);
	is_int(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGABRT,
	       "… and dies of the signal");
}

/* The reader of the message is slow, and a handler that touches the queue
 * learns of a child's death. */
static void speak_slowly(int err)
{
	static char full[4096];

	fcntl(err, F_SETFL, O_NONBLOCK);
	while (write(err, full, sizeof(full)) > 0)
		;
	fcntl(err, F_SETFL, 0);
	signals_take_children();
	signals_hear_children(true);
}

/* Others' handlers wait meanwhile. */
static void test_interrupted(void)
{
	static char said[1 << 17];
	int from, status;
	pid_t pid = start(speak_slowly, look_after_cut, &from);

	for (int i = 0; i < 10; i++) {
		fixture_sleep(20000000);
		need(pid > 1 && kill(pid, SIGCHLD) == 0);
	}
	while (read(from, said, sizeof(said)) > 0)
		;
	status = end(pid, from);
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, EXIT_FAILED,
	       "a child that dies while it speaks changes nothing");
}

static void test_allocations(void)
{
	char said[256];
	int status = 0, wrong = 0;

	for (nth = 1; nth < 100; nth++) {
		status = end_of(abort_in_open, said, sizeof(said));
		if (WIFEXITED(status) || WTERMSIG(status) == SIGKILL)
			break;
		wrong += WTERMSIG(status) != SIGABRT ||
			 strcmp(said, DAMAGED) != 0;
	}
	ok(!wrong && nth > 1 && WIFEXITED(status) && WEXITSTATUS(status) == 77,
	   "abort() in any allocation of an open says so, and hangs nowhere");
}

int main(void)
{
	fixture_begin("fault");
	test_exit(look_after_cut, "a look at a queue that was cut off");
	test_exit(abort_after_cut, "abort() with a queue that was cut off");
	test_interrupted();
	test_abort(abort, DAMAGED, "abort() with a whole queue");
	test_allocations();
	test_abort(be_aborted, "", "SIGABRT from elsewhere needs no words");
	return done();
}
