/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/tally.c - counting exactly once, wherever the counter is killed: a
 * process joins, releases a record step by step, and kills itself after the
 * n-th step; then the sweep makes the count right, once.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/records.h"
#include "tally.h"

/* The steps of pq_record_release(). */
enum step { TAKEN, INTENT, MOVED, COUNTED, CLEARED, STEPS };

static const char *const step_names[STEPS] = {
	"before it says what it will count", "before the record is released",
	"before the count", "before it takes the intent back", "after all",
};

static struct procq *p;
static struct pq_segment *seg;
static unsigned victim_place;

struct plan {
	enum step last;
	enum pq_tally kind;
	unsigned before;	/* how often it has counted already */
	bool gone;		/* released to GONE, not to FREE */
	bool marked_first;	/* a mark overtakes the release */
};

static uint32_t take_new(struct procq *q)
{
	struct pq_origin origin = { .incarnation = p->incarnation };
	uint64_t word;
	int64_t slot = pq_record_reserve(q->seg, p->place + 1, &origin, &word);

	if (slot < 0 || !fixture_enter(q->seg, (uint32_t)slot, word, 1, 1))
		_exit(90);
	if (!records_take_slot(q, (uint32_t)slot))
		_exit(91);
	return (uint32_t)slot;
}

static void mark(struct procq *q, uint32_t slot)
{
	static const struct pq_status status = { PROCQ_CAUSE_EXIT, 0, 1, 1, 1 };

	fixture_mark(q->seg, slot, p->place, &status);
}

static void steps(struct procq *q, uint32_t slot, const struct plan *plan)
{
	struct pq_participant *me = &q->seg->participants[q->place];
	uint64_t word = pq_load_word(q->seg, slot);
	bool done;

	if (plan->last < INTENT)
		return;
	pq_tally_begin(me, plan->kind, slot, pq_word_gen(word));
	if (plan->marked_first)
		mark(q, slot);
	if (plan->last < MOVED)
		return;
	done = pq_record_move(q->seg, slot, &word,
			      plan->gone ? pq_word_gone(word)
					 : pq_word_free(word));
	if (plan->last < COUNTED)
		return;
	if (plan->last < CLEARED) {
		if (done)
			atomic_fetch_add(&me->tally[plan->kind], 1);
		return;
	}
	pq_tally_end(me, done);
}

static void victim(void *arg)
{
	const struct plan *plan = arg;
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	for (unsigned i = 0; i < plan->before; i++)
		if (!records_release(q, take_new(q), plan->kind, true))
			_exit(92);
	steps(q, take_new(q), plan);
	fixture_killed();
}

static uint64_t told(const struct procq_stat *s, enum pq_tally kind)
{
	return kind == PQ_TALLY_RETIRED	 ? s->retired
	       : kind == PQ_TALLY_EXITED ? s->exited
					 : s->lost;
}

static void setup(void)
{
	p = fixture_open(PROCQ_ROLE_PRODUCER, 4);
	seg = p->seg;
	victim_place = p->place + 1;
}

static void teardown(void)
{
	procq_close(p);
	fixture_clean();
}

/* @return whether the record was released */
static bool killed_at(const struct plan *plan)
{
	bool moved = plan->last >= MOVED && !plan->marked_first;

	need(fixture_run(victim, (void *)(uintptr_t)plan) == -SIGKILL);
	return moved;
}

static void test_step(const struct plan *plan, const char *what)
{
	struct pq_participant *v;
	struct procq_stat s;
	uint64_t want;
	int swept;

	setup();
	want = plan->before + killed_at(plan);
	v = &seg->participants[victim_place];
	swept = pq_sweep_dead(seg, NULL);
	procq_stat(p, &s);
	ok(swept == 1 && told(&s, plan->kind) == want &&
		   s.retired + s.exited + s.lost == want &&
		   atomic_load(&v->intent) == 0 &&
		   atomic_load(&v->member) == 0 && fixture_sum(p) == 0,
	   "%s, %u before, kind %d, killed %s: told %ju", what, plan->before,
	   (int)plan->kind, step_names[plan->last], (uintmax_t)want);
	if (told(&s, plan->kind) != want)
		note("  counted %ju", (uintmax_t)told(&s, plan->kind));
	teardown();
}

static void test_steps(void)
{
	struct plan plan = { TAKEN, PQ_TALLY_RETIRED, 0, false, false };

	for (plan.last = TAKEN; plan.last < STEPS; plan.last++)
		for (plan.before = 0; plan.before < 3; plan.before++) {
			plan.kind = (enum pq_tally)(plan.before % PQ_TALLIES);
			test_step(&plan, "to FREE");
		}
	plan.gone = true;
	for (plan.last = MOVED; plan.last < STEPS; plan.last++)
		for (plan.before = 0; plan.before < 2; plan.before++)
			test_step(&plan, "to GONE");
	plan.gone = false;
	plan.marked_first = true;
	for (plan.last = INTENT; plan.last < STEPS; plan.last++) {
		/* Not moved, so nobody would count it. */
		if (plan.last == COUNTED)
			continue;
		test_step(&plan, "overtaken by a mark");
	}
}

