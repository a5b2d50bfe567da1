/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/sandbox.c - kernels that are older, and sandboxes that forbid: for
 * each call of the system that the library can do without, it does, and where
 * it can't, it says so and loses nothing. A filter (seccomp) makes the calls
 * fail.
 *
 * What is filtered stays so: each scene is played in a process of its own,
 * which reports by its exit status. It must not use TAP.
 */
#include <config.h>

#include <sys/resource.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#if !defined __linux__ || !PQ_USE_PIDFD || !PQ_USE_CLONE || \
	!PQ_USE_STARTTIME || !PQ_USE_PDEATHSIG

int main(void)
{
	ok(1, "built for no feature that a kernel could lack");
	return done();
}

#else

#include "../kit/forbid.h"

#include "identity.h"
#include "spawn.h"

#define CAPACITY 4

static void forbid_pidfs(void)
{
	const struct rule rules[] = {
		{ SYS_fstatfs, -1, 0, ENOSYS },
#ifdef SYS_fstatfs64
		{ SYS_fstatfs64, -1, 0, ENOSYS },
#endif
	};

	forbid(rules, sizeof(rules) / sizeof(*rules));
}

/* ---- what the scenes are made of ---- */

static struct procq *producer, *consumer;

static void begin(void)
{
	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
}

static void end(void)
{
	must(fixture_sum(consumer) == 0);
	must(procq_close(consumer) == 0);
	must(procq_close(producer) == 1);
}

static struct procq_process spawn(unsigned method, unsigned flags)
{
	return fixture_spawn(producer, method, flags);
}

static struct procq_process take(void)
{
	struct procq_process p;

	must(procq_take(consumer, NULL, &p) == 0);
	return p;
}

static struct procq_event collect(void)
{
	return fixture_collect(consumer, producer);
}

/* One life, from start to end: the signal is sent, or its parent asked. */
static struct procq_event live(unsigned method, unsigned flags, int sent)
{
	struct procq_process p = spawn(method, flags), q = take();
	struct procq_event e;

	must(p.pid == q.pid);
	must(procq_signal(consumer, q.slot, SIGCONT, 0) == sent);
	must(procq_signal(consumer, q.slot, SIGTERM, 0) == sent);
	e = collect();
	must(e.cause == PROCQ_CAUSE_SIGNAL && e.code == SIGTERM && e.step == 1);
	return e;
}

static void leave_one_behind(void *arg)
{
	struct procq_process *p = arg;

	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	*p = spawn(PROCQ_METHOD_AUTO, PROCQ_SPAWN_KEEP | p->flags);
	/* Where it is known by the time of its start, its producer has to be
	 * seen a while after that. */
	for (int i = 0; i < 4; i++)
		procq_wait(producer, PROCQ_WAIT_CHILD,
			   procq_now() + 50 * PQ_MILLI);
	fixture_killed();
}

/* A process whose producer was killed. It is ours to reap now. */
static struct procq_process orphan(unsigned flags)
{
	struct procq_process *p = fixture_shared(sizeof(*p)), copy;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	p->flags = flags;
	must(fixture_run(leave_one_behind, p) == -SIGKILL);
	copy = *p;
	munmap(p, sizeof(*p));
	/* 0: a group that this PID namespace does not show. */
	must(copy.pid > 1 && getpgid(copy.pid) >= 0);
	return copy;
}

static struct procq_process take_orphan(unsigned flags)
{
	struct procq_process p = orphan(flags);

	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	must(take().pid == p.pid);
	return p;
}

static void kill_and_reap(pid_t pid)
{
	fixture_kill(pid);
	must(procq_reap(producer) == 1);
}

/* The last one of the queue. */
static void end_consumer(void)
{
	must(fixture_sum(consumer) == 0);
	must(procq_close(consumer) == 1);
}

/* ---- no pins ---- */

/* On an old kernel, or in a sandbox; or what a kernel answers where there is no
 * such process, and a sandbox for any. */
