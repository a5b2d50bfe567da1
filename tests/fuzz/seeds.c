/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seeds.c - inputs to begin with: real queues in the states that real
 * participants leave them in, each with a script that does everything once.
 *
 *	seeds FOLDER
 *
 * Links the real library and starts real processes; ends only these.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "tally.h"

#include "target.h"

static const char *folder;

/* Everything once, by handles 0 consumer, 1 producer, 2 keeper, 3 onlooker.
 * What has arguments of its own beyond the second byte is followed by them. */
#define H(n, arg) (uint8_t)((n) << 6 | (arg))
static const uint8_t script[] = {
	OP_OPEN, H(0, 1), OP_OPEN, H(3, 3), OP_STAT, H(3, 0),
	OP_SNAPSHOT, H(3, 0), 64, OP_LOOK, H(3, 0),
	OP_PEEK, H(0, 0), OP_TAKE_ONLY, H(0, 0), OP_TAKE, H(0, 0),
	OP_TAKE, H(0, 0), OP_TAKE_EXITED, H(0, 0),
	OP_SIGNAL, H(0, 0), SIGTERM, OP_SIGNAL, H(0, 1), SIGKILL,
	OP_SIGNAL, H(0, 2), SIGTERM, OP_SIGNAL, H(0, 3), SIGTERM,
	OP_COLLECT, H(0, 0), OP_DIE, 1, OP_DIE, 2, OP_WAIT, H(0, 6),
	OP_ADVANCE, 21, OP_COLLECT, H(0, 0), OP_GIVE_BACK, H(0, 3),
	OP_OPEN, H(1, 4), OP_RESERVE, H(1, 0),
	OP_SPAWN, H(1, 0), OP_ENTER, 0, OP_SPAWN, H(1, 2), OP_ENTER, 0,
	OP_CHILD, H(1, 0), OP_TAKE_OWN, H(1, 0), OP_TAKE, H(0, 0),
	OP_DIE, 0, OP_REAP, H(1, 0), OP_REAP_ONE, H(1, 0),
	OP_COLLECT, H(1, 0), OP_WAIT, H(1, 8), OP_STAT, H(1, 0),
	OP_HELD, 0, 0, 0, OP_WAIT, H(0, 1), OP_SWEEP, H(0, 0),
	OP_OPEN, H(2, 2), OP_SET, H(2, 1), OP_CHECK, H(2, 0),
	OP_DRAINED, H(0, 0), OP_CLOSE, H(0, 0), OP_CLOSE, H(1, 0),
	OP_SNAPSHOT, H(3, 0), 64, OP_REMOVE, H(2, 0),
};

/* ---- from a real object to an input ---- */

static void put(FILE *f, const void *from, size_t n)
{
	need(fwrite(from, 1, n, f) == n);
}

static void put_cells(FILE *f, const struct pq_ring *ring)
{
	uint64_t head = atomic_load(&ring->ends->head);

	for (uint64_t i = 0; i < FUZZ_CELLS; i++) {
		uint64_t cell = atomic_load(&ring->cells[
			(head - FUZZ_BEHIND + i) & (ring->size - 1)]);

		put(f, &cell, sizeof(cell));
	}
}

static void save(const struct procq *q, const char *name, unsigned held,
		 unsigned match)
{
	const struct pq_segment *seg = q->seg;
	struct fuzz_options o = { 0 };
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/seed-%s", folder, name);
	f = fopen(path, "wb");
	need(f);
	o.capacity = (uint8_t)(seg->capacity - 1);
	o.exist[0] = o.exist[1] = 0xff;
	o.match[0] = o.match[1] = (uint8_t)match;
	o.held[0] = o.held[1] = (uint8_t)held;
	o.script[0] = (uint8_t)sizeof(script);
	o.script[1] = (uint8_t)(sizeof(script) >> 8);
	put(f, &o, sizeof(o));
	put(f, script, sizeof(script));
	put(f, seg->header, sizeof(*seg->header));
	put(f, seg->records, seg->capacity * sizeof(*seg->records));
	put(f, seg->participants,
	    FUZZ_PARTICIPANTS * sizeof(*seg->participants));
	put_cells(f, &seg->ready);
	put_cells(f, &seg->free);
	need(fclose(f) == 0);
	note("%s", path);
}

