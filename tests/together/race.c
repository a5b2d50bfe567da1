/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/race.c - two at once, on the same record, place or ring; then all
 * must be as one of the two orders leaves it.
 *
 * Once with threads that begin at the same moment, many times: what is
 * wrong shows itself in some of the rounds, on two processors. And once, where
 * that can be done, with one that is stopped before and after each of its
 * locked instructions, while the other one goes through. What is right never
 * fails. The participants are fixture's, and some that are dead: an entry
 * whose number holds no byte.
 */
#include <config.h>

#include <pthread.h>
#include <sched.h>
#include <stddef.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/calls.h"
#include "layout.h"
#include "take.h"
#include "tally.h"

#ifdef __x86_64__
# include <sys/user.h>
#endif

#define CAPACITY 4
#define DEAD_PLACE 2u		/* the first that is empty */
#define NOBODY (UINT64_C(1) << 40)

static struct procq *p, *c;
static struct pq_segment *seg;
static struct pq_origin origin;
static const struct pq_status status = { PROCQ_CAUSE_EXIT, 3, 1, 1, 1 };

/* What one of the two has seen; it may be a child. */
static struct {
	bool held;
	int64_t got[2];
	uint64_t words[2];
	uint64_t numbers[2];
	unsigned places[2];
	int looks[2];
	bool removed;
	_Atomic int phase;	/* of a child: 1 within its part, 2 after it */
} *seen;

/* ---- two at once ---- */

static _Atomic unsigned ready;
static void (*second)(void);
static int rounds;

/* For the two to meet the nth time. */
static void meet(unsigned n)
{
	atomic_fetch_add(&ready, 1);
	for (int spins = 0; atomic_load(&ready) < 2 * n; spins++)
		if (spins % 256 == 255)
			sched_yield();
}

static void *other(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < (unsigned)rounds; i++) {
		meet(2 * i + 1);
		second();
		meet(2 * i + 2);
	}
	return NULL;
}

static void begin_race(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	seg = p->seg;
	origin.incarnation = p->incarnation;
}

static void end_race(void)
{
	procq_close(c);
	procq_close(p);
	fixture_clean();
}

/* before() and after() are done by one alone. */
static void race(int n, void (*before)(void), void (*a)(void),
		 void (*b)(void), bool (*after)(void), const char *what)
{
	pthread_t thread;
	int bad = 0;

	begin_race();
	second = b;
	rounds = n;
	atomic_store(&ready, 0);
	pthread_create(&thread, NULL, other, NULL);
	for (unsigned i = 0; i < (unsigned)n; i++) {
		before();
		meet(2 * i + 1);
		a();
		meet(2 * i + 2);
		bad += !after();
	}
	pthread_join(thread, NULL);
	is_int(bad, 0, what);
	is_int(fixture_sum(p), 0, "… and all are counted");
	end_race();
}

/* ---- one within the other ---- */

#ifdef __x86_64__
static void traced(void *arg)
{
	(void)arg;
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(96);
	raise(SIGSTOP);
	seen->phase = 1;
	second();
	seen->phase = 2;
}

/* Is there a locked instruction? Its text is ours. */
static bool is_lock(uint64_t pc)
{
	const unsigned char *code = (const unsigned char *)(uintptr_t)pc;

	/* xchg with memory is one without saying so */
	return code[0] == 0xf0 || code[0] == 0x87 ||
	       ((code[0] & 0xf0) == 0x40 && code[1] == 0x87);
}

#define POINTS_MAX 1000

/* A locked instruction, when it runs for the nth time, from 0. */
static struct point {
	uint64_t pc;
	unsigned nth;
} points[POINTS_MAX];
static int point_count;
/* Of a short one, each instruction is a point. */
static bool every;

/* By one instruction, or to its next stop. */
static bool go_on(pid_t pid, bool step)
{
	int wstatus;

	need(ptrace(step ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, 0, 0) == 0);
	need(waitpid(pid, &wstatus, 0) == pid);
	return WIFSTOPPED(wstatus);
}

static uint64_t pc_of(pid_t pid)
{
	return (uint64_t)ptrace(PTRACE_PEEKUSER, pid,
				offsetof(struct user_regs_struct, rip), 0);
}

static void set_pc(pid_t pid, uint64_t pc)
{
	struct user_regs_struct regs;

	need(ptrace(PTRACE_GETREGS, pid, 0, &regs) == 0);
	regs.rip = pc;
	need(ptrace(PTRACE_SETREGS, pid, 0, &regs) == 0);
}

