/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/ring.c - the hint ring: order, full and empty, laps, the wrap of the
 * laps, stale hints, what the dead leave half done, rule R2, and
 * many threads at once.
 */
#include <config.h>

#include <pthread.h>
#include <sched.h>

#include "fields.h"
#include "ring.h"

#include "../kit/tap.h"

#define CELLS_MAX 4096
#define HINTS 200000

static struct pq_ring_ends ends;
static _Atomic uint64_t cells[CELLS_MAX];
/* By index: is its hint true? Full rings drop those that are not. */
static _Atomic unsigned char stale[HINTS];

static bool fresh(const void *arg, uint32_t index, uint32_t gen)
{
	(void)arg, (void)gen;
	return index < HINTS && !atomic_load(&stale[index]);
}

/* The format again: lap:19 index:20 generation:25. */
static uint64_t cell(uint64_t lap, uint64_t index, uint64_t gen)
{
	return (lap & 0x7ffff) << 45 | index << 25 | gen;
}

/* The same in a ring of so many cells, for this position. */
static uint64_t cell_for(uint64_t size, uint64_t position, uint64_t index,
			 uint64_t gen)
{
	return cell(position / size, index, gen);
}

/* A ring as it is after start appends and takes. */
static struct pq_ring ring_at(uint64_t size, uint64_t start)
{
	struct pq_ring ring = { .ends = &ends, .cells = cells, .fresh = fresh,
				.seen = start };

	memset((void *)stale, 0, sizeof(stale));
	pq_ring_shape(&ring, size);
	pq_ring_format(&ring);
	if (start == 0)
		return ring;
	for (uint64_t p = start - size; p != start; p++)
		atomic_store(&cells[p % size], cell_for(size, p, 0, 0));
	atomic_store(&ends.head, start);
	atomic_store(&ends.tail, start);
	return ring;
}

static bool take(struct pq_ring *ring, struct pq_hint *hint)
{
	if (!pq_ring_peek(ring, hint))
		return false;
	pq_ring_skip(ring, hint);
	return true;
}

static void test_order(void)
{
	struct pq_ring ring = ring_at(8, 0);
	struct pq_hint hint, again;
	uint64_t at = 99;
	int bad = 0;

	ok(!pq_ring_peek(&ring, &hint) && !pq_ring_full(&ring),
	   "a new ring is empty");
	for (uint32_t i = 0; i < 8; i++)
		bad += !pq_ring_append(&ring, 100 + i, 5 + i, &at) || at != i;
	is_int(bad, 0, "eight hints fit into eight cells, each at its place");
	ok(pq_ring_peek(&ring, &hint) && pq_ring_peek(&ring, &again) &&
	   hint.index == 100 && again.index == 100, "a peek takes nothing");
	for (uint32_t i = 0; i < 8; i++)
		bad += !take(&ring, &hint) || hint.index != 100 + i ||
		       hint.gen != 5 + i || hint.position != i;
	is_int(bad, 0, "they come in the order of appending");
	ok(!pq_ring_peek(&ring, &hint), "then it is empty again");
	pq_ring_append(&ring, 7, 0, NULL);
	ok(!pq_ring_skip(&ring, &again) && pq_ring_peek(&ring, &hint) &&
	   hint.index == 7, "a skip that comes late takes nothing, and says so");
	ok(pq_ring_skip(&ring, &hint) && !pq_ring_peek(&ring, &again),
	   "one in time says that, too");
	pq_ring_append(&ring, PQ_HINT_INDEX_MASK, UINT64_C(0x123456789ab), &at);
	ok(take(&ring, &hint) && hint.index == PQ_HINT_INDEX_MASK &&
	   hint.gen == 0x16789ab,
	   "the largest index, the low bits of the generation");
	is_int((intmax_t)atomic_load(&cells[at % 8]),
	       (intmax_t)cell_for(8, at, PQ_HINT_INDEX_MASK, 0x16789ab),
	       "a cell is lap:19 index:20 generation:25");
}