/* ---- the states ---- */

static void spawn(struct procq *q, uint32_t flags, int n)
{
	struct procq_command c = PROCQ_COMMAND_INIT;

	c.flags = flags | PROCQ_SPAWN_ENTERED;
	for (int i = 0; i < n; i++)
		need(procq_spawn(q, &c, NULL) == 0);
}

/* Take all, kill all, and see them dead. */
static void drain(struct procq *q)
{
	struct procq_process p;
	struct procq_event e;
	int64_t end = procq_now() + INT64_C(20000000000);

	for (;;) {
		while (procq_take(q, NULL, &p) == 0)
			procq_signal(q, p.slot, SIGKILL, 1);
		procq_reap(q);
		while (procq_collect(q, &e) > 0)
			;
		if (procq_in_flight(q) == 0 && procq_children(q) == 0 &&
		    procq_peek(q, &p) < 0)
			return;
		need(procq_now() < end);
		procq_wait(q, PROCQ_WAIT_DEATH | PROCQ_WAIT_CHILD,
			   procq_now() + INT64_C(10000000));
	}
}

static void living(uint32_t capacity, int n, const char *name)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, capacity);

	spawn(q, 0, n);
	save(q, name, 0xff, 0xff);
	drain(q);
	need(procq_close(q) == 1);
}

/* Two taken, one of these dead, one exited, one queued. */
static void mixed(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 6);
	struct procq *c = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process p[3];

	spawn(q, PROCQ_SPAWN_GROUP, 5);
	for (int i = 0; i < 3; i++)
		need(procq_take(c, NULL, &p[i]) == 0);
	need(procq_signal(c, p[0].slot, SIGTERM, 1) == 0);
	need(procq_signal(c, p[1].slot, SIGKILL, 1) == 0);
	for (int i = 0; i < 200 && procq_children(q) > 3; i++) {
		procq_reap(q);
		fixture_sleep(10000000);
	}
	procq_give_back(c, p[2].slot);
	save(q, "taken", 0xff, 0xff);
	procq_close(c);
	save(q, "returned", 0, 0x55);
	procq_set_closed(q, 1);
	save(q, "closed", 0xff, 0);
	drain(q);
	procq_close(q);
}

static void body_producer(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	struct pq_origin origin = { .incarnation = q->incarnation };
	uint64_t word;

	(void)arg;
	spawn(q, PROCQ_SPAWN_KEEP, 3);
	need(pq_record_reserve(q->seg, q->place + 1, &origin, &word) >= 0);
	fixture_killed();
}

static void body_consumer(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	struct procq_process p;

	(void)arg;
	need(procq_take(q, NULL, &p) == 0);
	pq_tally_begin(&q->seg->participants[q->place], PQ_TALLY_RETIRED,
		       p.slot, pq_word_gen(pq_load_word(q->seg, p.slot)));
	fixture_killed();
}

/* What SIGKILL leaves: living orphans, a reservation, one taken. */
static void killed(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_KEEPER, 5);

	need(fixture_run(body_producer, NULL) == -SIGKILL);
	save(q, "producer-killed", 0, 0xff);
	need(fixture_run(body_consumer, NULL) == -SIGKILL);
	save(q, "both-killed", 0, 0x0f);
	drain(q);
	procq_close(q);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds FOLDER\n");
		return 2;
	}
	folder = argv[1];
	fixture_begin("seeds");
	living(4, 0, "empty");
	living(4, 4, "full");
	living(1, 1, "one");
	living(33, 20, "many");
	mixed();
	killed();
	return 0;
}