/* Run it to its end, and write down its points. */
static void find_points(pid_t pid)
{
	point_count = 0;
	while (seen->phase < 2 && point_count < POINTS_MAX) {
		uint64_t pc = pc_of(pid);

		if (seen->phase == 1 && (every || is_lock(pc))) {
			struct point *point = &points[point_count++];

			*point = (struct point){ pc, 0 };
			for (int i = 0; i < point_count - 1; i++)
				point->nth += points[i].pc == pc;
		}
		need(go_on(pid, true));
	}
}

/* To this point. False: it has not come there. */
static bool run_to(pid_t pid, const struct point *point)
{
	void *at = (void *)(uintptr_t)point->pc;
	long text = ptrace(PTRACE_PEEKTEXT, pid, at, 0);
	long trap = (text & ~0xffL) | 0xcc;

	for (unsigned n = 0;; n++) {
		need(ptrace(PTRACE_POKETEXT, pid, at, (void *)trap) == 0);
		if (!go_on(pid, false))
			return false;
		set_pc(pid, point->pc);
		need(ptrace(PTRACE_POKETEXT, pid, at, (void *)text) == 0);
		if (n == point->nth)
			return true;
		need(go_on(pid, true));
	}
}

static pid_t start_traced(void)
{
	pid_t pid;
	int wstatus;

	seen->phase = 0;
	pid = fixture_fork(traced, NULL);
	need(waitpid(pid, &wstatus, 0) == pid && WIFSTOPPED(wstatus));
	return pid;
}

