/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/reap.c - the parent's duty: whose children are reaped and whose are
 * not, what is told of their end, the mark before the reaping, and the
 * signals that takers ask for.
 */
#include <config.h>

#include <sys/resource.h>

#include "../kit/tap.h"

#include "clock.h"
#include "../kit/fixture.h"
#include "../kit/records.h"

#include "../kit/calls.h"
#include "layout.h"

#define CAPACITY 32

static struct procq *p, *c;
static struct pq_segment *seg;

static void setup_as(uint32_t flags)
{
	struct procq_options o =
		fixture_options(PROCQ_ROLE_PRODUCER, CAPACITY, flags);

	need(procq_open(&p, fixture_queue, &o) == 0);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
}

static void setup(void)
{
	setup_as(0);
}

static void teardown(void)
{
	is_int(fixture_sum(p), 0, "started = retired + exited + lost + present");
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

static uint32_t spawn(struct procq *q, uint32_t method, pid_t *pid)
{
	struct procq_process d = fixture_spawn(q, method, 0);

	*pid = d.pid;
	return d.slot;
}

/* Take what has exited, and tell it. */
static int drain(void)
{
	struct procq_process d;
	struct procq_event e;
	int n = 0;

	while (procq_take(c, NULL, &d) == 0)
		;
	while (procq_collect(c, &e) == 1)
		n++;
	return n;
}

static void leave_at_once(void *arg)
{
	_exit(*(int *)arg);
}

static pid_t stranger(void)
{
	int seven = 7;

	return fixture_fork(leave_at_once, &seven);
}

/* ---- whose children ---- */

static void test_own(void)
{
	uint32_t slot;
	pid_t pid;

	setup();
	slot = spawn(p, PROCQ_METHOD_AUTO, &pid);
	is_int(procq_reap(p), 0, "nobody is dead yet");
	is_int(procq_children(p), 1, "one child");
	fixture_kill(pid);
	is_int(procq_reap(p), 1, "a dead child is reaped");
	ok(waitpid(pid, NULL, WNOHANG) < 0 && errno == ECHILD, "it is gone");
	is_int(procq_children(p), 0, "nor is it a child any more");
	is_int(fixture_state(p, slot), PROCQ_STATE_EXITED, "it is marked");
	is_int(procq_reap(p), 0, "a second time there is nobody");
	is_int(drain(), 1, "told once");
	teardown();
}

/* The kernel names the oldest dead child first: one that is none of ours. */
static void test_behind(void)
{
	pid_t pids[20], other = stranger();
	int bad = 0;

	setup();
	for (int i = 0; i < 20; i++)
		spawn(p, PROCQ_METHOD_AUTO, &pids[i]);
	is_int(procq_reap(p), 0, "a dead stranger");
	fixture_await_death(other);
	for (int i = 0; i < 20; i++)
		fixture_kill(pids[i]);
	is_int(procq_reap(p), 20, "twenty dead behind it are all reaped");
	for (int i = 0; i < 20; i++)
		bad += waitpid(pids[i], NULL, WNOHANG) >= 0;
	is_int(bad, 0, "not one is left");
	is_int(fixture_wait(other), 7, "the stranger is its parent's to reap");
	is_int(drain(), 20, "all are told");
	teardown();
}

static void test_reap_all(void)
{
	struct procq_event e;
	pid_t pids[2], other = stranger();

	setup_as(PROCQ_OPEN_REAP_ALL);
	fixture_await_death(other);
	for (int i = 0; i < 2; i++) {
		spawn(p, PROCQ_METHOD_AUTO, &pids[i]);
		fixture_kill(pids[i]);
	}
	ok(procq_reap_one(p, &e) == 1 && e.process.pid == pids[0] &&
		   e.cause == PROCQ_CAUSE_SIGNAL && e.code == SIGKILL,
	   "one at a time, the first one first");
	ok(waitpid(other, NULL, WNOHANG) < 0 && errno == ECHILD,
	   "strangers are reaped, where that is asked for");
	is_int(waitpid(pids[1], NULL, WNOHANG), pids[1],
	       "the second one is a zombie yet");
	/* Reaped by the caller, which is its mistake: mend it. */
	fixture_mark(seg, 1, p->place,
		       &(struct pq_status){ PROCQ_CAUSE_EXIT, 0, 1, 1, 1 });
	is_int(drain(), 2, "both are told");
	teardown();
}

static void test_one_behind(void)
{
	struct procq_event e;
	pid_t pids[2], other = stranger();
	int n = 0;

	setup();
	fixture_await_death(other);
	for (int i = 0; i < 2; i++) {
		spawn(p, PROCQ_METHOD_AUTO, &pids[i]);
		fixture_kill(pids[i]);
	}
	while (procq_reap_one(p, &e) == 1 && n < 5)
		n++;
	is_int(n, 2, "one at a time, behind a stranger");
	fixture_wait(other);
	is_int(drain(), 2, "both are told");
	teardown();
}

/* A child that shares our memory, killed before it gave its stack back. */
static void test_nest(void)
{
	pid_t pid;
	int busy = 0, mine = -1;

	setup();
	spawn(p, PROCQ_METHOD_AUTO, &pid);
	for (unsigned i = 0; i < PQ_NEST_STACKS; i++)
		if (p->nest.tenant[i] == pid)
			mine = (int)i;
	if (mine >= 0)
		atomic_store(&p->nest.busy[mine], 1);
	fixture_kill(pid);
	procq_reap(p);
	for (unsigned i = 0; i < PQ_NEST_STACKS; i++)
		busy += atomic_load(&p->nest.busy[i]) != 0;
	is_int(busy, 0, "the stack of a dead child can be used again");
	drain();
	teardown();
}

/* ---- what is told ---- */

static void core_limit(rlim_t limit)
{
	struct rlimit r;

	getrlimit(RLIMIT_CORE, &r);
	r.rlim_cur = limit < r.rlim_max ? limit : r.rlim_max;
	setrlimit(RLIMIT_CORE, &r);
}

static void abort_now(void *arg)
{
	execv("/bin/sh", arg);
}

/* Only the system call of Linux tells what a process has used. */
static bool used(int64_t time)
{
#if PQ_USE_LINUX && defined __LP64__
	return time >= 0;
#else
	return time == -1;
#endif
}

static bool tells(const char *script, unsigned cause, int code)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	struct procq_process d;
	struct procq_event e;

	command.flags = PROCQ_SPAWN_ENTERED;
	command.argv = argv;
	need(procq_spawn(p, &command, &d) == 0);
	fixture_await_death(d.pid);
	return procq_reap_one(p, &e) == 1 && e.cause == cause &&
	       e.code == code && e.process.pid == d.pid && used(e.user) &&
	       used(e.sys) && e.lived >= 0;
}