static void gather(const struct pq_hint *hint, void *arg)
{
	char *seen = arg;
	size_t n = strlen(seen);

	snprintf(seen + n, 64 - n, "%u ", (unsigned)hint->index);
}

static const char *scanned(const struct pq_ring *ring)
{
	static char seen[64];

	seen[0] = '\0';
	pq_ring_scan(ring, gather, seen);
	return seen;
}

static void test_full(void)
{
	struct pq_ring ring = ring_at(8, 0);
	struct pq_hint hint;
	uint64_t before[8], at;
	int changed = 0;

	for (uint32_t i = 0; i < 8; i++)
		pq_ring_append(&ring, i, 0, NULL);
	for (int i = 0; i < 8; i++)
		before[i] = atomic_load(&cells[i]);
	ok(pq_ring_full(&ring) && !pq_ring_append(&ring, 50, 0, NULL),
	   "a ring full of true hints takes no more");
	for (int i = 0; i < 8; i++)
		changed += before[i] != atomic_load(&cells[i]);
	ok(!changed && atomic_load(&ends.head) == 0 &&
	   atomic_load(&ends.tail) == 8, "and is as it was");
	atomic_store(&stale[0], 1);
	atomic_store(&stale[1], 1);
	ok(pq_ring_append(&ring, 50, 0, &at) && at == 8,
	   "a stale head makes room");
	ok(pq_ring_peek(&ring, &hint) && hint.index == 1,
	   "as much as is needed, no more");
	atomic_store(&stale[3], 1);
	ok(pq_ring_append(&ring, 51, 0, NULL) &&
	   pq_ring_append(&ring, 52, 0, NULL) &&
	   !pq_ring_append(&ring, 53, 0, NULL) &&
	   pq_ring_peek(&ring, &hint) && hint.index == 2,
	   "so does a stale hint behind a true one");
}

/* ---- closing up: stale hints behind a true one ---- */

static unsigned moves;
static struct pq_hint moved[16];

static void on_move(const void *arg, const struct pq_hint *hint)
{
	(void)arg;
	if (moves < 16)
		moved[moves] = *hint;
	moves++;
}

static void fill(struct pq_ring *ring)
{
	for (uint32_t i = 0; i < 8; i++)
		pq_ring_append(ring, i, i, NULL);
}

static void test_close_up(uint64_t start, const char *where)
{
	struct pq_ring ring = ring_at(8, start);
	uint64_t at = 0;
	int bad = 0;

	note("%s", where);
	ring.moves = on_move;
	moves = 0;
	fill(&ring);
	atomic_store(&stale[3], 1);
	atomic_store(&stale[6], 1);
	ok(pq_ring_append(&ring, 20, 1, &at) && at == start + 8,
	   "a hint behind a true head finds a place, the next one");
	is_str(scanned(&ring), "0 1 2 4 5 6 7 20 ",
	       "those before the first stale one went on, in their order");
	ok(atomic_load(&ends.head) == start + 1, "and the head by one");
	for (unsigned i = 0; i < 3; i++)
		bad += moved[i].index != 2 - i || moved[i].gen != 2 - i ||
		       moved[i].position != start + 2 - i;
	ok(moves == 3 && !bad, "each is named before, with its old place");
	ok(pq_ring_append(&ring, 21, 1, NULL), "the second one");
	is_str(scanned(&ring), "0 1 2 4 5 7 20 21 ", "goes, too");
	ok(!pq_ring_append(&ring, 22, 1, NULL), "then all are true");
	is_str(scanned(&ring), "0 1 2 4 5 7 20 21 ", "and stay");

	/* As long as it likes. */
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t old = i == 0 ? 21 : 99 + i;

		atomic_store(&stale[old], 1);
		bad += !pq_ring_append(&ring, 100 + i, 1, &at) ||
		       at != start + 10 + i;
	}
	ok(!bad, "a thousand come and go behind a true head");
	is_str(scanned(&ring), "0 1 2 4 5 7 20 1099 ", "none is lost");
}