/* Let it go on, or not. */
static void end_traced(pid_t pid, bool dies)
{
	if (dies)
		need(pid > 1 && kill(pid, SIGKILL) == 0);
	else
		need(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	fixture_wait(pid);
}

/* b, with all of a before or after its locked instruction n */
static void meanwhile(void (*a)(void), int n, bool dies)
{
	pid_t pid = start_traced();
	bool there = run_to(pid, &points[n / 2]);

	if (there && n % 2)
		need(go_on(pid, true));
	if (there && dies)
		end_traced(pid, true);
	a();
	if (there && !dies)
		end_traced(pid, false);
}

/* b is stopped at each of its points, and all of a done meanwhile.
 * @param dies there b is killed, else it goes on */
static void within(void (*before)(void), void (*a)(void), void (*b)(void),
		   bool (*after)(void), bool dies, const char *what)
{
	pid_t pid;
	int bad = 0;

	begin_race();
	second = b;
	/* First one after the other. */
	before();
	pid = start_traced();
	find_points(pid);
	end_traced(pid, dies);
	a();
	bad += !after();
	for (int n = 0; n < 2 * point_count; n += every ? 2 : 1) {
		before();
		meanwhile(a, n, dies);
		if (after())
			continue;
		bad++;
		note("  at point %d", n);
	}
	ok(bad == 0 && point_count > 0, "%s, at %d points", what,
	   every ? point_count : 2 * point_count);
	is_int(fixture_sum(p), 0, "… and all are counted");
	end_race();
}
#endif

/* ---- a record ---- */

static uint32_t slot;
static uint64_t word;

static uint64_t now(void)
{
	return pq_load_word(seg, slot);
}

static void reserved(void)
{
	int64_t rc = pq_record_reserve(seg, p->place + 1, &origin, &word);

	need(rc >= 0);
	slot = (uint32_t)rc;
	seen->held = true;
}

static void enter(void)
{
	need(fixture_enter(seg, slot, word, 77, 78) > 0);
}

static void queued(void)
{
	reserved();
	enter();
}

static bool take_as(unsigned owner)
{
	uint64_t w = now();

	do {
		if (pq_word_state(w) != PROCQ_STATE_QUEUED &&
		    pq_word_state(w) != PROCQ_STATE_EXITED)
			return false;
	} while (!pq_record_move(seg, slot, &w, pq_word_take(w, owner)));
	return true;
}

static void take(void)
{
	while (!take_as(c->place + 1))
		sched_yield();
}

static void taken(void)
{
	queued();
	take();
}

static void mark(void)
{
	fixture_mark(seg, slot, p->place, &status);
}

static void give_back(void)
{
	pq_record_return(seg, slot, c->place + 1);
}

static void ask(void)
{
	pq_record_ask(seg, slot, now());
}

/* Whatever has become of it: on to FREE. */
static void to_end(void)
{
	if (pq_word_state(now()) == PROCQ_STATE_QUEUED ||
	    pq_word_state(now()) == PROCQ_STATE_EXITED)
		take();
	if (pq_word_state(now()) == PROCQ_STATE_TAKEN)
		pq_record_release(seg, slot, pq_word_owner(now()) - 1, now(),
				  PQ_TALLY_RETIRED, true);
}

static bool is_at_last(unsigned state, unsigned flags)
{
	bool good = pq_word_state(now()) == state &&
		    pq_word_flags(now()) == flags &&
		    atomic_load(&seg->records[slot].obit) != 0;

	if (state == PROCQ_STATE_EXITED)
		good = good && fixture_hints(&seg->ready, slot) > 0;
	to_end();
	return good && pq_word_state(now()) == PROCQ_STATE_FREE && seen->held;
}

static bool taken_and_dead(void)
{
	return is_at_last(PROCQ_STATE_TAKEN, PQ_DEAD);
}

/* A taker that looks for the next, and takes none. */
TAP_UNUSED static void look_for_next(void)
{
	struct pq_hint hint;
	uint64_t w;

	pq_take_next(c, &hint, &w);
}

/* Its hint is there for the next taker. */
TAP_UNUSED static bool exited_and_hinted(void)
{
	return is_at_last(PROCQ_STATE_EXITED, 0);
}

static bool back_and_exited(void)
{
	return is_at_last(PROCQ_STATE_EXITED, PQ_RETURNED);
}

/* What stands in the record, read as soon as the word says so. */
static void look_at_obit(void)
{
	if (pq_word_flags(now()) & PQ_DEAD)
		seen->held = atomic_load_explicit(&seg->records[slot].obit,
						  memory_order_relaxed) != 0;
}

static void read_obit(void)
{
	for (int n = 0; !(pq_word_flags(now()) & PQ_DEAD); n++)
		if (n % 256 == 255)
			sched_yield();
	look_at_obit();
}

static void look_at_pid(void)
{
	struct pq_snapshot view;

	if (pq_word_state(now()) != PROCQ_STATE_QUEUED)
		return;
	pq_record_snapshot(seg, slot, now(), &view);
	seen->held = view.pid == 77 && view.ident == 78;
}

static void read_pid(void)
{
	for (int n = 0; pq_word_state(now()) != PROCQ_STATE_QUEUED; n++)
		if (n % 256 == 255)
			sched_yield();
	look_at_pid();
}

static bool queued_and_whole(void)
{
	bool good = seen->held;

	mark();
	to_end();
	return good;
}

/* Taken by the handle; only its parent can signal it. */
static void taken_unpinned(void)
{
	queued();
	need(pq_take(c, slot, now(), UINT64_MAX) == 0);
	pq_flights_find(&c->flights, slot)->verdict = PQ_VERDICT_BY_PARENT;
	atomic_store(&seg->participants[p->place].asked, 0);
}

static void ask_parent(void)
{
	need(pq_take_signal(c, slot, SIGTERM, false) == 1);
}

/* As soon as there is a question, it is a whole one. */
static void look_at_question(void)
{
	bool group;

	if (pq_word_flags(now()) & PQ_ASK)
		seen->held = pq_record_asked(seg, slot, &group) == SIGTERM &&
			     !group;
}

static void hear(void)
{
	for (int n = 0; !(pq_word_flags(now()) & PQ_ASK); n++)
		if (n % 256 == 255)
			sched_yield();
	look_at_question();
}

static bool heard(void)
{
	struct procq_event e;
	bool good = seen->held && atomic_load(
		&seg->participants[p->place].asked) == 1;

	mark();
	return procq_collect(c, &e) == 1 && good && e.step == 1;
}

/* ---- room ---- */

static uint64_t spare[CAPACITY];

/* But for one all are reserved. */
static void one_free(void)
{
	for (uint32_t i = 0; i < CAPACITY - 1; i++)
		need(pq_record_reserve(seg, p->place + 1, &origin,
				       &spare[i]) >= 0);
}

static void reserve_0(void)
{
	seen->got[0] = pq_record_reserve(seg, p->place + 1, &origin,
					 &seen->words[0]);
}

static void reserve_1(void)
{
	seen->got[1] = pq_record_reserve(seg, c->place + 1, &origin,
					 &seen->words[1]);
}

static bool one_each(void)
{
	bool good = (seen->got[0] < 0) != (seen->got[1] < 0);

	for (uint32_t i = 0; i < CAPACITY; i++)
		pq_record_cancel(seg, i, pq_load_word(seg, i));
	return good;
}

/* ---- places ---- */


static void nothing(void)
{
}

static void join_0(void)
{
	need(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &seen->numbers[0],
			    &seen->places[0]) == 0);
}