static void without_pins(void *arg)
{
	struct procq_process p;

	forbid_one(SYS_pidfd_open, *(const int *)arg);
	begin();
	must(pq_pin(getpid()) == -ENOSYS);
	must(pq_ident_kind() == PQ_IDENT_START);
	live(PROCQ_METHOD_AUTO, 0, 1);
	live(PROCQ_METHOD_FORK, PROCQ_SPAWN_GROUP, 1);
	live(PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP, 1);
	/* A stopped one: its parent wakes it, so that it can die. */
	p = spawn(PROCQ_METHOD_AUTO, 0);
	must(p.ino == 0);
	must(kill(p.pid, SIGSTOP) == 0);
	take();
	must(procq_signal(consumer, p.slot, SIGTERM, 1) == 1);
	must(collect().process.pid == p.pid);
	/* It dies before it is asked for. */
	p = spawn(PROCQ_METHOD_AUTO, 0);
	take();
	kill_and_reap(p.pid);
	must(procq_signal(consumer, p.slot, SIGTERM, 1) == -ESRCH);
	must(collect().step == 0);
	end();
}

/* Without a pin and without a parent nobody may signal it: by the time it is
 * sent the pid could be another's. That it is dead can be seen. */
static void no_pin_of_an_orphan(void *arg)
{
	struct procq_process p;
	struct procq_event e;

	(void)arg;
	forbid_one(SYS_pidfd_open, ENOSYS);
	p = take_orphan(0);
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == -ENOTSUP);
	must(procq_collect(consumer, &e) == 0);
	must(procq_give_back(consumer, p.slot) == 0);
	must(take().pid == p.pid);
	fixture_end(p.pid);
	e = collect();
	must(e.process.pid == p.pid && e.cause == PROCQ_CAUSE_UNKNOWN);
	end_consumer();
}

static void no_pin_of_the_dead(void *arg)
{
	struct procq_process p;
	struct procq_event e;

	(void)arg;
	forbid_one(SYS_pidfd_open, ENOSYS);
	p = orphan(0);
	fixture_end(p.pid);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	must(take().pid == p.pid);
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == -ESRCH);
	e = collect();
	must(e.type == PROCQ_EVENT_STALE && e.process.pid == p.pid);
	end_consumer();
}

static void too_many_pins(void *arg)
{
	struct procq_process p;

	(void)arg;
	begin();
	spawn(PROCQ_METHOD_AUTO, 0);
	forbid_one(SYS_pidfd_open, EMFILE);
	must(procq_take(consumer, NULL, &p) == -EMFILE);
	must(procq_take_own(producer, &p) == -EMFILE);
	must(procq_in_flight(consumer) == 0);
	must(procq_peek(consumer, &p) == 0);
	must(p.state == PROCQ_STATE_QUEUED);
	kill_and_reap(p.pid);
	/* Of the dead no pin is needed. */
	take();
	collect();
	end();
}

/* ---- other kinds of identity ---- */

static void start_times(void *arg)
{
	struct procq_process p;

	(void)arg;
	forbid_pidfs();
	begin();
	must(pq_ident_kind() == PQ_IDENT_START);
	live(PROCQ_METHOD_AUTO, 0, 0);
	live(PROCQ_METHOD_FORK, 0, 0);
	end();
	producer = NULL;
	p = take_orphan(0);
	must(procq_signal(consumer, p.slot, SIGKILL, 0) == 0);
	must(collect().process.pid == p.pid);
	fixture_wait(p.pid);
	end_consumer();
}

/* Another process has the recorded pid: the record of an orphan is made to
 * name the start of another. */
static void other_start(void *arg)
{
	struct procq_process p;
	struct procq_event e;
	_Atomic uint64_t *ident;

	(void)arg;
	forbid_pidfs();
	p = orphan(0);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	ident = &consumer->seg->records[p.slot].ident;
	atomic_store(ident, atomic_load(ident) + 1);
	must(take().pid == p.pid);
	must(procq_signal(consumer, p.slot, SIGKILL, 0) == -ESRCH);
	must(procq_collect(consumer, &e) == 1 && e.type == PROCQ_EVENT_STALE);
	must(kill(p.pid, 0) == 0);
	fixture_end(p.pid);
	must(procq_close(consumer) == 1);
}

static void no_identity(void *arg)
{
	const struct rule rules[] = {
		{ SYS_fstatfs, -1, 0, ENOSYS },
		{ SYS_openat, -1, 0, EACCES },
#ifdef SYS_open
		{ SYS_open, -1, 0, EACCES },
#endif
#ifdef SYS_fstatfs64
		{ SYS_fstatfs64, -1, 0, ENOSYS },
#endif
	};

	(void)arg;
	begin();
	forbid(rules, sizeof(rules) / sizeof(*rules));
	must(pq_ident_kind() == PQ_IDENT_NONE);
	must(pq_ident_self(PQ_IDENT_NONE, getpid(), true) == 0);
	/* Its parent lives, so the pin is proof enough. */
	live(PROCQ_METHOD_AUTO, 0, 0);
	end();
}