/* What one leaves that dies in the middle of it. */
static void test_half_closed(void)
{
	struct pq_ring ring = ring_at(8, 0);

	fill(&ring);
	atomic_store(&stale[3], 1);
	atomic_store(&cells[3], cell_for(8, 3, 2, 2));
	is_str(scanned(&ring), "0 1 2 2 4 5 6 7 ", "a hint is doubled");
	ok(pq_ring_append(&ring, 20, 1, NULL), "the next one goes on");
	is_str(scanned(&ring), "0 1 2 4 5 6 7 20 ", "and the double is gone");

	ring = ring_at(8, 0);
	fill(&ring);
	atomic_store(&stale[3], 1);
	for (uint32_t i = 0; i < 3; i++)
		atomic_store(&cells[i + 1], cell_for(8, i + 1, i, i));
	is_str(scanned(&ring), "0 0 1 2 4 5 6 7 ", "but for the head");
	ok(pq_ring_append(&ring, 20, 1, NULL), "the next one moves the head");
	is_str(scanned(&ring), "0 1 2 4 5 6 7 20 ", "nothing else");

	/* A double that is not in the next cell says nothing of its place. */
	ring = ring_at(8, 0);
	for (uint32_t i = 0; i < 8; i++)
		pq_ring_append(&ring, i % 4, i % 4, NULL);
	ok(!pq_ring_append(&ring, 20, 1, NULL), "far doubles stay");
	is_str(scanned(&ring), "0 1 2 3 0 1 2 3 ", "where they are");
}

/* An appender that saw the head long ago, or never. */
static void test_old_head(uint64_t start, const char *where)
{
	struct pq_ring ring = ring_at(8, start), late = ring;
	struct pq_hint hint;
	uint64_t before = 0, after = 0;

	note("%s", where);
	for (uint32_t i = 0; i < 24; i++) {
		pq_ring_append(&ring, i, 0, NULL);
		take(&ring, &hint);
	}
	ok(pq_ring_append(&late, 40, 0, NULL) && pq_ring_peek(&ring, &hint) &&
	   hint.index == 40, "it finds room that the head has made since");
	for (uint32_t i = 41; i < 48; i++)
		pq_ring_append(&ring, i, 0, NULL);
	for (int i = 0; i < 8; i++)
		before += atomic_load(&cells[i]);
	ok(!pq_ring_append(&late, 50, 0, NULL) &&
	   !pq_ring_append(&ring, 50, 0, NULL), "and none when there is none");
	for (int i = 0; i < 8; i++)
		after += atomic_load(&cells[i]);
	ok(after == before, "no cell is written then");
	ok(atomic_load(&late.seen) <= atomic_load(&ends.head) &&
	   atomic_load(&ring.seen) <= atomic_load(&ends.head),
	   "what was seen is never ahead of the head");
}

/* Random lengths, against the plain queue that it should be. */
static void run_laps(uint64_t size, uint64_t start, int steps, const char *name)
{
	struct pq_ring ring = ring_at(size, start);
	struct pq_hint hint;
	uint64_t in = 0, out = 0, at;
	unsigned random = 12345;
	int bad = 0;

	for (int i = 0; i < steps && !bad; i++) {
		random = random * 1103515245 + 12345;
		if (random >> 16 & 1 && in - out < size) {
			bad += !pq_ring_append(&ring, (uint32_t)(in % HINTS),
					       in, &at) || at != start + in;
			in++;
		} else if (in == out) {
			bad += pq_ring_peek(&ring, &hint);
		} else {
			bad += !take(&ring, &hint) ||
			       hint.index != out % HINTS ||
			       hint.gen != (out & PQ_HINT_GEN_MASK) ||
			       hint.position != start + out;
			out++;
		}
	}
	ok(!bad && in > 10 * size, "%s", name);
}