/* The sweeper itself is killed between its count and taking the intent back;
 * or a second one is late. */
static void test_again(unsigned before)
{
	struct plan plan = { MOVED, PQ_TALLY_RETIRED, before, false, false };
	struct pq_participant *v;
	uint64_t member, intent;

	setup();
	killed_at(&plan);
	v = &seg->participants[victim_place];
	member = atomic_load(&v->member);
	intent = atomic_load(&v->intent);
	ok(intent != 0 && member != 0, "%u before: an intent is left", before);
	pq_tally_repair(seg, victim_place, member + 1);
	ok(atomic_load(&v->intent) == intent &&
		   atomic_load(&v->tally[PQ_TALLY_RETIRED]) == before,
	   "a sweeper of another incarnation leaves it alone");
	pq_tally_repair(seg, victim_place, member);
	is_int((intmax_t)atomic_load(&v->tally[PQ_TALLY_RETIRED]), before + 1,
	       "the first sweeper counts");
	atomic_store(&v->intent, intent);	/* but was killed here */
	pq_tally_repair(seg, victim_place, member);
	ok(atomic_load(&v->tally[PQ_TALLY_RETIRED]) == before + 1 &&
		   atomic_load(&v->intent) == 0,
	   "the second one does not");
	pq_tally_repair(seg, victim_place, member);
	is_int((intmax_t)atomic_load(&v->tally[PQ_TALLY_RETIRED]), before + 1,
	       "nor a third, which finds no intent");
	pq_sweep_dead(seg, NULL);
	is_int(fixture_sum(p), 0, "the sum is right");
	teardown();
}

/* The record goes on meanwhile: it is reserved, entered, taken anew. */
static void test_reused(void)
{
	struct plan plan = { MOVED, PQ_TALLY_RETIRED, 1, false, false };
	struct procq *c;

	setup();
	killed_at(&plan);
	c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	for (int i = 0; i < 9; i++)
		records_release(c, take_new(c), PQ_TALLY_RETIRED, true);
	/* As the dead one had it, in another generation, by another. */
	pq_sweep_hints(seg);
	for (int i = 0; i < 4; i++)
		take_new(c);
	pq_sweep_dead(seg, NULL);
	is_int((intmax_t)atomic_load(&seg->participants[victim_place]
					      .tally[PQ_TALLY_RETIRED]),
	       2, "counted although its record holds another process by now");
	is_int(fixture_sum(p), 0, "the sum is right");
	procq_close(c);
	teardown();
}

/* A place keeps its count, no matter which participant sits there. */
static void test_next_tenant(void)
{
	struct plan plan = { MOVED, PQ_TALLY_EXITED, 0, false, false };

	setup();
	for (int i = 0; i < 5; i++) {
		killed_at(&plan);
		pq_sweep_dead(seg, NULL);
	}
	ok(fixture_stat(p).exited == 5 &&
		   atomic_load(&seg->participants[victim_place]
					.tally[PQ_TALLY_EXITED]) == 5,
	   "five tenants of one place, one after the other, all killed");
	teardown();
}

static void test_damage(void)
{
	struct pq_participant *me;
	uint64_t member, sum = 0;

	setup();
	me = &seg->participants[p->place];
	member = atomic_load(&me->member);
	atomic_store(&me->intent, UINT64_MAX);		/* kind 3 */
	pq_tally_repair(seg, p->place, member);
	atomic_store(&me->intent, UINT64_MAX >> 3 | UINT64_C(1) << 63);
	pq_tally_repair(seg, p->place, member); /* slot 1048575 */
	for (int i = 0; i < PQ_TALLIES; i++)
		sum += atomic_load(&me->tally[i]);
	is_int((intmax_t)sum, 0, "a nonsense intent counts nothing");
	/* Kind 3, of a record that has moved on: beside the tallies. */
	atomic_store(&me->intent, UINT64_C(7) << 61 | 99);
	pq_tally_repair(seg, p->place, member);
	is_int((intmax_t)atomic_load(&me->wants), 0,
	       "nor does one of a kind that there is not");
	atomic_store(&me->intent, 0);
	teardown();
}

int main(void)
{
	fixture_begin("tally");
	test_steps();
	test_again(0);
	test_again(1);
	test_reused();
	test_next_tenant();
	test_damage();
	return done();
}
