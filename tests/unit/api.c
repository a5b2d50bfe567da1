/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/api.c - procq.h as a caller knows it: what each function returns,
 * when it goes well and when it does not, and to which caller it answers.
 *
 * Must not look inside, but to damage a queue for procq_check(). Opening is
 * unit/segment.c's.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#include "bell.h"
#include "spawn.h"

#define CAPACITY 4

static struct procq *producer, *consumer;

/* A producer and a consumer, both in this process. */
static void begin(void)
{
	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
}

/* One of them has given up what it held; nothing is lost; nothing is left. */
static void end(const char *what)
{
	is_int(fixture_sum(consumer), 0, what);
	is_int(procq_close(consumer), 0, "the consumer leaves");
	is_int(procq_close(producer), 1, "the producer takes the queue along");
}

static struct procq_process spawn_this(const struct procq_command *command)
{
	struct procq_process p;

	need(procq_spawn(producer, command, &p) == 0);
	return p;
}

/* An idle process that has entered. */
static struct procq_process spawn_idle(unsigned method, unsigned flags)
{
	return fixture_spawn(producer, method, flags);
}

static struct procq_process spawn_args(const char *const *argv,
				       unsigned method)
{
	struct procq_command command = PROCQ_COMMAND_INIT;

	command.argv = argv;
	command.method = method;
	return spawn_this(&command);
}

/* To the deadline: a wait may return early, for what an earlier one was to
 * hear. */
static int wait_until(struct procq *q, unsigned what, int64_t deadline)
{
	int rc = 0;

	for (int i = 0; i < 100 && rc == 0; i++)
		rc = procq_wait(q, what, deadline);
	return rc;
}

/* The next confirmed death. */
static struct procq_event collect(void)
{
	return fixture_collect(consumer, producer);
}

static struct procq_process take(void)
{
	struct procq_process p;

	while (procq_take(consumer, NULL, &p) != 0)
		procq_wait(consumer, PROCQ_WAIT_READY, procq_now() + 5000000);
	return p;
}

/* Where only the parent can signal, it was asked to. */
static bool is_sent(int rc)
{
#if PQ_USE_PIDFD
	return rc == 0;
#else
	return rc == 0 || rc == 1;
#endif
}

static struct procq_event end_one(void)
{
	struct procq_process p = take();

	need(is_sent(procq_signal(consumer, p.slot, SIGKILL, 0)));
	return collect();
}

static void end_all(unsigned n)
{
	while (n-- > 0)
		end_one();
}

/* Until the n children that are left are reaped. */
static void reap_to(uint32_t n)
{
	while (procq_children(producer) > n)
		if (procq_reap(producer) == 0)
			procq_wait(producer, PROCQ_WAIT_CHILD,
				   procq_now() + 5000000);
}

/* ---- words ---- */

static void test_words(void)
{
	static const int errors[] = {
		ENOENT, EINVAL, ENAMETOOLONG, EACCES, EPERM, EEXIST, ENODEV,
		EBADMSG, EPROTONOSUPPORT, EXDEV, ESTALE, EUSERS, EINPROGRESS,
		ENOSPC, ETIMEDOUT, EAGAIN, ESHUTDOWN, ECHILD, EBUSY, ENOTSUP,
		ECANCELED, ENOMEM, EMFILE, EIO, ENOLCK, EIDRM, EALREADY
	};
	const size_t n = sizeof(errors) / sizeof(*errors);
	int64_t now = procq_now();
	int bad = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++) {
			const char *a = procq_strerror(-errors[i]);
			const char *b = procq_strerror(-errors[j]);

			bad += !*a || (i != j && strcmp(a, b) == 0);
		}
	is_int(bad, 0, "each error has words of its own");
	is_str(procq_strerror(0), "no error", "and none has, too");
	is_str(procq_strerror(3), "no error", "as has a count");
	is_str(procq_strerror(-EIO), strerror(EIO), "others are the system's");
	fixture_sleep(1000000);
	ok(procq_now() > now, "the clock goes on");
}

/* ---- callers that may not ---- */

/* How many functions of a participant answer something else than rc. */
static int answer_otherwise(struct procq *q, int rc)
{
	struct procq_process p = { .slot = 0 };
	struct procq_report report;
	struct procq_event e;
	int bad = 0;

	bad += procq_spawn(q, NULL, NULL) != rc;
	bad += procq_child(q, 0, &p) != rc;
	bad += procq_entered(q, &p) != rc;
	bad += procq_reap(q) != rc;
	bad += procq_reap_one(q, &e) != rc;
	bad += procq_peek(q, &p) != rc;
	bad += procq_take(q, NULL, &p) != rc;
	bad += procq_take_own(q, &p) != rc;
	bad += procq_take_exited(q, &p) != rc;
	bad += procq_take_this(q, &p, &p) != rc;
	bad += procq_signal(q, 0, SIGTERM, 0) != rc;
	bad += procq_collect(q, &e) != rc;
	bad += procq_give_back(q, 0) != rc;
	bad += procq_hold(q, 0, 1) != rc;
	bad += procq_wait(q, PROCQ_WAIT_READY, 0) != rc;
	bad += procq_set_closed(q, 1) != rc;
	bad += procq_remove(q) != rc;
	bad += procq_check(q, &report) != rc;
	return bad;
}

static void ask_in_child(void *arg)
{
	struct procq *q = arg;

	procq_wake(q);
	_exit(answer_otherwise(q, -ECHILD) +
	      (procq_close(q) != -ECHILD));
}