static void test_laps(void)
{
	run_laps(4, 0, 100000, "thousands of laps of four cells");
	run_laps(1, 0, 100000, "… of a single one");
	run_laps(1024, 0, 100000, "… of many cells");
	run_laps(4, UINT32_MAX - 50, 1000, "over position 2^32");
	run_laps(64, UINT32_MAX - 1000, 20000, "… with more cells");
	run_laps(64, 3 * (UINT64_C(1) << 32) - 500, 20000,
		 "… for the third time");
	run_laps(4, (UINT64_C(1) << 21) - 50, 1000, "over lap 2^19");
	run_laps(1024, (UINT64_C(1) << 29) - 3000, 100000,
		 "… with more cells");
	run_laps(8, (UINT64_C(1) << 63) - 20, 1000, "over position 2^63");
}

/* What an appender leaves that dies between the cell and the tail. */
static void test_dead_appender(uint64_t start, const char *where)
{
	struct pq_ring ring = ring_at(8, start);
	struct pq_hint hint;
	uint64_t at;

	note("%s", where);
	atomic_store(&cells[start % 8], cell_for(8, start, 40, 4));
	ok(pq_ring_peek(&ring, &hint) && hint.index == 40 && hint.gen == 4,
	   "a cell that is filled counts before its tail is told");
	is_str(scanned(&ring), "40 ", "a scan sees it");
	ok(pq_ring_append(&ring, 41, 0, &at) && at == start + 1,
	   "the next appender helps it along");
	is_str(scanned(&ring), "40 41 ", "a scan sees both, once each");
	ok(take(&ring, &hint) && hint.index == 40 && take(&ring, &hint) &&
	   hint.index == 41 && !take(&ring, &hint), "both come, in order");

	ring = ring_at(8, start);
	atomic_store(&cells[start % 8], cell_for(8, start, 40, 4));
	ok(take(&ring, &hint) && !pq_ring_peek(&ring, &hint) &&
	   atomic_load(&ends.head) == start + 1,
	   "taken before its tail is told: the head may lead");
	ok(pq_ring_append(&ring, 42, 0, &at) && at == start + 1 &&
	   take(&ring, &hint) && hint.index == 42, "and all goes on");
}

/*
 * R2. An appender reads the tail and is stopped; the others go round. Now it
 * sees a cell that was filled a lap later, and is live. A tail that stays
 * behind is what it has in its hand.
 */
static void test_stalled_appender(uint64_t start, const char *where)
{
	struct pq_ring ring = ring_at(8, start);
	struct pq_hint hint;
	uint64_t live = cell_for(8, start + 8, 60, 1);
	int bad = 0;

	note("%s", where);
	for (uint32_t i = 0; i < 8; i++)
		atomic_store(&cells[(start + i) % 8],
			     cell_for(8, start + 8 + i, 60 + i, 1));
	atomic_store(&ends.head, start + 8);
	ok(!pq_ring_append(&ring, 99, 9, NULL),
	   "R2: an append at a tail of the lap before does not succeed");
	is_int(atomic_load(&cells[start % 8]), (intmax_t)live,
	       "R2: nor does it overwrite the live cell");
	atomic_store(&ends.tail, start + 16);
	for (uint32_t i = 0; i < 8; i++)
		bad += !take(&ring, &hint) || hint.index != 60 + i;
	is_int(bad, 0, "all live hints are still there");

	/* And one that reads a head of the lap before finds nothing. */
	atomic_store(&ends.head, start);
	ok(!pq_ring_peek(&ring, &hint),
	   "a head of the lap before leads to no hint");

	/* Nor does a cell of so many laps later. */
	for (unsigned bit = 0; bit < 19; bit++) {
		ring = ring_at(8, start);
		atomic_store(&cells[start % 8],
			     cell(start / 8 + (UINT64_C(1) << bit), 60, 1));
		bad += pq_ring_peek(&ring, &hint);
	}
	is_int(bad, 0, "all bits of a lap count");
}

static void nothing(const struct pq_hint *hint, void *arg)
{
	(void)hint;
	++*(int *)arg;
}