static void join_1(void)
{
	need(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &seen->numbers[1],
			    &seen->places[1]) == 0);
}

static bool both_sit(void)
{
	bool good = seen->numbers[0] != seen->numbers[1] &&
		    seen->places[0] != seen->places[1];

	for (int i = 0; i < 2; i++) {
		good = good && seg->participants[seen->places[i]].member ==
				       pq_member_id(PROCQ_ROLE_CONSUMER,
						    seen->numbers[i]);
		pq_member_stand_up(seg, seen->places[i], seen->numbers[i]);
		pq_byte_drop(seg, seen->numbers[i]);
	}
	return good;
}

static TAP_UNUSED bool sits(void)
{
	/* The child is dead by now, but nobody has looked. */
	bool good = seg->participants[seen->places[1]].member ==
		    pq_member_id(PROCQ_ROLE_CONSUMER, seen->numbers[1]);

	pq_member_stand_up(seg, seen->places[1], seen->numbers[1]);
	return good;
}

/* ---- the end of an object ---- */

/* The two are in an object, and have no place in it. */
TAP_UNUSED static void no_places(void)
{
	end_race();
	begin_race();
	pq_member_stand_up(seg, p->place, p->incarnation);
	pq_member_stand_up(seg, c->place, c->incarnation);
}

TAP_UNUSED static bool has_a_name(void)
{
	struct stat st;

	need(fstat(seg->fd, &st) == 0);
	return st.st_nlink > 0;
}

TAP_UNUSED static void remove_all(void)
{
	seen->removed = pq_segment_remove(seg, p->incarnation) == 0;
}

TAP_UNUSED static void enter_place(void)
{
	seen->looks[0] = pq_member_join(seg, PROCQ_ROLE_KEEPER,
					&seen->numbers[0], &seen->places[0]);
}

/* The newcomer is in an object that has a name and stays open. */
TAP_UNUSED static bool not_astray(void)
{
	bool good = seen->looks[0] == 1 ||
		    (seen->looks[0] == 0 && has_a_name() && !seen->removed &&
		     atomic_load(&seg->header->state) == PQ_OBJECT_OPEN);

	no_places();
	return good;
}

/* ---- the dead ---- */

/* What the dead one has counted, and will have. */
static uint64_t told, want;

static uint64_t tally_now(void)
{
	return atomic_load(
		&seg->participants[DEAD_PLACE].tally[PQ_TALLY_RETIRED]);
}

/* Somebody has taken a record, and is dead. */
static void dead_taker(void)
{
	queued();
	atomic_store(&seg->participants[DEAD_PLACE].member,
		     pq_member_id(PROCQ_ROLE_CONSUMER, NOBODY));
	need(take_as(DEAD_PLACE + 1));
	told = tally_now();
	want = told;
}

/* … of a child that did not live to count itself. */
TAP_UNUSED static void dead_taker_uncounted(void)
{
	uint64_t lives[CAPACITY];

	for (uint32_t i = 0; i < CAPACITY; i++)
		lives[i] = atomic_load(&seg->records[i].counted);
	dead_taker();
	atomic_store(&seg->records[slot].counted, lives[slot]);
}

/* … when it was about to count its release. */
static void dead_before_release(void)
{
	dead_taker();
	pq_tally_begin(&seg->participants[DEAD_PLACE], PQ_TALLY_RETIRED, slot,
		       pq_word_gen(now()));
}

static void dead_after_release(void)
{
	uint64_t w;

	dead_before_release();
	w = now();
	need(pq_record_move(seg, slot, &w, pq_word_free(w)));
	want++;
}

static void sweep(void)
{
	need(pq_sweep_dead(seg, NULL) >= 0);
}

static bool swept(void)
{
	bool good = seg->participants[DEAD_PLACE].member == 0 &&
		    seg->participants[DEAD_PLACE].intent == 0 &&
		    tally_now() == want;

	if (want == told) {
		good = good && pq_word_state(now()) == PROCQ_STATE_QUEUED &&
		       fixture_hints(&seg->ready, slot) > 0;
		mark();
		to_end();
	}
	return good && fixture_hints(&seg->free, slot) > 0;
}