static void test_strangers(void)
{
	struct procq_report report;
	struct procq_stat s;
	struct procq *look;

	is_int(procq_close(NULL), 0, "closing no handle is no error");
	procq_wake(NULL);
	is_int(answer_otherwise(NULL, -EINVAL), 0, "no handle, no answer");
	is_int(procq_check(NULL, &report), -EINVAL, "nor a check");
	begin();
	look = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	is_int(answer_otherwise(look, -EINVAL), 0, "an onlooker only looks");
	is_int(procq_check(look, &report), -EINVAL, "and does not check");
	procq_wake(look);
	is_int(procq_stat(look, &s), 0, "it sees the counters");
	is_int(s.producers * 100 + s.consumers * 10 + s.keepers, 110,
	       "and the participants, of which it is none");
	is_int(procq_snapshot(look, NULL, 0), 0, "and that it is empty");
	is_int(procq_incarnation(look), 0, "it is nobody");
	is_int(procq_close(look), 0, "it leaves nothing");
	is_int(fixture_run(ask_in_child, producer), 0,
	       "a child may not use its parent's handle");
	is_int(procq_wait(producer, 0, PROCQ_FOREVER), 0,
	       "but for procq_wake()");
	ok(procq_incarnation(producer) != procq_incarnation(consumer) &&
	   procq_incarnation(producer) && procq_incarnation(consumer),
	   "each participant has a number");
	is_str(procq_object(producer), fixture_object, "the object's name");
	is_int(procq_capacity(consumer), CAPACITY, "the capacity");
	end("nothing has happened");
}

/* ---- starting ---- */

static void test_methods(void)
{
	static const struct {
		unsigned method;
		const char *name;
	} methods[] = {
		{ PROCQ_METHOD_AUTO, "auto" },
		{ PROCQ_METHOD_FORK, "fork" },
		{ PROCQ_METHOD_CLONE, "clone" },
	};

	begin();
	for (size_t i = 0; i < 3; i++) {
		struct procq_process p, c;
		struct procq_event e;

		if (!pq_spawn_has(methods[i].method) &&
		    methods[i].method == PROCQ_METHOD_CLONE) {
			struct procq_command clone = PROCQ_COMMAND_INIT;

			clone.method = PROCQ_METHOD_CLONE;
			is_int(procq_spawn(producer, &clone, NULL), -ENOSYS,
			       "clone is not to be had here");
			continue;
		}
		p = spawn_idle(methods[i].method, 0);
		ok(p.pid > 1 && p.ppid == getpid() && p.seq > 0 &&
			   p.state == PROCQ_STATE_QUEUED &&
			   p.queued >= p.started &&
			   p.producer == procq_incarnation(producer),
		   "%s: it has entered, and is described", methods[i].name);
		is_str(p.label, "idle", "its label");
		is_int(procq_child(producer, p.slot, &c), 0, "it is there");
		is_int(c.pid, p.pid, "and is the same");
		is_int(procq_child(consumer, p.slot, &c), -ESRCH,
		       "but no child of another handle");
		is_int(procq_occupied(consumer), 1, "one place is taken");
		e = end_one();
		ok(e.process.pid == p.pid && e.cause == PROCQ_CAUSE_SIGNAL &&
			   e.code == SIGKILL && e.signal == SIGKILL &&
			   e.step == 1 && e.latency >= 0 && e.lived > 0 &&
			   e.type == PROCQ_EVENT_RETIRED,
		   "%s: its end is told", methods[i].name);
		is_int(procq_child(producer, p.slot, &c), -ESRCH,
		       "it is there no more");
	}
	is_int(procq_child(producer, CAPACITY, NULL), -ESRCH, "no such slot");
	is_int(procq_occupied(consumer), 0, "there is room again");
	end("methods: nothing is lost");
}

static void test_entered_later(void)
{
	struct procq_command c = PROCQ_COMMAND_INIT;
	struct procq_process p, other;
	int rc;

	begin();
	need(procq_spawn(producer, &c, &p) == 0);
	other = p;
	rc = procq_entered(producer, &p);
	ok(rc == 0 && p.seq == 1 && p.state == PROCQ_STATE_QUEUED &&
		   p.pid == other.pid && p.started == other.started &&
		   p.queued >= p.started,
	   "a started child is awaited later");
	is_int(procq_entered(producer, &p), 0, "it may be asked again");
	is_int(procq_entered(consumer, &p), -ESRCH, "not by another handle");
	other.slot++;
	is_int(procq_entered(producer, &other), -ESRCH, "not of another slot");
	other = (struct procq_process){ .pid = 0 };
	is_int(procq_entered(producer, &other), -ESRCH, "not of nobody");
	end_one();
	is_int(procq_entered(producer, &p), -ESRCH, "it was reaped");

	need(procq_spawn(producer, &c, &p) == 0);
	need(p.pid > 1 && kill(p.pid, SIGKILL) == 0);
	other = p;
	rc = procq_entered(producer, &p);
	ok(rc == -ECANCELED ? p.state == PROCQ_STATE_RESERVED && !p.seq
			    : rc == 0 && p.seq > 0 && p.pid == other.pid,
	   "one that was killed either has entered, or it is known");
	reap_to(0);
	if (rc == 0) {
		need(procq_take_exited(consumer, &other) == 0);
		collect();
	}
	end("entered later: nothing is lost");
}

static int refused(struct procq_command command)
{
	return procq_spawn(producer, &command, NULL);
}