static void no_identity_of_an_orphan(void *arg)
{
	struct procq_process p;

	(void)arg;
	p = orphan(0);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	atomic_store(&consumer->seg->records[p.slot].ident,
		     atomic_load(&consumer->seg->records[p.slot].ident) &
		     ~((UINT64_C(1) << PQ_IDENT_BITS) - 1));
	must(take().pid == p.pid);
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == -ENOTSUP);
	fixture_kill(p.pid);
	must(collect().process.pid == p.pid);
	fixture_wait(p.pid);
	must(procq_close(consumer) == 1);
}

static void identities(void *arg)
{
	int pin = pq_pin(getpid());

	(void)arg;
	must(pin >= 0 && !pq_pin_dead(pin));
	must(pq_pin(0) == -ESRCH && pq_pin(-1) == -ESRCH);
	must(pq_ident_of(PQ_IDENT_START, -1, 0) == 0);
	must(pq_ident_of(PQ_IDENT_START, -1, INT32_MAX) == 0);
	must(pq_ident_of(PQ_IDENT_INODE, -1, getpid()) == 0);
	must(pq_ident_of(PQ_IDENT_INODE, 1000, getpid()) == 0);
	must(pq_ident_of(PQ_IDENT_NONE, pin, getpid()) == 0);
	must(pq_ident_self(PQ_IDENT_INODE, INT32_MAX, true) == 0);
	must(pq_ident_self(PQ_IDENT_START, getpid(), true) ==
	     pq_ident_of(PQ_IDENT_START, pin, getpid()));
	/* The name may hold what it likes. */
	must(prctl(PR_SET_NAME, ") R 1 2 3 (") == 0);
	must(pq_ident_self(PQ_IDENT_START, getpid(), true) != 0);
}

/* ---- signals ---- */

static const struct rule no_groups = { SYS_pidfd_send_signal, 3, 4, EINVAL };

/* The parent, which answers meanwhile, is this process. */
static void await_stop(pid_t pid, bool stopped)
{
	for (int i = 0; (*fixture_status(pid, "State") == 'T') != stopped; i++) {
		must(i < 2000);
		must(procq_reap(producer) == 0);
		fixture_sleep(5000000);
	}
}

/* What was asked first is not forgotten over what is asked next. */
static void continued_by_parent(void)
{
	struct procq_process p;
	struct procq_event e;

	spawn(PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP);
	p = take();
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == 1);
	must(procq_signal(consumer, p.slot, SIGCONT, 0) == 1);
	e = collect();
	must(e.signal == SIGTERM && e.step == 1);
	/* But it is asked to continue a process that it has stopped. */
	spawn(PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP);
	p = take();
	must(procq_signal(consumer, p.slot, SIGSTOP, 0) == 1);
	await_stop(p.pid, true);
	must(procq_signal(consumer, p.slot, SIGCONT, 0) == 1);
	await_stop(p.pid, false);
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == 1);
	e = collect();
	must(e.signal == SIGTERM && e.step == 2);
}

static void group_signals(void *arg)
{
	(void)arg;
	begin();
	forbid(&no_groups, 1);
	/* The pin can't, so the parent is asked; only the process, it can. */
	spawn(PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP);
	must(procq_signal(consumer, take().slot, SIGTERM, 0) == 1);
	must(collect().step == 1);
	spawn(PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP);
	must(procq_signal(consumer, take().slot, SIGTERM, 1) == 0);
	must(collect().step == 1);
	continued_by_parent();
	end();
}

static void group_of_an_orphan(void *arg)
{
	struct procq_process p;

	(void)arg;
	forbid(&no_groups, 1);
	p = take_orphan(PROCQ_SPAWN_GROUP);
	/* Nobody is left to ask: the process alone, then. */
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == 0);
	must(collect().process.pid == p.pid);
	fixture_wait(p.pid);
	must(procq_close(consumer) == 1);
}