static void test_causes(void)
{
	char dir[] = "/tmp/test-reap.XXXXXX", cwd[4096];
	char *argv[] = { (char *)(uintptr_t)"/bin/sh", (char *)(uintptr_t)"-c",
			 (char *)(uintptr_t)"kill -ABRT $$", NULL };
	siginfo_t info;
	pid_t pid;

	setup();
	ok(tells("exit 23", PROCQ_CAUSE_EXIT, 23), "an exit and its code");
	ok(tells("kill -USR1 $$", PROCQ_CAUSE_SIGNAL, SIGUSR1), "a signal");
	/* Whether there is a core is the machine's to say: a process that is
	 * none of procq's dies in the same way. */
	need(getcwd(cwd, sizeof(cwd)) && mkdtemp(dir) && chdir(dir) == 0);
	core_limit(RLIM_INFINITY);
	pid = fixture_fork(abort_now, argv);
	need(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	fixture_wait(pid);
	ok(tells("kill -ABRT $$",
		 info.si_code == CLD_DUMPED ? PROCQ_CAUSE_CORE
					    : PROCQ_CAUSE_SIGNAL,
		 SIGABRT),
	   "an abort, with a core where there is one");
	core_limit(0);
	need(chdir(cwd) == 0);
	need(fixture_run(abort_now, (char *[]){ argv[0], argv[1],
		strcat(strcpy((char[64]){ 0 }, "rm -r "), dir), NULL }) == 0);
	is_int(drain(), 3, "all are told");
	teardown();
}

/* Told before the mark: after it the record may be another's. */
static void test_told_first(void)
{
	struct procq_event e;
	uint32_t slot;
	pid_t pid;

	setup();
	slot = spawn(p, PROCQ_METHOD_AUTO, &pid);
	need(records_take_slot(c, slot));
	need(records_release(c, slot, PQ_TALLY_RETIRED, false));
	fixture_kill(pid);
	ok(procq_reap_one(p, &e) == 1 && e.process.state == PROCQ_STATE_GONE &&
		   e.process.pid == pid,
	   "what is told is how it was before the mark");
	is_int(fixture_state(p, slot), PROCQ_STATE_FREE,
	       "which frees the record");
	teardown();
}

static void reap_traced(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	pid_t pid;

	*(_Atomic uint32_t *)arg = spawn(q, PROCQ_METHOD_FORK, &pid);
	fixture_kill(pid);
	raise(SIGSTOP);
	procq_reap(q);
}

static void test_mark_first(void)
{
	_Atomic uint32_t *slot = fixture_shared(sizeof(*slot));
	struct call call;
	pid_t tracee;
	int wstatus, reaps = 0, early = 0;

	setup();
	tracee = calls_start(reap_traced, (void *)slot);
	while (calls_next(tracee, &call, &wstatus))
		if (calls_is(&call, SYS_waitid) &&
		    !(call.args[3] & WNOWAIT)) {
			reaps++;
			early += fixture_state(p, *slot) != PROCQ_STATE_EXITED;
		}
	is_int(reaps, 1, "it is reaped once");
	is_int(early, 0, "not before its mark stands in the record");
	pq_sweep_dead(seg, NULL);
	is_int(drain(), 1, "told");
	teardown();
	munmap((void *)slot, sizeof(*slot));
}

/* ---- signals that are asked for ---- */

static void taken(uint32_t slot)
{
	need(records_take_slot(c, slot));
}

static void ask_in(unsigned place, uint32_t slot, int signo, bool alone)
{
	pq_record_sent(seg, slot, signo, alone);
	need(pq_record_ask(seg, slot, pq_load_word(seg, slot)));
	atomic_store(&seg->participants[place].asked, 1);
}

static void ask(uint32_t slot, int signo, bool alone)
{
	ask_in(p->place, slot, signo, alone);
}

/* The alarm of the fixture ends it. */
static void reap_down_to(uint32_t children)
{
	while (procq_children(p) > children) {
		procq_reap(p);
		fixture_sleep(PQ_MILLI);
	}
}

static bool is_asked(uint32_t slot)
{
	return pq_word_flags(pq_load_word(seg, slot)) & PQ_ASK;
}

static void release(uint32_t slot)
{
	need(records_release(c, slot, PQ_TALLY_RETIRED, true));
}

static void test_answer(void)
{
	uint32_t slots[3];
	pid_t pids[3];

	setup();
	for (int i = 0; i < 3; i++) {
		slots[i] = spawn(p, PROCQ_METHOD_AUTO, &pids[i]);
		taken(slots[i]);
	}
	ask(slots[0], SIGWINCH, false);
	atomic_store(&seg->participants[p->place].asked, 0);
	procq_reap(p);
	ok(is_asked(slots[0]), "no word of an ask: it does not look");
	ask(slots[1], SIGTERM, false);
	procq_reap(p);
	ok(!is_asked(slots[0]) && !is_asked(slots[1]), "all that ask are "
	   "answered");
	reap_down_to(2);
	is_int(pq_word_flags(pq_load_word(seg, slots[1])), PQ_DEAD,
	       "the one that was to die is dead");
	is_int(pq_word_flags(pq_load_word(seg, slots[2])), 0,
	       "the one that was not is alive");
	/* One that is stopped would not die of it. */
	kill(pids[2], SIGSTOP);
	ask(slots[2], SIGTERM, false);
	procq_reap(p);
	reap_down_to(1);
	is_int(pq_word_flags(pq_load_word(seg, slots[2])), PQ_DEAD,
	       "a stopped one is woken, to die");
	fixture_kill(pids[0]);
	procq_reap(p);
	for (int i = 0; i < 3; i++)
		release(slots[i]);
	teardown();
}

static void test_answer_group(void)
{
	struct procq_process d;
	pid_t other;

	setup();
	for (int alone = 0; alone <= 1; alone++) {
		d = fixture_spawn(p, PROCQ_METHOD_AUTO, PROCQ_SPAWN_GROUP);
		taken(d.slot);
		other = fixture_bystander();
		need(setpgid(other, d.pid) == 0);
		ask(d.slot, SIGTERM, alone);
		procq_reap(p);
		if (alone) {
			reap_down_to(0);
			fixture_sleep(5 * PQ_MILLI);
			is_int(waitpid(other, NULL, WNOHANG), 0,
			       "or it alone");
			fixture_end(other);
		} else {
			is_int(fixture_wait(other), -SIGTERM,
			       "its group is signalled");
			reap_down_to(0);
		}
		release(d.slot);
	}
	teardown();
}

/* A process that is none of p's counts as its child, and is taken. It is not
 * asked whether it is one. */
static uint32_t adopt(int32_t pid)
{
	uint64_t word;
	uint32_t slot = records_have(p, &word);

	need(fixture_enter(seg, slot, word, pid, 1) > 0);
	taken(slot);
	need(pq_intmap_reserve(&p->children) == 0);
	pq_intmap_put(&p->children, pid, pq_life(slot, word));
	p->ask_after = PROCQ_FOREVER;
	return slot;
}

/* Process 1 is nobody's child. With a signal that nobody minds. */
static void test_guard(void)
{
	uint32_t slot;
	pid_t child = fixture_bystander();

	setup();
	slot = adopt(1);
	ask(slot, SIGWINCH, true);
	procq_reap(p);
	ok(is_asked(slot), "process 1 is never signalled");
	fixture_end(child);
	pq_intmap_remove(&p->children, 1);
	fixture_mark(seg, slot, p->place,
		       &(struct pq_status){ PROCQ_CAUSE_EXIT, 0, 1, 1, 1 });
	release(slot);
	teardown();
}

static void leave_another(void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		fixture_rest(NULL);
	*(volatile pid_t *)arg = pid;
	fixture_rest(NULL);
}

/* The host program has reaped a child, and its pid is another process's, which
 * is no child of ours. */
static void test_stolen(void)
{
	volatile pid_t *another = fixture_shared(sizeof(*another));
	pid_t parent;
	uint32_t slot;

	parent = fixture_fork(leave_another, (void *)(uintptr_t)another);
	while (!*another)
		fixture_sleep(PQ_MILLI);
	setup();
	slot = adopt((int32_t)*another);
	ask(slot, SIGKILL, false);
	is_int(procq_reap(p), 0, "a child that was stolen");
	fixture_sleep(5 * PQ_MILLI);
	is_int(*another > 1 ? kill(*another, 0) : -1, 0,
	       "whose number is another's: that gets no signal");
	ok(*fixture_status(*another, "State") != 'Z', "and lives");
	p->ask_after = 0;
	is_int(procq_reap(p), 1, "it is found out");
	is_int(pq_word_flags(pq_load_word(seg, slot)), PQ_DEAD, "and marked");
	is_int(procq_children(p), 0, "and no child any more");
	release(slot);
	need(*another > 1 && kill(*another, SIGKILL) == 0);
	fixture_end(parent);
	munmap((void *)(uintptr_t)another, sizeof(*another));
	teardown();
}

static _Atomic uint32_t *traced_slot;

static void answer_traced(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	pid_t pid;

	(void)arg;
	*traced_slot = spawn(q, PROCQ_METHOD_FORK, &pid);
	traced_slot[1] = q->place;
	raise(SIGSTOP);
	procq_reap(q);
	for (int i = 0; i < 5000 && procq_reap(q) == 0; i++)
		fixture_sleep(PQ_MILLI);
	_exit(procq_children(q) == 0 ? 0 : 1);
}

/* The taker asks for more while its parent is about to answer. */
static void test_asked_again(void)
{
	struct call call;
	pid_t tracee;
	int wstatus;
	bool again = false;

	traced_slot = fixture_shared(2 * sizeof(*traced_slot));
	setup();
	tracee = calls_start(answer_traced, NULL);
	taken(traced_slot[0]);
	ask_in(traced_slot[1], traced_slot[0], SIGWINCH, false);
	while (calls_next(tracee, &call, &wstatus)) {
		if (again || !calls_is(&call, SYS_kill) ||
		    call.args[1] != SIGWINCH)
			continue;
		ask_in(traced_slot[1], traced_slot[0], SIGTERM, false);
		again = true;
	}
	ok(again, "a taker asks again while its parent is answering");
	ok(WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0,
	   "the second signal is sent, too");
	pq_sweep_dead(seg, NULL);
	release(traced_slot[0]);
	teardown();
	munmap((void *)traced_slot, 2 * sizeof(*traced_slot));
}

int main(void)
{
	fixture_begin("reap");
	test_own();
	test_behind();
	test_reap_all();
	test_one_behind();
	test_nest();
	test_causes();
	test_told_first();
	test_answer();
	test_answer_group();
	test_guard();
	test_stolen();
	if (calls_try()) {
		test_mark_first();
		test_asked_again();
	}
	return done();
}