static void test_refusals(void)
{
	static const char *const none[] = { NULL };
	static const struct procq_command zero;
	struct procq_process p;

	begin();
	is_int(refused((struct procq_command){ .size = 3 }), -EINVAL,
	       "a command of another size");
	is_int(refused((struct procq_command){ .method = 4 }), -EINVAL,
	       "an unknown method");
	is_int(refused((struct procq_command){ .cgroup = -1 }), -EINVAL,
	       "what is no descriptor");
	is_int(refused((struct procq_command){ .method = PROCQ_METHOD_VFORK }),
	       -EINVAL, "vfork is for commands");
	is_int(refused((struct procq_command){ .argv = none }), -EINVAL,
	       "no command");
	signal(SIGCHLD, SIG_IGN);
	is_int(refused((struct procq_command){ .size = 0 }), -ECHILD,
	       "as nobody could report its end");
	signal(SIGCHLD, SIG_DFL);
	is_int(procq_closed(consumer), 0, "it is open");
	is_int(procq_set_closed(consumer, 1), 0, "anybody closes it");
	is_int(procq_closed(producer), 1, "anybody sees that");
	is_int(procq_spawn(producer, NULL, &p), -ESHUTDOWN, "closed");
	is_int(wait_until(producer, PROCQ_WAIT_ROOM, procq_now()), -ETIMEDOUT,
	       "there is no room");
	is_int(procq_set_closed(producer, 3), -EINVAL, "what is this?");
	is_int(procq_set_closed(producer, -1), -EINVAL, "or that?");
	is_int(procq_closed(producer), PROCQ_CLOSED, "it stays as it was");
	is_int(procq_set_closed(producer, 0), 0, "and opens it");
	is_int(procq_closed(consumer), 0, "which shows, too");
	is_int(procq_wait(producer, PROCQ_WAIT_ROOM, PROCQ_FOREVER), 0,
	       "there is");
	is_int(procq_spawn(producer, &zero, &p), 0,
	       "a command of zeros alone is an idle process");
	is_str(p.label, PROCQ_LABEL_IDLE, "as its label says");
	for (int i = 1; i < CAPACITY; i++)
		spawn_idle(PROCQ_METHOD_AUTO, 0);
	is_int(procq_spawn(producer, NULL, &p), -EAGAIN, "full");
	is_int(wait_until(producer, PROCQ_WAIT_ROOM, procq_now() + 1),
	       -ETIMEDOUT, "no room");
	is_int(procq_occupied(producer), CAPACITY, "all places are taken");
	is_int(procq_children(producer), CAPACITY, "by children");
	end_all(CAPACITY);
	reap_to(0);
	end("refusals: nothing is lost");
}

static uint64_t blocked_signals(pid_t pid)
{
	return strtoull(fixture_status(pid, "SigBlk"), NULL, 16);
}

static void test_attributes(unsigned method)
{
	struct procq_command c = PROCQ_COMMAND_INIT;
	struct procq_process p, q;
	sigset_t mask;

	c.method = method;
	c.label = "a very long label indeed";
	c.flags = PROCQ_SPAWN_GROUP | PROCQ_SPAWN_KEEP | PROCQ_SPAWN_ENTERED;
	begin();
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	c.mask = &mask;
	p = spawn_this(&c);
	is_str(p.label, "a very long lab", "a label is cut");
	is_int(p.flags, PROCQ_SPAWN_GROUP | PROCQ_SPAWN_KEEP,
	       "the flags are told");
	is_int(getpgid(p.pid), p.pid, "it leads a group");
	is_int(blocked_signals(p.pid), 1 << (SIGUSR2 - 1), "its mask");
	q = spawn_idle(method, 0);
	is_int(getpgid(q.pid), getpgrp(), "another is of its parent's");
	is_int(blocked_signals(q.pid), 0, "and has its parent's mask");
	end_all(2);
	reap_to(0);
	end("attributes: nothing is lost");
}

/* ---- commands ---- */

/* The end of a command, as a consumer hears of it. */
static struct procq_event outcome(const char *const *argv, unsigned method)
{
	struct procq_process p, q;

	spawn_args(argv, method);
	reap_to(0);
	need(procq_take_exited(consumer, &p) == 0);
	need(procq_take_exited(consumer, &q) == -EAGAIN);
	return collect();
}