static void test_damage(void)
{
	struct pq_ring ring = ring_at(16, 0);
	struct pq_hint hint;
	int visits = 0;

	for (int i = 0; i < 16; i++)
		atomic_store(&cells[i], UINT64_C(0xdeadbeefdeadbeef));
	ok(!pq_ring_peek(&ring, &hint) && !pq_ring_append(&ring, 1, 0, NULL),
	   "garbage in the cells: no hint, no append, no hang");
	atomic_store(&ends.head, UINT64_MAX - 3);
	atomic_store(&ends.tail, 5);
	pq_ring_scan(&ring, nothing, &visits);
	ok(visits <= 16, "garbage in the ends: a scan ends");
	ring = ring_at(16, 100);
	atomic_store(&ends.tail, UINT64_MAX);
	pq_ring_scan(&ring, nothing, &visits);
	ok(visits <= 16, "a tail far ahead: a scan ends");

	ring = ring_at(8, 0);
	fill(&ring);
	atomic_store(&cells[4], cell(77, 5, 5));
	ok(!pq_ring_append(&ring, 9, 0, NULL),
	   "garbage behind the head of a full ring: no append, no hang");

	ring = ring_at(8, 0);
	for (uint32_t i = 0; i < 4; i++)
		pq_ring_append(&ring, i, 0, NULL);
	atomic_store(&cells[1], cell(77, 5, 5));
	is_str(scanned(&ring), "0 2 3 ", "a scan steps over a hole");
}

/* ---- threads ---- */

#define THREADS 3

static struct pq_ring shared;
/* Not bytes: on riscv64 their exchange is a function of another library. */
static _Atomic uint32_t taken[HINTS];
static _Atomic uint32_t next_index, takes, twice, late;

static void *appender(void *arg)
{
	uint32_t i;

	(void)arg;
	while ((i = atomic_fetch_add(&next_index, 1)) < HINTS)
		while (atomic_load(&ends.tail) - atomic_load(&ends.head) >=
			       shared.size - THREADS ||
		       !pq_ring_append(&shared, i, i, NULL))
			sched_yield();
	return NULL;
}

/* As a taker does it: what moves the record is the proof. */
static void *taker(void *arg)
{
	struct pq_hint hint;
	uint64_t last = 0;

	(void)arg;
	while (atomic_load(&takes) < HINTS) {
		uint32_t no = 0;

		if (!pq_ring_peek(&shared, &hint)) {
			sched_yield();
			continue;
		}
		if (hint.index >= HINTS ||
		    hint.gen != (hint.index & PQ_HINT_GEN_MASK)) {
			atomic_fetch_add(&twice, 1);
			break;
		}
		if (atomic_compare_exchange_strong(&taken[hint.index], &no,
						   1)) {
			atomic_fetch_add(&takes, 1);
			if (hint.position + 1 <= last)
				atomic_fetch_add(&late, 1);
			last = hint.position + 1;
		} else if (hint.position + 1 <= last) {
			atomic_fetch_add(&twice, 1);	/* it came back */
		}
		pq_ring_skip(&shared, &hint);
	}
	return NULL;
}

/* Each takes the head and puts it back, so there is always something. */
static void *rotator(void *arg)
{
	struct pq_hint hint;

	(void)arg;
	for (uint32_t i = 0; i < 50000; i++) {
		if (!pq_ring_peek(&shared, &hint)) {
			atomic_fetch_add(&late, 1);
			continue;
		}
		pq_ring_append(&shared, (uint32_t)i % HINTS, 0, NULL);
		pq_ring_skip(&shared, &hint);
	}
	return NULL;
}