static bool swept_and_exited(void)
{
	bool good = seg->participants[DEAD_PLACE].member == 0;

	return is_at_last(PROCQ_STATE_EXITED, PQ_RETURNED) && good;
}

/* A sweeper that has handed it back, and a taker that has it then. */
static void pass_on(void)
{
	pq_record_return(seg, slot, DEAD_PLACE + 1);
	if (pq_word_state(now()) == PROCQ_STATE_QUEUED)
		take();
}

static bool passed_on(void)
{
	bool good = pq_word_state(now()) == PROCQ_STATE_TAKEN &&
		    pq_word_owner(now()) == c->place + 1;

	mark();
	to_end();
	return good;
}


static void dead_for_long(void)
{
	dead_taker();
	atomic_store(&seg->header->looked,
		     procq_now() - 7200 * INT64_C(1000000000));
}

static void look_0(void)
{
	seen->looks[0] = pq_sweep_sometimes(seg, 3600 * INT64_C(1000000000),
					    NULL);
}

static void look_1(void)
{
	seen->looks[1] = pq_sweep_sometimes(seg, 3600 * INT64_C(1000000000),
					    NULL);
}

static bool one_looked(void)
{
	return swept() && seen->looks[0] + seen->looks[1] == 1;
}

/* Sweeps, sits down in the place of the dead one, and takes. */
static void inherit(void)
{
	sweep();
	join_0();
	seen->held = take_as(seen->places[0] + 1);
}

static bool inherited(void)
{
	bool good =
		seg->participants[seen->places[0]].member ==
			pq_member_id(PROCQ_ROLE_CONSUMER, seen->numbers[0]) &&
		seen->held && pq_word_state(now()) == PROCQ_STATE_TAKEN &&
		pq_word_owner(now()) == seen->places[0] + 1;

	mark();
	to_end();
	pq_member_stand_up(seg, seen->places[0], seen->numbers[0]);
	pq_byte_drop(seg, seen->numbers[0]);
	sweep();
	return good;
}

/* Not if the newcomer is through, and dead. */
static TAP_UNUSED void sweep_joining(void)
{
	if (seen->phase == 1)
		sweep();
}

/* The first part of a sweep. */
static TAP_UNUSED void repair(void)
{
	pq_tally_repair(seg, DEAD_PLACE,
			pq_member_id(PROCQ_ROLE_CONSUMER, NOBODY));
}

/* Another sweeper, as far as handing the record back. */
static TAP_UNUSED void half_a_sweep(void)
{
	repair();
	pq_record_return(seg, slot, DEAD_PLACE + 1);
}

static TAP_UNUSED bool swept_at_last(void)
{
	sweep();
	return swept();
}

/* Killed in the middle of its release, and swept. */
static TAP_UNUSED void release_dead(void)
{
	pq_record_release(seg, slot, DEAD_PLACE, now(), PQ_TALLY_RETIRED, true);
}

static TAP_UNUSED bool counted(void)
{
	bool good = fixture_sum(p) == 0 &&
		    seg->participants[DEAD_PLACE].member == 0;

	if (pq_word_state(now()) != PROCQ_STATE_FREE) {
		mark();
		to_end();
	}
	sweep();
	return good;
}

#ifdef __x86_64__
static void peek_free(void)
{
	struct pq_hint hint;

	seen->held = pq_ring_peek(&seg->free, &hint);
}

/* A whole lap, in which it is never empty. */
static void turn_free(void)
{
	for (uint64_t i = 0; i < seg->free.size; i++) {
		int64_t rc = pq_record_reserve(seg, p->place + 1, &origin,
					       &word);

		need(rc >= 0);
		pq_record_cancel(seg, (uint32_t)rc, word);
	}
}

static bool found(void)
{
	bool good = seen->held;

	seen->held = false;
	return good;
}