static void check_failure(const char *name, unsigned method, int rc, int code,
			  const char *what)
{
	const char *const argv[] = { name, NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	struct procq_process p;
	struct procq_event e;

	command.argv = argv;
	command.method = method;
	is_int(procq_spawn(producer, &command, &p), rc, what);
	if (code == 0) {
		is_int(procq_children(producer), 0, "nothing was started");
		return;
	}
	reap_to(0);
	take();
	e = collect();
	ok(e.cause == PROCQ_CAUSE_EXIT && e.code == code && e.step == 0 &&
		   e.latency == -1 && e.signal == 0 && e.process.pid == p.pid,
	   "… and is told as exit:%d", code);
}

/* For put_path(). */
static char *take_path(void)
{
	char *path = getenv("PATH");

	need(path);
	path = strdup(path);
	need(path);
	return path;
}

static void put_path(char *path)
{
	setenv("PATH", path, 1);
	free(path);
}

static void test_failures(unsigned method)
{
	char *old = take_path();

	begin();
	check_failure("/no/such/command", method, -ENOENT, 127,
		      "a path that is not there");
	check_failure("/", method, -EACCES, 126, "a folder");
	/* It may be in a folder of this user's that can't be searched. */
	setenv("PATH", "/", 1);
	check_failure("no-such-command-anywhere", method, -ENOENT, 0,
		      "a name that is not in PATH");
	put_path(old);
	check_failure("", method, -ENOENT, 0, "an empty name");
	end("failures: nothing is lost");
}

static void test_path(void)
{
	static const char *const name[] = { "x", NULL };
	char dir[] = "/tmp/procq-api.XXXXXX", file[64], path[256];
	char moved[64];
	char *old = take_path();
	struct procq_event e;
	FILE *f;

	need(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/x", dir);
	f = fopen(file, "w");
	need(f);
	/* Without #!, so it is the shell's. */
	fprintf(f, "exit 7\n");
	fclose(f);
	begin();
	snprintf(path, sizeof(path), "/no/such:%s:%s", dir, old);
	setenv("PATH", path, 1);
	check_failure("x", PROCQ_METHOD_AUTO, -EACCES, 0, "a file without x");
	need(chmod(file, 0700) == 0);
	for (unsigned method = PROCQ_METHOD_FORK; method <= PROCQ_METHOD_VFORK;
	     method++) {
		if (method == PROCQ_METHOD_VFORK && !pq_spawn_has(method))
			method = PROCQ_METHOD_AUTO;
		e = outcome(name, method);
		is_int(e.code, 7, "a script without an interpreter");
		if (method == PROCQ_METHOD_AUTO)
			break;
	}
	/* It has moved to where it is looked for before; and again. */
	snprintf(moved, sizeof(moved), "%s/y", dir);
	need(mkdir(moved, 0700) == 0);
	snprintf(path, sizeof(path), "%s:%s/y:%s", dir, dir, old);
	strcat(moved, "/x");
	setenv("PATH", path, 1);
	is_int(outcome(name, PROCQ_METHOD_AUTO).code, 7,
	       "a PATH that has changed");
	need(rename(file, moved) == 0);
	is_int(outcome(name, PROCQ_METHOD_AUTO).code, 7,
	       "a command that has moved");
	need(rename(moved, file) == 0);
	is_int(outcome(name, PROCQ_METHOD_AUTO).code, 7, "and back");
	moved[strlen(moved) - 2] = '\0';
	need(rmdir(moved) == 0);
	need(chdir(dir) == 0);
	setenv("PATH", "", 1);
	is_int(outcome(name, PROCQ_METHOD_AUTO).code, 7, "PATH empty: here");
	unsetenv("PATH");
	e = outcome((const char *const[]){ "sh", "-c", "exit 5", NULL },
		    PROCQ_METHOD_AUTO);
	is_int(e.code, 5, "no PATH: the system's");
	put_path(old);
	need(chdir("/") == 0 && unlink(file) == 0 && rmdir(dir) == 0);
	end("PATH: nothing is lost");
}

static void test_input(void)
{
	static const char *const reader[] = { "sh", "-c", "read x; exit $x",
					      NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	int ends[2], saved = dup(0);

	command.argv = reader;
	command.flags = PROCQ_SPAWN_STDIN;
	begin();
	need(saved >= 0 && pipe(ends) == 0 && write(ends[1], "9\n", 2) == 2);
	need(dup2(ends[0], 0) == 0);
	spawn_this(&command);
	reap_to(0);
	take();
	is_int(collect().code, 9, "a command may keep standard input");
	is_int(outcome((const char *const[]){ "sh", "-c", "read x; exit $?",
					      NULL },
		       PROCQ_METHOD_AUTO)
		       .code,
	       1, "or has none");
	need(dup2(saved, 0) == 0);
	close(saved);
	close(ends[0]);
	close(ends[1]);
	end("input: nothing is lost");
}

/* ---- reaping ---- */

static void die_as_told(void *arg)
{
	_exit(*(const int *)arg);
}

/* A stranger that is dead, but not reaped. */
static pid_t dead_stranger(void)
{
	static const int code = 33;
	pid_t pid = fixture_fork(die_as_told, (void *)(uintptr_t)&code);

	fixture_await_death(pid);
	return pid;
}

static void test_reaping(void)
{
	struct procq_process a, b, c;
	struct procq_event e;
	pid_t stranger;

	begin();
	is_int(procq_reap(producer), 0, "nothing to reap");
	is_int(procq_reap_one(producer, &e), 0, "not even one");
	/* The older one comes first when any child is asked for. */
	stranger = dead_stranger();
	a = spawn_idle(PROCQ_METHOD_AUTO, 0);
	b = spawn_idle(PROCQ_METHOD_AUTO, 0);
	c = spawn_idle(PROCQ_METHOD_AUTO, 0);
	is_int(procq_reap(producer), 0, "a stranger is not reaped");
	fixture_kill(a.pid);
	is_int(procq_reap_one(producer, &e), 1, "one behind a stranger");
	ok(e.process.pid == a.pid && e.cause == PROCQ_CAUSE_SIGNAL &&
		   e.code == SIGKILL && e.latency == -1 && e.step == 0 &&
		   e.lived > 0,
	   "its end is told");
	fixture_kill(b.pid);
	fixture_kill(c.pid);
	is_int(procq_reap(producer), 2, "all behind a stranger");
	is_int(procq_children(producer), 0, "none is left");
	is_int(fixture_wait(stranger), 33, "the stranger was left alone");
	for (int i = 0; i < 3; i++) {
		take();
		e = collect();
		ok(e.step == 0 && e.signal == 0, "told once more, in turn");
	}
	end("reaping: nothing is lost");
}

static void test_reaping_all(void)
{
	struct procq_options o = fixture_options(PROCQ_ROLE_PRODUCER, 0,
						 PROCQ_OPEN_REAP_ALL);
	struct procq_process p;
	struct procq_event e;
	struct procq *q;
	pid_t strangers[2];

	need(procq_open(&q, fixture_queue, &o) == 0);
	strangers[0] = dead_stranger();
	p = fixture_spawn(q, PROCQ_METHOD_AUTO, 0);
	strangers[1] = dead_stranger();
	fixture_kill(p.pid);
	is_int(procq_reap(q), 1, "a producer that reaps all counts its own");
	for (int i = 0; i < 2; i++)
		ok(waitpid(strangers[i], NULL, WNOHANG) < 0 &&
		   errno == ECHILD, "and reaps a stranger");
	need(procq_take_exited(q, &p) == 0);
	is_int(procq_collect(q, &e), 1, "a producer may collect");
	is_int(procq_close(q), 1, "and leave");
}

/* With so many children the library does not ask for the dead each time; they
 * are all reported none the less, also to a waiter that waits as it should. */
static void test_reaping_many(void)
{
	static pid_t pids[1100];
	struct procq_command c = PROCQ_COMMAND_INIT;
	struct procq_process p;
	struct procq_event e;
	int started = 0, reaped = 0, told = 0;

	c.flags = PROCQ_SPAWN_ENTERED;
	producer = fixture_open(PROCQ_ROLE_PRODUCER, 1100);
	/* As many as this machine has to spare. */
	while (started < 1100 && procq_spawn(producer, &c, &p) == 0)
		pids[started++] = p.pid;
	for (int i = 0; i < 10; i++)
		need(procq_reap(producer) == 0);
	for (int i = 0; i < started; i++)
		need(pids[i] > 1 && kill(pids[i], SIGKILL) == 0);
	while (procq_children(producer) > 0) {
		int n = procq_reap(producer);

		need(n >= 0);
		reaped += n;
		if (n == 0)
			procq_wait(producer, PROCQ_WAIT_CHILD, PROCQ_FOREVER);
	}
	is_int(reaped, started, "many children are all reaped");
	while (procq_take_exited(producer, &p) == 0)
		told += procq_collect(producer, &e);
	is_int(told, started, "many: all are told");
	is_int(fixture_sum(producer), 0, "many: nothing is lost");
	is_int(procq_close(producer), 1, "many: none is left");
}

/* ---- taking ---- */

static void test_turns(void)
{
	struct procq_process p[3], q, all[3];
	struct procq_event e;

	begin();
	is_int(procq_peek(consumer, &q), -EAGAIN, "nothing to look at");
	is_int(procq_take(consumer, NULL, &q), -EAGAIN, "nor to take");
	is_int(procq_take_own(producer, &q), -EAGAIN, "nor of one's own");
	is_int(procq_collect(consumer, &e), 0, "nor to collect");
	for (int i = 0; i < 3; i++)
		p[i] = spawn_idle(PROCQ_METHOD_AUTO, 0);
	is_int(procq_snapshot(consumer, all, 2), 3, "three are there");
	ok(all[0].pid == p[0].pid && all[1].pid == p[1].pid, "in order");
	is_int(procq_peek(consumer, &q), 0, "which one is next?");
	ok(q.pid == p[0].pid && q.seq == p[0].seq, "the first one's");
	is_int(procq_take(consumer, &p[1], &all[0]), -EAGAIN,
	       "not this one's");
	all[0] = q;
	all[0].pid++;
	is_int(procq_take(consumer, &all[0], &all[0]), -EAGAIN,
	       "not one of another pid");
	all[0] = q;
	all[0].started++;
	is_int(procq_take(consumer, &all[0], &all[0]), -EAGAIN,
	       "not one of another time");
	is_int(procq_take(consumer, &q, &q), 0, "but this one's");
	is_int(q.state, PROCQ_STATE_TAKEN, "it is taken");
	is_int(q.consumer, procq_incarnation(consumer), "and by which consumer");
	is_int(procq_in_flight(consumer), 1, "one is in flight");
	is_int(procq_give_back(consumer, p[1].slot), -ESRCH, "not that one");
	is_int(procq_give_back(consumer, q.slot), 0, "it is given back");
	is_int(procq_in_flight(consumer), 0, "none is in flight");
	is_int(procq_give_back(consumer, q.slot), -ESRCH, "not twice");
	is_int(take().pid, p[1].pid, "then it is the second one's turn");
	is_int(take().pid, p[2].pid, "the third one's");
	q = take();
	is_int(q.pid, p[0].pid, "and the first one's again");
	ok(q.flags & PROCQ_PROCESS_RETURNED, "which is marked");
	is_int(procq_collect(consumer, &e), 0, "nobody has died");
	procq_close(consumer);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	is_int(procq_snapshot(consumer, all, 3), 3,
	       "a consumer that leaves gives back");
	end_all(3);
	reap_to(0);
	end("turns: nothing is lost");
}

static void test_own(void)
{
	struct procq *other;
	struct procq_process p, q;
	struct procq_event e;

	begin();
	other = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	p = spawn_idle(PROCQ_METHOD_AUTO, 0);
	is_int(procq_take_own(other, &q), -EAGAIN, "none of its own");
	is_int(procq_take_exited(other, &q), -EAGAIN, "none has exited");
	is_int(procq_take_own(producer, &q), 0, "one's own");
	is_int(q.pid, p.pid, "is the one");
	is_int(procq_take(consumer, NULL, &q), -EAGAIN, "nobody else's now");
	need(is_sent(procq_signal(producer, p.slot, SIGTERM, 1)));
	e = fixture_collect(producer, producer);
	ok(e.code == SIGTERM && e.step == 1, "it is ended by its producer");
	is_int(procq_close(other), 0, "the other leaves");
	end("own: nothing is lost");
}

/* ---- signals ---- */

static void test_signals(void)
{
	struct procq_process p;
	struct procq_event e;

	begin();
	is_int(procq_signal(consumer, 0, SIGTERM, 0), -ESRCH, "not taken");
	is_int(procq_signal(consumer, UINT32_MAX, SIGTERM, 0), -ESRCH,
	       "no such slot");
	spawn_idle(PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP);
	p = take();
	is_int(procq_signal(consumer, p.slot, 0, 0), -EINVAL, "no signal");
	is_int(procq_signal(consumer, p.slot, NSIG, 0), -EINVAL, "none such");
	ok(is_sent(procq_signal(consumer, p.slot, SIGCONT, 0)),
	   "one that wakes");
	ok(is_sent(procq_signal(consumer, p.slot, SIGURG, 1)),
	   "one that does nothing");
	procq_reap(producer);
	ok(is_sent(procq_signal(consumer, p.slot, SIGURG, 0)), "again");
	procq_reap(producer);
	ok(is_sent(procq_signal(consumer, p.slot, SIGKILL, 0)),
	   "one that ends");
	reap_to(0);
	is_int(procq_signal(consumer, p.slot, SIGKILL, 0), -ESRCH,
	       "none for the dead");
	e = collect();
	ok(e.step == 2 && e.signal == SIGKILL && e.cause == PROCQ_CAUSE_SIGNAL,
	   "the second step has ended it");
	end("signals: nothing is lost");
}

/* ---- waiting ---- */

static void test_waiting(void)
{
	struct procq_process p;
	int64_t begun = procq_now();
	int rc;

	begin();
	is_int(procq_wait(consumer, 0, begun + 30000000), -ETIMEDOUT,
	       "just sleep");
	ok(procq_now() >= begun + 30000000, "not less than asked for");
	ok(consumer->skip_linger, "in vain: it does not linger the next time");
	is_int(procq_wait(consumer, PROCQ_WAIT_READY | PROCQ_WAIT_DEATH, 0),
	       -ETIMEDOUT, "a deadline long past");
	is_int(procq_wait(consumer, PROCQ_WAIT_READY, -1), -ETIMEDOUT,
	       "one before the clock began");
	is_int(procq_wait(consumer, PROCQ_WAIT_DEATH, INT64_MIN), -ETIMEDOUT,
	       "the first of all");
	begun = procq_now();
	is_int(procq_wait(consumer, PROCQ_WAIT_READY, PROCQ_FOREVER), 0,
	       "for ever is in slices");
	ok(procq_now() >= begun + PROCQ_PATIENCE, "of this length");
	ok(consumer->skip_linger, "nor was it woken");
	procq_wake(consumer);
	procq_wake(consumer);
	is_int(procq_wait(consumer, PROCQ_WAIT_READY, PROCQ_FOREVER), 0,
	       "woken");
	ok(!consumer->skip_linger, "not in vain");
	is_int(procq_wait(consumer, PROCQ_WAIT_READY, procq_now()), -ETIMEDOUT,
	       "once");
	spawn_idle(PROCQ_METHOD_AUTO, 0);
	is_int(procq_wait(consumer, PROCQ_WAIT_READY, PROCQ_FOREVER), 0,
	       "ready");
	p = take();
	procq_wait(consumer, PROCQ_WAIT_DEATH, 0);
	need(consumer->skip_linger);
	need(is_sent(procq_signal(consumer, p.slot, SIGTERM, 0)));
	ok(!consumer->skip_linger, "after a signal a waiter lingers");
	do
		rc = procq_wait(producer, PROCQ_WAIT_CHILD, PROCQ_FOREVER);
	while (rc == 0 && procq_reap(producer) == 0);
	is_int(rc, 0, "a child has died");
	is_int(procq_wait(consumer, PROCQ_WAIT_DEATH, PROCQ_FOREVER), 0,
	       "which is told");
	collect();
	end("waiting: nothing is lost");
}

static void on_signal(int signo)
{
	(void)signo;
}

static void interrupt(void *arg)
{
	pid_t parent = *(const pid_t *)arg;

	if (parent <= 1)
		_exit(1);
	for (;;) {
		fixture_sleep(20000000);
		if (getppid() != parent || kill(parent, SIGUSR1) < 0)
			_exit(0);
	}
}

static void test_interrupts(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;
	pid_t me = getpid(), child;
	int rc = 0;

	begin();
	sigaction(SIGUSR1, &sa, &old);
	child = fixture_fork(interrupt, &me);
	/* One may come just before it sleeps. */
	for (int i = 0; i < 1000 && rc != -EINTR; i++)
		rc = procq_wait(consumer, PROCQ_WAIT_READY, PROCQ_FOREVER);
	is_int(rc, -EINTR, "a signal handler ran");
	fixture_end(child);
	sigaction(SIGUSR1, &old, NULL);
	end("interrupts: nothing is lost");
}

/* ---- the queue as a whole ---- */

static bool is_rung(struct procq *q)
{
	return pq_sem_try(&q->seg->participants[q->place].bell);
}

static void test_stop(void)
{
	unsigned owed = 0;

	begin();
	is_int(wait_until(producer, PROCQ_WAIT_STOP, procq_now()), -ETIMEDOUT,
	       "an open queue is not stopped");
	pq_bell_show(producer->seg, producer->place, PROCQ_WAIT_STOP);
	procq_set_closed(consumer, PROCQ_CLOSED);
	ok(!is_rung(producer), "to close it wakes none that waits for a stop");
	is_int(procq_set_closed(consumer, PROCQ_STOPPED), 0, "it is stopped");
	ok(is_rung(producer), "which wakes one that waits for that");
	pq_bell_hide(producer->seg, producer->place, PROCQ_WAIT_STOP, &owed);
	pq_bell_show(producer->seg, producer->place, PROCQ_WAIT_CHILD);
	procq_set_closed(consumer, PROCQ_STOPPED);
	ok(!is_rung(producer), "but none that waits for something else");
	pq_bell_hide(producer->seg, producer->place, PROCQ_WAIT_CHILD, &owed);
	is_int(procq_closed(producer), PROCQ_STOPPED, "it knows");
	is_int(procq_spawn(producer, NULL, NULL), -ESHUTDOWN, "no more starts");
	is_int(procq_wait(producer, PROCQ_WAIT_STOP, PROCQ_FOREVER), 0,
	       "a wait for it ends at once");
	is_int(wait_until(producer, PROCQ_WAIT_ROOM, procq_now()), -ETIMEDOUT,
	       "a wait for room does not");
	is_int(procq_drained(consumer), 1, "it is drained");
	atomic_store(&producer->seg->header->closed, 77);
	is_int(procq_closed(producer), PROCQ_CLOSED, "damaged, it is closed");
	procq_set_closed(consumer, PROCQ_OPEN);
	is_int(wait_until(producer, PROCQ_WAIT_STOP, procq_now()), -ETIMEDOUT,
	       "opened, it is not stopped any more");
	end("stop: nothing is lost");
}

static void test_drained(void)
{
	struct procq_process p;

	begin();
	is_int(procq_drained(consumer), 0, "a producer is there");
	procq_set_closed(consumer, 1);
	is_int(procq_drained(consumer), 1, "but can't add to a closed queue");
	procq_set_closed(consumer, 0);
	spawn_idle(PROCQ_METHOD_AUTO, PROCQ_SPAWN_KEEP);
	procq_set_closed(consumer, 1);
	is_int(procq_drained(consumer), 0, "closed, there still is one in it");
	procq_set_closed(consumer, 0);
	p = take();
	is_int(procq_drained(producer), 0, "of course");
	procq_give_back(consumer, p.slot);
	need(is_sent(procq_signal(consumer, take().slot, SIGKILL, 0)));
	reap_to(0);
	is_int(procq_close(producer), 0, "it goes");
	is_int(procq_drained(consumer), 1,
	       "drained, but for what this consumer has taken");
	producer = fixture_open(PROCQ_ROLE_KEEPER, 0);
	is_int(procq_drained(producer), 0, "which for others is there");
	collect();
	is_int(procq_drained(producer), 1, "until it is collected");
	end("drained: nothing is lost");
}

static void test_removal(void)
{
	begin();
	is_int(procq_remove(producer), -EBUSY, "a consumer uses it");
	is_int(procq_close(consumer), 0, "it leaves");
	spawn_idle(PROCQ_METHOD_AUTO, 0);
	is_int(procq_remove(producer), -EBUSY, "a process is in it");
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	end_one();
	reap_to(0);
	is_int(procq_close(consumer), 0, "not any more");
	is_int(procq_remove(producer), 0, "then it is removed");
	ok(!fixture_exists(), "at once");
	is_int(procq_close(producer), 0, "so closing removes nothing");
}

/* Its words name its place, so it keeps it, though a lower one is free. */
static void test_removal_in_vain(void)
{
	struct procq *first = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY);
	struct procq_report report;
	unsigned places[2];

	begin();
	places[0] = producer->place;
	places[1] = consumer->place;
	spawn_idle(PROCQ_METHOD_AUTO, 0);
	take();
	is_int(procq_close(first), 0, "the place below is free");
	is_int(procq_remove(consumer), -EBUSY,
	       "a participant that has taken one");
	is_int(consumer->place, places[1], "keeps its place");
	is_int(procq_remove(producer), -EBUSY, "one that has started one");
	is_int(producer->place, places[0], "keeps its, too");
	is_int(procq_check(producer, &report), 0, "all are where they were:");
	is_int((intmax_t)report.faults, 0, "no fault");
	need(is_sent(procq_signal(consumer, consumer->flights.all[0].slot,
				  SIGKILL, 0)));
	is_int(collect().type, PROCQ_EVENT_RETIRED, "it is still its own");
	reap_to(0);
	is_int(procq_remove(consumer), -EBUSY, "one that has none");
	is_int(procq_check(producer, &report), 0, "may move");
	is_int((intmax_t)report.faults, 0, "still no fault");
	end("removals in vain: nothing is lost");
}

/* ---- checks ---- */

static void check_finds(const char *what, const char *words)
{
	struct procq_report report;

	is_int(procq_check(producer, &report), 0, what);
	if (!words)
		is_int(report.faults, 0, "is well");
	else if (!ok(report.faults > 0 && strstr(report.first, words),
		     "says so"))
		note("  %s", report.first);
}

static void test_checks(void)
{
	struct pq_segment *seg;
	uint64_t word, head;
	int64_t was;

	begin();
	seg = producer->seg;
	check_finds("a healthy queue", NULL);
	word = pq_load_word(seg, 1);
	atomic_store(&seg->records[1].word, UINT64_MAX);
	check_finds("a word that is not valid", "not valid");
	atomic_store(&seg->records[1].word, pq_word_reserve(word, 100));
	check_finds("a record of nobody", "place 99");
	atomic_store(&seg->records[1].word, word);
	check_finds("mended", NULL);
	head = atomic_load(&seg->header->ready.head);
	atomic_store(&seg->header->ready.head, head + 7);
	check_finds("a head beyond the tail", "ready ring: head");
	atomic_store(&seg->header->ready.head, head + 1);
	check_finds("a head beyond a cell that nobody filled",
		    "ready ring: head");
	atomic_store(&seg->header->ready.head, head);
	/* As if a consumer had been killed between its hand-back and the move
	 * of the tail, and another had then taken that record. */
	need(pq_ring_append(&seg->ready, 0, 99, NULL));
	atomic_store(&seg->header->ready.head, head + 1);
	atomic_store(&seg->header->ready.tail, head);
	check_finds("a head beyond a tail that awaits a helping hand", NULL);
	need(pq_ring_append(&seg->ready, 0, 99, NULL));
	is_int((intmax_t)atomic_load(&seg->header->ready.tail),
	       (intmax_t)head + 2, "the next append helps");
	atomic_store(&seg->header->ready.head, head + 2);
	head = atomic_load(&seg->header->free.head);
	word = atomic_load(&seg->free.cells[head & (seg->free.size - 1)]);
	atomic_store(&seg->free.cells[head & (seg->free.size - 1)],
		     word ^ UINT64_C(1) << 60);
	check_finds("a cell of another lap", "free ring: the cell");
	atomic_store(&seg->free.cells[head & (seg->free.size - 1)], word);
	check_finds("mended again", NULL);
	was = (int64_t)atomic_fetch_add(&seg->participants[0].tally[0], 1);
	check_finds("one more told than started", "started 0 processes");
	atomic_store(&seg->participants[0].tally[0], (uint64_t)was);
	end("checks: nothing is lost");
}

/* ---- lists ---- */

struct search {
	const char *object;
	int found;
	struct procq_found entry;
};

static int visit(const struct procq_found *entry, void *arg)
{
	struct search *search = arg;

	if (strcmp(entry->object, search->object) != 0)
		return 0;
	search->found++;
	search->entry = *entry;
	return 77;
}

static int search_for(struct search *search, const char *object)
{
	memset(search, 0, sizeof(*search));
	search->object = object;
	return procq_list(visit, search);
}

static void look_for_shared(void *arg)
{
	struct search search;

	/* From elsewhere: the object is not open here. */
	_exit(search_for(&search, arg) == 77 ? 0 : 1);
}

static void test_lists(void)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct search search;
	char name[64];
	struct procq *q;
	int fd;

	begin();
	if (search_for(&search, fixture_object) == -ENOTSUP) {
		end("lists: there are none here");
		return;
	}
	is_int(search.found, 1, "the queue is listed");
	ok(search.entry.uid == geteuid() && search.entry.mode == 0600,
	   "its owner and mode");
	snprintf(name, sizeof(name), "/t%ld-api-shared", (long)getpid());
	need(procq_open(&q, name, &o) == 0);
	is_int(search_for(&search, name), 77, "one of any name is listed");
	is_int(fixture_run(look_for_shared, name), 0,
	       "also for others");
	is_int(procq_close(q), 1, "it goes");
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	need(fd >= 0 && write(fd, "no queue at all", 15) == 15);
	close(fd);
	is_int(search_for(&search, name), 0, "what is no queue is not");
	need(shm_unlink(name) == 0);
	end("lists: nothing is lost");
}

/* Its name is taken away, as rm does it. */
static void test_nameless(void)
{
	struct procq *p = fixture_open(PROCQ_ROLE_PRODUCER, 4);
	struct procq *c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process what;
	int rc;

	need(shm_unlink(fixture_object) == 0);
	do
		rc = procq_wait(c, PROCQ_WAIT_READY, PROCQ_FOREVER);
	while (rc == 0);
	is_int(rc, -EIDRM, "a wait says that the object is removed");
	is_int(procq_take(c, NULL, &what), -EIDRM, "so does a take");
	do
		rc = procq_wait(p, PROCQ_WAIT_CHILD, PROCQ_FOREVER);
	while (rc == 0);
	is_int(procq_spawn(p, NULL, NULL), -EIDRM, "and a start");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

int main(void)
{
	fixture_begin("api");
	test_words();
	test_nameless();
	test_strangers();
	test_methods();
	test_entered_later();
	test_refusals();
	test_attributes(PROCQ_METHOD_FORK);
	test_attributes(PROCQ_METHOD_AUTO);
	test_failures(PROCQ_METHOD_AUTO);
	test_failures(PROCQ_METHOD_FORK);
	test_path();
	test_input();
	test_reaping();
	test_reaping_all();
	test_reaping_many();
	test_turns();
	test_own();
	test_signals();
	test_waiting();
	test_interrupts();
	test_stop();
	test_drained();
	test_removal();
	test_removal_in_vain();
	test_checks();
	test_lists();
	return done();
}
