/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/resident.c - lib/resident.c: how much memory the recorded process has,
 * and nothing of any other that got its pid.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/taking.h"

#define MIB (INT64_C(1) << 20)

/* A process that has 32 MiB. */
static void grow(void *arg)
{
	size_t n = 32 * MIB;
	char *memory = malloc(n);

	must(memory);
	memset(memory, 1, n);
	/* Or the compiler leaves it out. */
	must(memory[n / 2] == 1);
	atomic_store((_Atomic int *)arg, 1);
	fixture_rest(NULL);
}

static void test_size(void)
{
	struct procq_process small, large, other;
	pid_t pid = fixture_bystander(), big = fixture_launch(grow);
	int64_t bytes = 0, more = 0;
	uint32_t slot;

	setup();
	is_int(procq_resident(c, NULL, &bytes), 0, "of the caller itself");
	ok(bytes > MIB / 8, "… some");
	small = described(entered(pid));
	slot = entered(big);
	large = described(slot);
	is_int(procq_resident(c, &small, &bytes), 0, "of a small process");
	is_int(procq_resident(c, &large, &more), 0, "of a large one");
	ok(more > bytes + 30 * MIB, "which has more: %jd, %jd",
	   (intmax_t)bytes, (intmax_t)more);
	need(take(c, slot) == 0);
	is_int(procq_resident(p, &large, &more), 0, "also if it is taken");
	other = large;
	other.started++;
	is_int(procq_resident(c, &other, &more), -ESRCH, "another start");
	other = large;
	other.pid = pid;
	is_int(procq_resident(c, &other, &more), -ESRCH, "another pid");
	other = large;
	other.slot = CAPACITY;
	is_int(procq_resident(c, &other, &more), -ESRCH, "no such record");
	other.slot = CAPACITY - 1;
	is_int(procq_resident(c, &other, &more), -ESRCH, "a free one");
	fixture_kill(big);
	is_int(procq_resident(c, &large, &more), -ESRCH, "a zombie has none");
	fixture_mark(seg, slot, p->place, &status);
	is_int(procq_resident(c, &large, &more), -ESRCH, "nor one marked dead");
	fixture_wait(big);
	procq_give_back(c, slot);
	is_int(procq_resident(c, &large, &more), -ESRCH, "put back, dead");
	is_int(procq_resident(c, &large, NULL), -EINVAL, "no room for it");
	is_int(procq_resident(NULL, &large, &more), -EINVAL, "no handle");
	if (pins) {
		pid_t gone = fixture_bystander();

		other = described(entered(gone));
		fixture_end(gone);
		is_int(procq_resident(c, &other, &more), -ESRCH,
		       "one that is gone, of which nobody has told");
	}
	teardown();
	fixture_end(pid);
}

/* Whose producer is dead: then the identity says which process it is. */
static void ask_orphan(bool known, uint64_t other, int want, const char *what)
{
	struct procq_process d;
	pid_t pid = fixture_bystander();
	uint64_t ident = known ? ident_of(PQ_IDENT_START, pid) + other : 0;
	int64_t bytes;

	setup();
	d = described(orphan(pid, ident, PQ_F_START));
	is_int(procq_resident(c, &d, &bytes), want, what);
	teardown();
	fixture_end(pid);
}

static void test_orphans(void)
{
	ask_orphan(true, 0, 0, "an orphan");
	ask_orphan(true, 1, -ESRCH, "a process that has its pid now");
	ask_orphan(false, 0, -ESRCH, "one of which nothing is known");
}

static void body_unpinned(void *arg)
{
	struct procq_process d;
	int64_t bytes;

	(void)arg;
	setup_unpinned();
	d = described(entered(getpid()));
	must(procq_resident(c, &d, &bytes) == 0 && bytes > 0);
	d = described(entered(getpid()));
	atomic_store(&seg->records[d.slot].producer, pq_producer(999, 0));
	must(procq_resident(c, &d, &bytes) == -ESRCH);
}

/* First it is a zombie. Then it is as where /proc hides the processes of
 * others. */
static void body_hidden(void *arg)
{
	pid_t pid = fixture_bystander();
	struct procq_process d;
	int64_t bytes;

	(void)arg;
	setup_unpinned();
	d = described(entered(pid));
	fixture_kill(pid);
	must(procq_resident(c, &d, &bytes) == -ESRCH);
	fixture_wait(pid);
	must(procq_resident(c, &d, &bytes) == -EACCES);
}

/* As where there is no /proc. */
static void body_closed(void *arg)
{
	const struct rule rules[] = { { SYS_openat, -1, 0, ENOENT },
				      { SYS_open, -1, 0, ENOENT } };
	struct procq_process d;
	int64_t bytes;

	(void)arg;
	setup();
	d = described(entered(getpid()));
	must(procq_resident(c, &d, &bytes) == 0 && bytes > 0);
	forbid(rules, 2);
	must(procq_resident(c, &d, &bytes) == -ENOTSUP);
	must(procq_resident(c, NULL, &bytes) == -ENOTSUP);
}

/* ---- the record changes while its process is looked at ---- */

static void look_traced(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	int64_t bytes;

	raise(SIGSTOP);
	_exit(procq_resident(q, arg, &bytes) == -ESRCH ? 0 : 1);
}

/* What was read may then be of another process. */
static void test_changed(void)
{
	pid_t pid = fixture_bystander(), tracee;
	struct procq_process d;
	bool marked = false;
	struct call call;
	int wstatus;

	setup();
	d = described(entered(pid));
	tracee = calls_start(look_traced, &d);
	while (calls_next(tracee, &call, &wstatus))
		if (!marked && calls_is(&call, SYS_pidfd_open)) {
			fixture_mark(seg, d.slot, p->place, &status);
			marked = true;
		}
	ok(marked && WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0,
	   "its death is told meanwhile: it has none");
	teardown();
	fixture_end(pid);
}

static void test_refused(void)
{
	struct procq_process d;
	int64_t bytes;

	setup();
	d = described(entered(getpid()));
	atomic_store(&seg->records[d.slot].pid, pq_tagged(0, PQ_PID_BITS, 0));
	d.pid = 0;
	is_int(procq_resident(c, &d, &bytes), -ESRCH, "no pid is known");
	teardown();
	unpinned(body_unpinned, "without pins, the parent's word is enough");
	unpinned(body_hidden, "what is not shown is not told");
}

int main(void)
{
	struct procq *q;
	int64_t bytes;

	taking_begin("resident");
	q = fixture_open(PROCQ_ROLE_KEEPER, 1);
	if (procq_resident(q, NULL, &bytes) == -ENOTSUP) {
		ok(true, "this system does not say");
		procq_close(q);
		return done();
	}
	procq_close(q);
	test_size();
	if (pins)
		test_orphans();
	test_refused();
	/* No filter, either, under an emulator. */
	if (calls_try()) {
		unpinned(body_closed, "nothing is told without /proc");
		if (pins)
			test_changed();
	}
	return done();
}