/* Pins, but no signals by them: the parent is asked. */
static void no_permission(void *arg)
{
	struct procq_process p;

	begin();
	forbid_one(SYS_pidfd_send_signal, *(const int *)arg);
	live(PROCQ_METHOD_AUTO, 0, 1);
	live(PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP, 1);
	/* Its own parent, too. */
	p = spawn(PROCQ_METHOD_AUTO, 0);
	must(procq_take_own(producer, &p) == 0);
	must(procq_signal(producer, p.slot, SIGTERM, 0) == 1);
	while (procq_reap(producer) == 0)
		procq_wait(producer, PROCQ_WAIT_CHILD,
			   procq_now() + 5 * PQ_MILLI);
	must(procq_collect(producer, &(struct procq_event){ .type = 0 }) == 1);
	end();
}

static void no_permission_for_an_orphan(void *arg)
{
	struct procq_process p;
	struct procq_event e;

	p = take_orphan(0);
	forbid_one(SYS_pidfd_send_signal, *(const int *)arg);
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == -EACCES);
	must(procq_signal(consumer, p.slot, SIGCONT, 0) == -EACCES);
	must(kill(p.pid, SIGKILL) == 0);
	e = collect();
	/* What was not sent has not ended it. */
	must(e.step == 0 && e.signal == 0 && e.latency == -1);
	fixture_wait(p.pid);
	end_consumer();
}

/* How an orphan died can't be known, so nothing waits for its reaper. */
static void no_info(void *arg)
{
	const struct rule rules[] = {
		{ SYS_ioctl, -1, 0, EPERM },
		{ SYS_openat, -1, 0, EACCES },
	};
	struct procq_process p;
	struct procq_event e;

	(void)arg;
	p = take_orphan(0);
	forbid(rules, 2);
	must(kill(p.pid, SIGKILL) == 0);
	/* It stays a zombie meanwhile. */
	e = collect();
	must(e.process.pid == p.pid && e.cause == PROCQ_CAUSE_UNKNOWN);
	must(waitpid(p.pid, NULL, WNOHANG) == p.pid);
	end_consumer();
}

/* ---- starting ---- */

static const struct procq_command run_true = {
	.size = sizeof(run_true), .argv = (const char *const[]){ "true", NULL },
};

static void on_signal(int signo)
{
	(void)signo;
}

/* @param arg the call that is not there: clone3, or one of a younger kernel */
static void without_clone(void *arg)
{
	static const char *const argv[] = { "sh", "-c", "exit 3", NULL };
	static const char *const none[] = { "/no/such", NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	struct procq_command clone = PROCQ_COMMAND_INIT;

	command.argv = argv;
	clone.method = PROCQ_METHOD_CLONE;
	forbid_one(*(const long *)arg, ENOSYS);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	begin();
	must(!pq_spawn_has(PROCQ_METHOD_CLONE) &&
	     pq_spawn_has(PROCQ_METHOD_FORK));
	must(procq_spawn(producer, &clone, NULL) == -ENOSYS);
	must(procq_occupied(producer) == 0);
	must(strtoull(fixture_status(spawn(PROCQ_METHOD_AUTO, 0).pid, "SigCgt"),
		      NULL, 16) == 0);
	must(procq_signal(consumer, take().slot, SIGTERM, 0) == 0);
	must(collect().code == SIGTERM);
	must(procq_spawn(producer, &command, NULL) == 0);
	take();
	must(collect().code == 3);
	command.argv = none;
	must(procq_spawn(producer, &command, NULL) == -ENOENT);
	take();
	must(collect().code == 127);
	end();
}

static void spawn_refused(void *arg)
{
	int error = *(const int *)arg;
	int rc = error == EAGAIN ? -EUSERS : -error;
	struct procq_command command = PROCQ_COMMAND_INIT;

	begin();
	must(pq_spawn_has(PROCQ_METHOD_CLONE));
	forbid_one(SYS_clone3, error);
	must(procq_spawn(producer, &command, NULL) == rc);
	command.method = PROCQ_METHOD_FORK;
	must(procq_spawn(producer, &command, NULL) == rc);
	must(procq_children(producer) == 0);
	must(procq_occupied(producer) == 0);
	end();
}

static void fork_refused(void *arg)
{
	const struct rule rules[] = {
		{ SYS_clone3, -1, 0, ENOSYS },
		{ SYS_clone, -1, 0, EAGAIN },
# ifdef SYS_fork
		{ SYS_fork, -1, 0, EAGAIN },
		{ SYS_vfork, -1, 0, EAGAIN },
# endif
	};
	(void)arg;
	begin();
	forbid(rules, sizeof(rules) / sizeof(rules[0]));
	must(procq_spawn(producer, NULL, NULL) == -EUSERS);
	must(procq_spawn(producer, &run_true, NULL) == -EUSERS);
	must(procq_occupied(producer) == 0);
	end();
}

/* The child fails at this rule, and is never in the queue. */
static void lost_before_entry(const struct rule *rule, unsigned method)
{
	struct procq_command command = PROCQ_COMMAND_INIT;

	command.flags = PROCQ_SPAWN_ENTERED;
	command.method = method;
	begin();
	/* Asked before. */
	must(pq_spawn_ties());
	forbid(rule, 1);
	must(procq_spawn(producer, &command, NULL) == -ECANCELED);
	must(procq_children(producer) == 1);
	must(procq_reap(producer) == 1);
	must(procq_occupied(producer) == 0);
	end();
}

/* Its first step is its last one. */
static void killed_before_entry(void *arg)
{
	const struct rule rule = { SYS_prctl, 0, PR_SET_PDEATHSIG, KILL };

	lost_before_entry(&rule, *(const unsigned *)arg);
}

static const struct rule no_death_signal = { SYS_prctl, 0, PR_SET_PDEATHSIG,
					     EPERM };

/* A child that can't be tied to its parent is not started. */
static void untied(void *arg)
{
	struct procq_process p;

	(void)arg;
	forbid(&no_death_signal, 1);
	begin();
	must(procq_spawn(producer, NULL, NULL) == -ENOTSUP);
	must(procq_spawn(producer, &run_true, NULL) == -ENOTSUP);
	must(procq_children(producer) == 0);
	must(procq_occupied(producer) == 0);
	p = spawn(PROCQ_METHOD_AUTO, PROCQ_SPAWN_KEEP);
	must(procq_signal(consumer, take().slot, SIGKILL, 0) == 0);
	must(collect().process.pid == p.pid);
	end();
}

/* It was asked for when there was one. */
static void untied_later(void *arg)
{
	lost_before_entry(&no_death_signal, *(const unsigned *)arg);
}

#define FD_FAR 1500

/* A descriptor beyond those that a table of select() has, where the limit lets
 * it. */
static void open_far(void)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_max <= FD_FAR)
		return;
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	must(dup2(STDIN_FILENO, FD_FAR) == FD_FAR);
}

