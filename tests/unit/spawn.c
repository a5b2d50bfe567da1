/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/spawn.c - starting a child that enters itself, where it goes another
 * way than usual: its parent is not the one it was told, its reservation was
 * swept, the parent's end of the lifeline is closed, no stack is free.
 *
 * What fails in the kernel is together/sandbox.c's.
 */
#include <config.h>

#include <sys/resource.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#include <pthread.h>

#include "spawn.h"

#define CAPACITY 4

static struct procq *producer;

/* A reservation, and what a child of it is told; as procq_spawn() does. */
static struct pq_start prepare(void)
{
	struct pq_origin origin = { .incarnation = procq_incarnation(producer),
				    .ppid = (int32_t)getpid(),
				    .label = "unit" };
	struct pq_start start = { .seg = producer->seg, .parent = getpid(),
				  .ident_kind = pq_ident_kind(),
				  .lifeline = { -1, -1 } };
	int64_t slot = pq_record_reserve(producer->seg, producer->place + 1,
					 &origin, &start.word);

	need(slot >= 0);
	start.slot = (uint32_t)slot;
	return start;
}

static pid_t start(struct pq_start *s, unsigned method)
{
	pid_t pid = 0;

	need(pq_spawn(s, method, &producer->nest, &pid) == 0 && pid > 1);
	return pid;
}

/* Its exit status, or minus the signal. The nest learns of it, too. */
static int outcome(pid_t pid)
{
	int how = fixture_wait(pid);

	pq_nest_vacate(&producer->nest, pid);
	return how;
}

static const unsigned methods[] = { PROCQ_METHOD_FORK, PROCQ_METHOD_CLONE };

static void test_foundlings(void)
{
	for (int i = 0; i < 2; i++) {
		struct pq_start s;

		if (!pq_spawn_has(methods[i]))
			continue;
		s = prepare();
		s.parent++;
		is_int(outcome(start(&s, methods[i])), 0,
		       "the child of another parent ends itself");
		is_int(fixture_state(producer, s.slot), PROCQ_STATE_RESERVED,
		       "and has not entered");
		pq_record_cancel(s.seg, s.slot, s.word);
		s = prepare();
		pq_record_cancel(s.seg, s.slot, s.word);
		is_int(outcome(start(&s, methods[i])), 0,
		       "one whose reservation was swept, too");
		is_int(fixture_state(producer, s.slot), PROCQ_STATE_FREE,
		       "its record is free");
	}
}

/* Does the record say so, by and by? */
static void await_state(uint32_t slot, unsigned state)
{
	while (fixture_state(producer, slot) != state)
		fixture_sleep(1000000);
}

static void release(const struct pq_start *s)
{
	const struct pq_status status = { PROCQ_CAUSE_EXIT, 0, -1, -1, -1 };
	struct procq_process p;
	struct procq_event e;

	fixture_mark(s->seg, s->slot, producer->place, &status);
	need(procq_take_exited(producer, &p) == 0 && p.slot == s->slot);
	need(procq_collect(producer, &e) == 1);
}

/* Without a death signal, a child reads from a pipe of its parent's. */
static void test_lifeline(void)
{
	struct pq_start s = prepare();
	pid_t pid;

	need(pipe(s.lifeline) == 0);
	pid = start(&s, PROCQ_METHOD_FORK);
	await_state(s.slot, PROCQ_STATE_QUEUED);
	close(s.lifeline[0]);
	fixture_sleep(20000000);
	is_int(waitpid(pid, NULL, WNOHANG), 0, "while it is open, it lives");
	close(s.lifeline[1]);
	is_int(outcome(pid), 0, "when it is closed, it ends");
	release(&s);
}

/* All stacks but the first few, which are given back at once, in use. */
static void fill_nest(uint32_t busy, pid_t tenant)
{
	for (unsigned i = 0; i < PQ_NEST_STACKS; i++) {
		atomic_store(&producer->nest.busy[i], busy);
		producer->nest.tenant[i] = tenant;
	}
}