static void run_never_empty(void)
{
	pthread_t threads[THREADS];

	shared = ring_at(64, 0);
	late = 0;
	for (uint32_t i = 0; i < 4; i++)
		pq_ring_append(&shared, i, 0, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, rotator, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	is_int(late, 0,
	       "threads: to one that is overtaken it does not look empty");
}

/* Appenders of one index each, which becomes stale by the next; the head stays.
 * Each hint that is true at the end is there, in the order of its appending. */
#define CLOSERS 4
#define CLOSINGS 30000

static _Atomic uint64_t last_at[CLOSERS];
static _Atomic uint32_t newest[CLOSERS], refusals;

static bool fresh_closer(const void *arg, uint32_t index, uint32_t gen)
{
	(void)arg;
	return index == CLOSERS ||
	       (index < CLOSERS && atomic_load(&newest[index]) == gen);
}

static void *closer(void *arg)
{
	uint32_t index = (uint32_t)(uintptr_t)arg;

	for (uint32_t i = 1; i <= CLOSINGS; i++) {
		uint64_t at;

		/* As a word changes before its hint is appended. */
		atomic_store(&newest[index], i);
		if (pq_ring_append(&shared, index, i, &at))
			atomic_store(&last_at[index], at);
		else
			atomic_fetch_add(&refusals, 1);
	}
	return NULL;
}

static void run_closers(uint64_t start)
{
	pthread_t threads[CLOSERS];
	struct pq_hint hint;
	uint64_t p = start, last = 0;
	uint32_t found = 0;
	int unordered = 0;

	shared = ring_at(16, start);
	shared.fresh = fresh_closer;
	refusals = 0;
	for (int i = 0; i < CLOSERS; i++)
		newest[i] = 0;
	pq_ring_append(&shared, CLOSERS, 0, NULL);
	for (uintptr_t i = 0; i < CLOSERS; i++)
		pthread_create(&threads[i], NULL, closer, (void *)i);
	for (int i = 0; i < CLOSERS; i++)
		pthread_join(threads[i], NULL);
	is_int(refusals, 0, "closers: each finds a place");
	ok(pq_ring_peek(&shared, &hint) && hint.index == CLOSERS,
	   "closers: the head is the same hint");
	p = hint.position;
	while (pq_ring_next(&shared, &p, hint.position + shared.size, &hint)) {
		if (hint.index >= CLOSERS ||
		    !fresh_closer(NULL, hint.index, hint.gen))
			continue;
		if (found & 1u << hint.index)
			continue;
		found |= 1u << hint.index;
		unordered += last_at[hint.index] < last;
		last = last_at[hint.index];
	}
	is_int(found, (1u << CLOSERS) - 1, "closers: every true hint is there");
	is_int(unordered, 0, "closers: in the order in which they came");
}

static void run_threads(uint64_t size, uint64_t start, const char *where)
{
	pthread_t threads[2 * THREADS];
	struct pq_hint hint;
	uint32_t missing = 0;

	note("%s", where);
	shared = ring_at(size, start);
	memset((void *)taken, 0, sizeof(taken));
	next_index = takes = twice = late = 0;
	for (int i = 0; i < 2 * THREADS; i++)
		pthread_create(&threads[i], NULL, i % 2 ? taker : appender,
			       NULL);
	for (int i = 0; i < 2 * THREADS; i++)
		pthread_join(threads[i], NULL);
	for (uint32_t i = 0; i < HINTS; i++)
		missing += !atomic_load(&taken[i]);
	is_int(missing, 0, "threads: every hint came");
	is_int(twice, 0, "threads: none came twice, none was torn");
	is_int(late, 0, "threads: each taker's positions only grow");
	ok(!pq_ring_peek(&shared, &hint) &&
	   atomic_load(&ends.tail) == start + HINTS &&
	   atomic_load(&ends.head) == start + HINTS,
	   "threads: as many cells as hints, and none left");
}

int main(void)
{
	test_order();
	test_full();
	test_close_up(0, "closing up");
	test_close_up(UINT32_MAX - 20, "closing up, over position 2^32");
	test_half_closed();
	test_old_head(0, "an old head, from the beginning");
	test_old_head(UINT32_MAX - 20, "an old head, over position 2^32");
	test_laps();
	test_dead_appender(0, "a dead appender");
	test_dead_appender(UINT32_MAX, "a dead appender, just before 2^32");
	test_stalled_appender(0, "a stalled appender");
	test_stalled_appender(UINT32_MAX - 3, "a stalled appender, over 2^32");
	test_damage();
	run_threads(64, 0, "six threads, 64 cells");
	run_threads(8, UINT32_MAX - 100, "six threads, 8 cells, over 2^32");
	run_never_empty();
	run_closers(0);
	run_closers(UINT32_MAX - 100);
	return done();
}
