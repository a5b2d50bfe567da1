/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/check.c - procq_check() beside participants that are at work, in a
 * queue that is so large that it is never the same at the end of a look: what
 * it says must be true, whatever goes on meanwhile.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/records.h"

#define CAPACITY 20000
#define WORKERS 3
#define CHECKS 60
/* Processes of each worker that are in the queue at once. */
#define CROWD 100

struct gate {
	_Atomic int ready;
	_Atomic int done;
};

static struct gate *gate;

/* Takes the next one, if any, and releases its record. */
static void end_one(struct procq *q)
{
	struct pq_hint hint;

	if (!records_take_next(q, &hint))
		return;
	if (!records_release(q, hint.index, PQ_TALLY_RETIRED, true))
		_exit(2);
}

/* No process is started: what a check looks at are the records. */
static void work(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	struct pq_segment *seg = q->seg;

	(void)arg;
	for (unsigned n = 0; !atomic_load(&gate->done); n++) {
		uint64_t word;
		int64_t slot = records_reserve(q, &word);

		if (slot >= 0 &&
		    !fixture_enter(seg, (uint32_t)slot, word, 1, 1))
			_exit(1);
		if (n == CROWD)
			atomic_fetch_add(&gate->ready, 1);
		if (n >= CROWD)
			end_one(q);
	}
	procq_close(q);
}

int main(void)
{
	struct procq *q;
	pid_t pids[WORKERS];
	int faults = 0, hints = 0, wrong = 0, ended = 0;

	fixture_begin("check");
	gate = fixture_shared(sizeof(*gate));
	q = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY);
	for (int i = 0; i < WORKERS; i++)
		pids[i] = fixture_fork(work, NULL);
	while (atomic_load(&gate->ready) < WORKERS)
		fixture_sleep(100000);
	for (int i = 0; i < fixture_rounds(CHECKS); i++) {
		struct procq_report report;

		need(procq_check(q, &report) == 0);
		if (report.faults)
			note("%s", report.first);
		faults += report.faults > 0;
		hints += report.hints > 0;
		wrong += report.swept || report.returned || report.freed;
	}
	is_int(faults, 0, "a check finds no fault in a sound queue");
	is_int(hints, 0, "nor a hint that is missing");
	is_int(wrong, 0, "nor anything to repair");
	atomic_store(&gate->done, 1);
	for (int i = 0; i < WORKERS; i++)
		ended += fixture_wait(pids[i]) == 0;
	is_int(ended, WORKERS, "all worked to the end");
	is_int((intmax_t)fixture_sum(q), 0, "the sum is right");
	procq_close(q);
	fixture_clean();
	return done();
}