/* By another handle: one that is kept for a child's sake keeps all it has. */
static void end_one(void)
{
	struct procq *consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process p;

	need(procq_take(consumer, NULL, &p) == 0);
	procq_signal(consumer, p.slot, SIGKILL, 0);
	fixture_collect(consumer, producer);
	while (procq_children(producer))
		procq_reap(producer);
	procq_close(consumer);
}

/* Each stack is that of one child, which is none of the queue's. */
static pid_t settle(void)
{
	pid_t tenant;

	fixture_spawn(producer, PROCQ_METHOD_AUTO, 0);
	end_one();
	tenant = fixture_bystander();
	fill_nest(1, tenant);
	return tenant;
}

static void test_stacks(void)
{
	struct procq_command idle = PROCQ_COMMAND_INIT;
	struct pq_start s;
	pid_t pid, other;

	idle.flags = PROCQ_SPAWN_ENTERED;
	if (!pq_spawn_has(PROCQ_METHOD_CLONE))
		return;
	other = settle();
	s = prepare();
	is_int(pq_spawn(&s, PROCQ_METHOD_CLONE, &producer->nest, &pid), -EBUSY,
	       "no stack is free");
	pq_record_cancel(s.seg, s.slot, s.word);
	is_int(procq_spawn(producer, &idle, NULL), 0, "so it is forked");
	end_one();
	ok(!pq_nest_destroy(&producer->nest), "the nest stays");
	ok(producer->nest.base != NULL, "mapped");
	fixture_kill(other);
	ok(pq_nest_destroy(&producer->nest),
	   "until its tenants are dead, though not yet reaped");
	ok(!producer->nest.base, "then it is gone");
	is_int(fixture_wait(other), -SIGKILL, "which are still there to reap");
	fill_nest(0, 0);
	is_int(procq_spawn(producer, &idle, NULL), 0, "the next one has one");
	end_one();
}

/* ---- a thread that is cancelled ---- */

static pid_t program;
static _Atomic int unwound;

static void unwind(void *arg)
{
	(void)arg;
	atomic_fetch_add(&unwound, getpid() == program ? 1 : 100);
}

static void *spawn_cancelled(void *arg)
{
	static const char *const argv[] = { "true", NULL };
	/* Kept, or it would die with this thread. */
	struct procq_command command = PROCQ_COMMAND_INIT;

	command.argv = argv;
	command.flags = PROCQ_SPAWN_KEEP;
	command.method = *(const unsigned *)arg;
	pthread_cleanup_push(unwind, NULL);
	pthread_cancel(pthread_self());
	if (procq_spawn(producer, &command, NULL) < 0)
		atomic_fetch_add(&unwound, 10);
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}

/* By its exit status: where a child unwinds the stack of its parent, the
 * parent does not live to tell. */
static void cancel_one(void *arg)
{
	struct procq_event e;
	pthread_t thread;
	void *how;

	alarm(10);
	program = getpid();
	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	need(pthread_create(&thread, NULL, spawn_cancelled, arg) == 0 &&
	     pthread_join(thread, &how) == 0);
	if (how != PTHREAD_CANCELED || atomic_load(&unwound) != 1)
		_exit(1);
	e = fixture_reap(producer);
	procq_close(producer);
	_exit(e.cause == PROCQ_CAUSE_EXIT && e.code == 0 ? 0 : 2);
}

static void test_cancelled(void)
{
	for (int i = 0; i < 2; i++) {
		unsigned method = methods[i];

		if (pq_spawn_has(method))
			is_int(fixture_run(cancel_one, &method), 0,
			       "only a cancelled thread unwinds, no child");
	}
}

/* A program whose exec blocks: a lease on it has to be given up first, which
 * the kernel waits for, 45 s long. -1: no lease here. */