static int open_files(pid_t pid)
{
	char path[64], name[80];
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	for (int fd = 0; fd <= FD_FAR; fd++) {
		snprintf(name, sizeof(name), "%s/%d", path, fd);
		n += access(name, F_OK) == 0 || errno == EACCES;
	}
	return n;
}

static void no_close_range(void *arg)
{
	struct procq_process p;

	(void)arg;
	forbid_one(SYS_close_range, ENOSYS);
	open_far();
	begin();
	spawn(PROCQ_METHOD_FORK, 0);
	p = take();
	/* It closed them before it entered; its own pin is left. */
	must(open_files(p.pid) == (pq_ident_kind() == PQ_IDENT_INODE));
	must(procq_signal(consumer, p.slot, SIGTERM, 0) == 0);
	collect();
	end();
}

/* Without pins: one is lost only if its pid is nobody's. */
static void lost_unpinned(void *arg)
{
	struct procq_process p = orphan(0);
	struct procq_report r;

	(void)arg;
	forbid_one(SYS_pidfd_open, ENOSYS);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	must(procq_check(consumer, &r) == 0 && r.lost == 0);
	fixture_end(p.pid);
	must(procq_check(consumer, &r) == 0 && r.lost == 1);
	must(take().pid == p.pid);
}

/* ---- waiting, and the living ---- */

static void poll_interrupted(void *arg)
{
	const struct rule rules[] = {
#ifdef SYS_poll
		{ SYS_poll, 1, 1, EINTR },
#endif
		{ SYS_ppoll, 1, 1, EINTR },
	};
	struct procq_process p;
	struct procq_event e;
	int64_t soon;
	int rc;

	(void)arg;
	p = take_orphan(0);
	soon = procq_now() + 20000000;
	do
		rc = procq_wait(consumer, PROCQ_WAIT_DEATH, soon);
	while (rc == 0);
	must(rc == -ETIMEDOUT);
	must(procq_wait(consumer, PROCQ_WAIT_DEATH, 0) == -ETIMEDOUT);
	must(procq_signal(consumer, p.slot, SIGKILL, 0) == 0);
	must(procq_wait(consumer, PROCQ_WAIT_DEATH, PROCQ_FOREVER) == 0);
	fixture_wait(p.pid);
	forbid(rules, sizeof(rules) / sizeof(*rules));
	must(procq_wait(consumer, PROCQ_WAIT_DEATH, PROCQ_FOREVER) == -EINTR);
	/* It can't be seen any more, so it is not reported. */
	must(procq_collect(consumer, &e) == 0);
	must(procq_close(consumer) == 0);
}