static void test_within(void)
{
	within(queued, take, mark, taken_and_dead, false,
	       "a take within a mark: taken, and dead");
	within(queued, mark, take, taken_and_dead, false, "… and the reverse");
	within(taken, give_back, mark, back_and_exited, false,
	       "a return within a mark: returned, and exited");
	within(taken, mark, give_back, back_and_exited, false,
	       "… and the reverse");
	within(taken, ask, mark, taken_and_dead, false,
	       "a question within a mark: dead, and nothing asked");
	within(taken, mark, ask, taken_and_dead, false, "… and the reverse");
	within(taken, look_at_obit, mark, taken_and_dead, false,
	       "within a mark, the status stands there before it");
	within(reserved, look_at_pid, enter, queued_and_whole, false,
	       "within an entry, pid and identity stand there before it");
	within(taken_unpinned, look_at_question, ask_parent, heard, false,
	       "within a question to the parent: whole when it is heard");
	every = true;
	within(one_free, reserve_0, reserve_1, one_each, false,
	       "a reservation within another, room for one");
	within(dead_taker, sweep, release_dead, counted, true,
	       "killed within a release: counted if it was released");
	within(dead_taker_uncounted, sweep, release_dead, counted, true,
	       "… also if its child had not counted itself");
	within(dead_before_release, sweep, repair, swept, false,
	       "a sweep within the repair of a tally: nothing is counted");
	within(dead_after_release, sweep, repair, swept, false,
	       "… or once, as it was released");
	within(dead_before_release, half_a_sweep, repair, swept_at_last, false,
	       "… handed back meanwhile: it is none of the dead one's doing");
	within(queued, mark, look_for_next, exited_and_hinted, false,
	       "a mark within a look for the next: its hint stays");
	within(nothing, turn_free, peek_free, found, false,
	       "a lap of a ring within a look at its head: it is not empty");
	every = false;
	within(nothing, join_0, join_1, both_sit, false,
	       "a newcomer within another");
	within(nothing, sweep_joining, join_1, sits, false,
	       "a sweep within a newcomer's joining: it is not dead");
	within(no_places, remove_all, enter_place, not_astray, false,
	       "a removal within a joining: it is in one that has a name");
	within(no_places, enter_place, remove_all, not_astray, false,
	       "… and the reverse");
}

/* A sweep is long. With a sanitizer's instructions in between it is longer
 * than anybody waits; there the threads have to do. */
TAP_UNUSED static void test_within_sweep(void)
{
	within(dead_before_release, sweep, sweep, swept, false,
	       "a sweeper within another: the record is back, uncounted");
	within(dead_after_release, sweep, sweep, swept, false,
	       "… or free, and counted once");
	within(dead_taker, mark, sweep, swept_and_exited, false,
	       "a mark within a sweep: back, and exited");
	within(dead_taker, pass_on, sweep, passed_on, false,
	       "handed back and taken within a sweep: it stays taken");
	within(dead_taker, inherit, sweep, inherited, false,
	       "a new tenant within a sweep keeps what it has");
}
#endif

int main(void)
{
	fixture_begin("race");
	alarm(4 * FIXTURE_SECONDS);
	seen = fixture_shared(sizeof(*seen));
#ifdef __x86_64__
	if (calls_try())
		test_within();
# ifndef __SANITIZE_ADDRESS__
	if (calls_work)
		test_within_sweep();
# endif
#endif
	race(1000, queued, take, mark, taken_and_dead,
	     "a take and a mark: taken, and dead");
	race(1000, taken, give_back, mark, back_and_exited,
	     "a return and a mark: returned, and exited");
	race(1000, taken, ask, mark, taken_and_dead,
	     "a question and a mark: dead, and nothing asked");
	race(1000, taken, read_obit, mark, taken_and_dead,
	     "a mark: the status stands there before it");
	race(1000, reserved, read_pid, enter, queued_and_whole,
	     "an entry: pid and identity stand there before it");
	race(1000, taken_unpinned, hear, ask_parent, heard,
	     "a question to the parent: whole when it is heard");
	race(1000, one_free, reserve_0, reserve_1, one_each,
	     "two reservations, room for one: one has it");
	race(500, nothing, join_0, join_1, both_sit,
	     "two newcomers: each has a place and a number of its own");
	race(500, dead_taker, sweep, sweep, swept,
	     "two sweepers after a taker: its record is back");
	race(500, dead_before_release, sweep, sweep, swept,
	     "… that was about to count: nothing is counted");
	race(500, dead_after_release, sweep, sweep, swept,
	     "… that was yet to count: it is counted once");
	race(500, dead_for_long, look_0, look_1, one_looked,
	     "of two that would look for the dead one does");
	race(500, dead_taker, sweep, mark, swept_and_exited,
	     "a sweeper and a mark: back, and exited");
	race(500, dead_taker, sweep, pass_on, passed_on,
	     "a sweeper that is late: the next taker keeps it");
	race(500, dead_taker, sweep, inherit, inherited,
	     "… the next tenant keeps its place, and what it takes");
	return done();
}