static int lease(char *path)
{
	static char text[1 << 16];
	int from = open("/bin/sh", O_RDONLY), to, fd;
	ssize_t got;

	need(from >= 0);
	to = mkostemp(path, O_CLOEXEC);
	need(to >= 0);
	while ((got = read(from, text, sizeof(text))) > 0)
		need(write(to, text, (size_t)got) == got);
	need(fchmod(to, 0700) == 0);
	close(from);
	close(to);
	/* Not for writing, or it could not be executed. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	need(fd >= 0);
	signal(SIGIO, SIG_IGN);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
		return fd;
	close(fd);
	return -1;
}

static void slow_exec(unsigned method)
{
	char path[] = "./procq-slow.XXXXXX", text[] = "exit 7";
	char *argv[] = { path, (char[]){ "-c" }, text, NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	struct procq_process slow, p;
	struct procq_event e;
	int fd = lease(path);

	if (fd < 0) {
		unlink(path);
		skip("an exec that blocks", "no leases here");
		return;
	}
	command.argv = (const char *const *)(void *)argv;
	command.method = method;
	need(procq_spawn(producer, &command, &slow) == 0 && slow.pid > 1);
	ok(strncmp(fixture_status(slow.pid, "Name"), "procq-slow", 10) != 0,
	   "a start does not wait for an exec that blocks");
	/* The caller's own again. */
	text[5] = '9';
	argv[0] = NULL;
	/* Others go on. */
	p = fixture_spawn(producer, method, 0);
	is_int(p.pid > 1 ? kill(p.pid, SIGKILL) : -1, 0,
	       "another is started, and dies");
	e = fixture_reap(producer);
	is_int(e.cause, PROCQ_CAUSE_SIGNAL, "its death is marked");
	ok(procq_children(producer) == 1 &&
	   fixture_state(producer, slow.slot) == PROCQ_STATE_QUEUED,
	   "the first one waits in the queue");
	need(fcntl(fd, F_SETLEASE, F_UNLCK) == 0);
	close(fd);
	e = fixture_reap(producer);
	ok(e.cause == PROCQ_CAUSE_EXIT && e.code == 7,
	   "it executes its command when it can");
	unlink(path);
}

static void test_slow_exec(void)
{
	for (int i = 0; i < 2; i++)
		if (pq_spawn_has(methods[i]))
			slow_exec(methods[i]);
}

/* A handle with a child on a stack keeps all that the child may touch. */
static void test_stuck(void)
{
	pid_t other;

	if (!pq_spawn_has(PROCQ_METHOD_CLONE))
		return;
	other = settle();
	is_int(procq_close(producer), 1, "closed with a child on a stack");
	ok(producer->nest.base != NULL, "its stack stays");
	need(producer->seg->header->capacity == CAPACITY);
	fixture_end(other);
}

/* ---- little memory ---- */

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__

/* Bytes that this process has mapped; 0: unknown. */
static rlim_t mapped(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* With no room for the stacks of the nest, 4 MiB. */
static void start_with_little(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	struct procq_command idle = PROCQ_COMMAND_INIT;
	struct rlimit limit = { 0, 0 };
	struct procq_process p;

	(void)arg;
	limit.rlim_cur = limit.rlim_max = mapped() + (rlim_t)(2 << 20);
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		_exit(3);
	idle.flags = PROCQ_SPAWN_ENTERED;
	if (procq_spawn(q, &idle, &p) < 0)
		_exit(1);
	if (procq_take_own(q, &p) < 0 ||
	    procq_signal(q, p.slot, SIGKILL, 1) < 0)
		_exit(2);
	fixture_collect(q, q);
	procq_close(q);
}

static void test_little_memory(void)
{
	if (mapped() == 0)
		skip("little memory", "what is mapped can't be seen");
	else
		is_int(fixture_run(start_with_little, NULL), 0,
		       "without memory for stacks, it is a fork");
}

#else

static void test_little_memory(void)
{
	skip("little memory", "the sanitizer takes more");
}

#endif

int main(void)
{
	fixture_begin("spawn");
	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	test_foundlings();
	test_lifeline();
	test_stacks();
	test_cancelled();
	test_slow_exec();
	test_little_memory();
	is_int(fixture_sum(producer), 0, "nothing is lost");
	is_int(procq_occupied(producer), 0, "nor kept");
	is_int(procq_close(producer), 1, "nor left");
	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	test_stuck();
	return done();
}