/* If the kernel can't say whether a lock is held, nobody counts as dead. */
static void locks_unknown(void *arg)
{
	const struct rule rule = { SYS_fcntl, 1, F_GETLK, ENOLCK };
	struct procq_process p;
	struct procq_stat s;

	(void)arg;
	p = orphan(0);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	must(procq_stat(consumer, &s) == 0 && s.dead == 1);
	forbid(&rule, 1);
	must(procq_stat(consumer, &s) == 0 && s.dead == 0);
	must(procq_drained(consumer) == 0);
	fixture_end(p.pid);
	must(procq_close(consumer) == 0);
}

/* ---- all of them ---- */

static void play(void (*scene)(void *), void *arg, const char *what)
{
	is_int(fixture_run(scene, arg), 0, what);
	fixture_clean();
}

static void try_filter(void *arg)
{
	(void)arg;
	forbid_one(SYS_pidfd_open, ENOSYS);
}

static bool has_pidfs(void)
{
	return pq_ident_kind() == PQ_IDENT_INODE;
}

int main(void)
{
	int again = EAGAIN, memory = ENOMEM, invalid = EINVAL, none = ENOENT;
	int denied = EPERM, unknown = ENOSYS;
	long clone3 = SYS_clone3, waitv = SYS_futex_waitv;
	unsigned by_fork = PROCQ_METHOD_FORK, by_any = PROCQ_METHOD_AUTO;

	fixture_begin("sandbox");
	if (fixture_run(try_filter, NULL) != 0)
		skip_all("no seccomp here");
	play(without_pins, &unknown, "no pins");
	play(without_pins, &denied, "pins forbidden");
	play(without_pins, &invalid, "pins said to be invalid");
	play(without_pins, &none, "pins said to be of nobody");
	play(no_pin_of_an_orphan, NULL, "no pins: an orphan is not signalled");
	play(no_pin_of_the_dead, NULL, "no pins: a dead orphan is stale");
	play(too_many_pins, NULL, "no descriptor for a pin");
	play(start_times, NULL, "no pidfs: start times");
	play(other_start, NULL, "no pidfs: another process is let alone");
	play(no_identity, NULL, "no identity: the parent lives");
	play(no_identity_of_an_orphan, NULL, "no identity: an orphan is not "
	     "signalled");
	play(group_signals, NULL, "no signals to groups: the parent's task");
	play(group_of_an_orphan, NULL, "no signals to an orphan's group");
	play(no_permission, &denied, "no permission to signal");
	play(no_permission, &unknown, "no call to signal by a pin");
	play(no_permission_for_an_orphan, &denied,
	     "no permission to signal an orphan");
	play(no_permission_for_an_orphan, &unknown,
	     "no call to signal an orphan by a pin");
	play(no_info, NULL, "no cause of an orphan's death");
	play(without_clone, &clone3, "clone3 forbidden: fork");
	play(without_clone, &waitv, "clone3 of an old kernel: fork");
	play(fork_refused, NULL, "fork fails, too");
	play(killed_before_entry, &by_fork, "fork: killed before it entered");
	play(killed_before_entry, &by_any, "auto: killed before it entered");
	play(untied, NULL,
	     "no death signal: only a child that may outlive its parent");
	play(untied_later, &by_fork, "fork: no death signal, no process");
	play(untied_later, &by_any, "auto: no death signal, no process");
	play(no_close_range, NULL, "no close_range");
	play(lost_unpinned, NULL, "no pins: what has no process is lost");
	play(poll_interrupted, NULL, "a wait for an orphan is interrupted");
	play(locks_unknown, NULL, "which participants are dead can't be known");
	/* What is asked here is known to all that come later. */
	if (pq_pin(getpid()) >= 0 && has_pidfs())
		play(identities, NULL, "identities of what is not there");
	if (pq_spawn_has(PROCQ_METHOD_CLONE)) {
		play(spawn_refused, &again, "no process to spare");
		play(spawn_refused, &memory, "no memory to spare");
	}
	return done();
}

#endif
