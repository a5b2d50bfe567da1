/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/forks.c - the library in a host program that has threads, forks, and
 * makes children by means that run no handlers of fork().
 */
#include <config.h>

#include <dirent.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "layout.h"

#define FORKS 300

/* A second queue of this test's. */
static char other[64];

static int open_named(struct procq **q, const char *name, uint32_t role)
{
	struct procq_options o = fixture_options(
		role, role == PROCQ_ROLE_ONLOOKER ? 0 : 4, 0);

	return procq_open(q, name, &o);
}

/* Not one that only ends: what the other threads had is lost to it, and
 * valgrind would say so. */
static void run_another(void *arg)
{
	(void)arg;
	execlp("true", "true", (char *)NULL);
	_exit(127);
}

/* ---- a blocked open ---- */

static void *open_blocked(void *arg)
{
	struct procq *q;
	int *rc = arg;

	*rc = open_named(&q, fixture_queue, PROCQ_ROLE_CONSUMER);
	if (*rc == 0)
		procq_close(q);
	return NULL;
}

/* Has this process the object of the queue open? */
static bool has_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	char path[300], target[300];
	struct dirent *d;
	bool found = false;
	ssize_t n;

	need(dir);
	while ((d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", d->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		found |= strstr(target, fixture_object) != NULL;
	}
	closedir(dir);
	return found;
}

/* A process that is at building the queue until it is killed. */
static pid_t slow_creator(void)
{
	fixture_make("", 0, 0);
	return fixture_launch(fixture_build_for_ever);
}

static void test_blocked_open(void)
{
	pthread_t thread;
	struct procq *q;
	int rc = 1;
	pid_t creator;

	creator = slow_creator();
	need(open_named(&q, other, PROCQ_ROLE_KEEPER) == 0);
	need(pthread_create(&thread, NULL, open_blocked, &rc) == 0);
	while (!has_open())
		fixture_sleep(1000000);
	fixture_sleep(20000000);
	is_int(procq_close(q), 1,
	       "while a thread waits in procq_open(), another closes a queue");
	is_int(open_named(&q, other, PROCQ_ROLE_KEEPER), 0, "and opens one");
	procq_close(q);
	is_int(fixture_run(run_another, NULL), 0,
	       "and forks to run another program");
	is_int(kill(creator, 0), 0, "all that before the creator goes on");
	fixture_end(creator);
	pthread_join(thread, NULL);
	is_int(rc, 0, "the one that waited has its queue");
}

/* Threads that wait for the same queue share one view in the end. */
static void test_blocked_together(void)
{
	pthread_t threads[4];
	int rc[4], fd = fixture_lowest_fd();
	pid_t creator;

	creator = slow_creator();
	for (int i = 0; i < 4; i++)
		need(pthread_create(&threads[i], NULL, open_blocked,
				    &rc[i]) == 0);
	while (!has_open())
		fixture_sleep(1000000);
	fixture_sleep(20000000);
	fixture_end(creator);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ok(rc[0] == 0 && rc[1] == 0 && rc[2] == 0 && rc[3] == 0,
	   "four threads wait for one queue: each gets it");
	is_int(fixture_lowest_fd(), fd, "and no descriptor is left open");
}

/* ---- forks beside threads ---- */

static _Atomic int stop;

static void *come_and_go(void *arg)
{
	struct procq *q;

	(void)arg;
	while (!atomic_load(&stop))
		if (open_named(&q, other, PROCQ_ROLE_ONLOOKER) == 0)
			procq_close(q);
	return NULL;
}

static void *ask(void *arg)
{
	struct procq_stat s;

	while (!atomic_load(&stop))
		procq_stat(arg, &s);
	return NULL;
}

static void look(void *arg)
{
	struct procq_stat s;
	struct procq *q;

	alarm(20);
	must(procq_stat(arg, &s) == 0);
	must(open_named(&q, fixture_queue, PROCQ_ROLE_ONLOOKER) == 0);
	must(procq_close(q) == 0);
}

static void test_forks_beside_threads(void)
{
	struct procq *here = fixture_open(PROCQ_ROLE_KEEPER, 4), *there;
	pthread_t threads[2];
	int bad = 0;

	need(open_named(&there, other, PROCQ_ROLE_KEEPER) == 0);
	atomic_store(&stop, 0);
	need(pthread_create(&threads[0], NULL, come_and_go, NULL) == 0);
	need(pthread_create(&threads[1], NULL, ask, here) == 0);
	for (int i = 0; i < fixture_rounds(FORKS) && !bad; i++)
		bad += fixture_run(look, here) != 0;
	atomic_store(&stop, 1);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	is_int(bad, 0, "a child that is forked beside threads can open and "
		       "look");
	procq_close(there);
	procq_close(here);
}

/* ---- children that no handler sees ---- */

#if defined __linux__ && defined SYS_clone

static pid_t clone_bare(void)
{
# if defined __s390x__
	return (pid_t)syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0);
# else
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
# endif
}

/* In the child of a bare clone(), and in a child of that one. */
static void use_inherited(struct procq *q)
{
	struct procq_process p;
	struct procq *own;
	pid_t pid;

	alarm(20);
	must(procq_take(q, NULL, &p) == -ECHILD);
	must(procq_wait(q, PROCQ_WAIT_READY, 0) == -ECHILD);
	must(procq_spawn(q, NULL, NULL) == -ECHILD);
	must(procq_close(q) == -ECHILD);
	must(open_named(&own, fixture_queue, PROCQ_ROLE_CONSUMER) == 0);
	must(procq_take(own, NULL, &p) == -EAGAIN);
	must(procq_take(q, NULL, &p) == -ECHILD);
	pid = clone_bare();
	if (pid == 0) {
		must(procq_take(own, NULL, &p) == -ECHILD);
		must(procq_take(q, NULL, &p) == -ECHILD);
		_exit(0);
	}
	must(pid > 0 && fixture_wait(pid) == 0);
	must(procq_close(own) == 0);
	_exit(0);
}

static void test_bare_clone(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 4);
	struct procq_command idle = PROCQ_COMMAND_INIT;
	struct procq_process p;
	struct procq_event e;
	pid_t pid = clone_bare();

	if (pid == 0)
		use_inherited(q);
	need(pid > 0);
	is_int(fixture_wait(pid), 0,
	       "in a child of a bare clone() a handle is refused, and its own "
	       "works");
	idle.flags = PROCQ_SPAWN_ENTERED;
	is_int(procq_spawn(q, &idle, &p), 0, "the parent's goes on");
	need(p.pid > 1 && kill(p.pid, SIGKILL) == 0);
	while (procq_reap_one(q, &e) == 0)
		procq_wait(q, PROCQ_WAIT_CHILD, procq_now() + 10000000);
	need(procq_take(q, NULL, &p) == 0 && procq_collect(q, &e) == 1);
	is_int(procq_close(q), 1, "and leaves nothing");
}

#else

static void test_bare_clone(void)
{
	skip("in a child of a bare clone() a handle is refused", "no clone");
}

#endif

int main(void)
{
	fixture_begin("forks");
	snprintf(other, sizeof(other), "t%ld.forks2", (long)getpid());
	test_blocked_open();
	test_blocked_together();
	test_forks_beside_threads();
	test_bare_clone();
	return done();
}
