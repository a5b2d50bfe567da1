/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/brake.c - what fails early is started less and less often, and nothing
 * else has to wait for that; by a clock that the test moves.
 */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "brake.h"
#include "duration.h"

#include "../kit/tap.h"

#define SLOTS 16
#define NEVER INT64_MAX
#define STEP NS_PER_MS
#define MINUTE (60 * NS_PER_S)

/* What becomes of the processes: how long they live, NEVER if the world is to
 * end them; and how they end then. */
struct fate {
	int64_t lives;
	enum brake_end how;
	uint32_t slot;		/* of that slot alone, if it is not 0 */
	int nth;		/* if not 0, all but each nth are done */
};

/* A producer with its queue: room is used in the order in which it came. */
struct world {
	struct brake b;
	const struct fate *fate;
	int64_t now;
	uint32_t capacity;
	uint32_t vacant[SLOTS];
	uint32_t vacancies;
	struct {
		bool alive;
		int64_t started, dies;
		enum brake_end how;
	} lives[SLOTS];
	int starts;
	int said;
	int64_t at[64];			/* when the first ones were started */
};

static void begin(struct world *w, uint32_t capacity, int64_t uptime,
		  const struct fate *f)
{
	memset(w, 0, sizeof(*w));
	brake_init(&w->b, uptime);
	w->fate = f;
	w->now = MINUTE;
	w->capacity = capacity;
	for (uint32_t i = 0; i < capacity; i++)
		w->vacant[w->vacancies++] = i;
}

static void end(struct world *w, uint32_t slot, enum brake_end how)
{
	if (!w->lives[slot].alive)
		return;
	w->lives[slot].alive = false;
	w->vacant[w->vacancies++] = slot;
	w->said += brake_ended(&w->b, slot, how,
			       w->now - w->lives[slot].started, w->now);
}

static void start(struct world *w)
{
	const struct fate *f = w->fate;
	uint32_t slot = w->vacant[0];
	bool spared = f->slot && f->slot != slot;

	memmove(w->vacant, w->vacant + 1, sizeof(*w->vacant) * --w->vacancies);
	w->lives[slot].alive = true;
	w->lives[slot].started = w->now;
	w->lives[slot].dies = time_after(w->now, spared ? NEVER : f->lives);
	w->lives[slot].how = f->nth && w->starts % f->nth ? BRAKE_DONE : f->how;
	if (w->starts < 64)
		w->at[w->starts] = w->now;
	w->starts++;
	brake_started(&w->b, slot, w->now);
}

/* One round of the producer: one start at most, as each looks around. */
static void step(struct world *w)
{
	for (uint32_t i = 0; i < w->capacity; i++)
		if (w->lives[i].alive && w->now >= w->lives[i].dies)
			end(w, i, w->lives[i].how);
	brake_look(&w->b, w->now);
	if (w->vacancies > 0 && w->now >= brake_next(&w->b))
		start(w);
	w->now += STEP;
}

static void run(struct world *w, int64_t time)
{
	for (int64_t until = w->now + time; w->now < until;)
		step(w);
}

static void over(struct world *w)
{
	brake_free(&w->b);
}

/* ---- fates ---- */

static const struct fate crashes = { 2 * NS_PER_MS, BRAKE_FAILED, 0, 0 };
static const struct fate lives_on = { NEVER, BRAKE_FAILED, 0, 0 };
static const struct fate is_done = { 2 * NS_PER_MS, BRAKE_DONE, 0, 0 };
static const struct fate crashes_in_3 = { 200 * NS_PER_MS, BRAKE_FAILED, 3, 0 };
static const struct fate crashes_late = { 5 * NS_PER_S, BRAKE_FAILED, 0, 0 };
static const struct fate one_of_ten = { 5 * NS_PER_MS, BRAKE_FAILED, 0, 10 };

/* ---- tests ---- */

static void test_loop(void)
{
	static const int pauses[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	struct world w;
	int first, wrong = 0;

	begin(&w, 8, NS_PER_S, &crashes);
	run(&w, 900 * NS_PER_MS);
	first = w.starts;
	ok(first <= 4, "%d of 8 are started before the first is seen to fail",
	   first);
	run(&w, 5 * MINUTE);
	for (int i = 0; i < 9; i++) {
		int64_t gap = w.at[first + i] - w.at[first + i - 1];
		int64_t want = pauses[i] * NS_PER_S;

		/* From the failure, 2 ms after the start. */
		if (gap < want || gap > want + 10 * NS_PER_MS) {
			wrong++;
			note("gap %d is %" PRId64, i, gap);
		}
	}
	is_int(wrong, 0, "then 1, 2, 4, … 60 seconds pass between starts");
	is_int(w.said, 1, "said once");
	over(&w);
}

/* All of a fleet crash, as long as what they need is away. */
static void test_outage(void)
{
	struct world w;
	int before;

	begin(&w, 8, NS_PER_S, &lives_on);
	run(&w, 10 * NS_PER_S);
	is_int(w.starts, 8, "a fleet lives");
	w.fate = &crashes;
	for (uint32_t i = 0; i < 8; i++)
		end(&w, i, BRAKE_FAILED);
	/* They had lived for long: each is replaced at once. */
	run(&w, 5 * NS_PER_S);
	ok(w.starts <= 8 + 8 + 3, "all crash: %d starts in 5 s",
	   w.starts - 8);
	run(&w, 5 * MINUTE);
	w.fate = &lives_on;
	before = w.starts;
	run(&w, MINUTE + 2 * NS_PER_S);
	is_int(w.starts, before + 8, "when it is back, one is started, and "
	       "then all of them");
	is_int(w.vacancies, 0, "none is missing");
	is_int(brake_next(&w.b), 0, "the brake is off");
	is_int(w.said, 1, "said once");
	over(&w);
}

/* One slot of eight is bad, for an hour; a consumer ends one each 20 s. */
static void test_bad_slot(void)
{
	struct world w;
	int64_t missing = 0, longest = 0;
	uint32_t next = 0;
	int others = 0;

	begin(&w, 8, NS_PER_S, &crashes_in_3);
	run(&w, NS_PER_S);
	for (int64_t ms = 0; ms < 3600000; ms++) {
		if (ms % 20000 == 0) {
			next = (next + 1) % 8;
			others += next != 3;
			if (next != 3)
				end(&w, next, BRAKE_ENDED);
		}
		step(&w);
		missing = w.vacancies > 1 ? missing + STEP : 0;
		longest = missing > longest ? missing : longest;
	}
	ok(longest <= 300 * NS_PER_MS, "the seven good ones are replaced "
	   "within %" PRId64 " ms", longest / NS_PER_MS);
	/* Each that lives takes the brake off: six tries until the next. */
	ok(w.starts - others <= 7 * others, "the bad one was started %d times",
	   w.starts - others);
	is_int(w.said, 1, "said once");
	over(&w);
}

/* The same without a consumer. */
static void test_bad_alone(void)
{
	struct world w;

	begin(&w, 8, NS_PER_S, &crashes_in_3);
	run(&w, 10 * MINUTE);
	ok(w.starts - 8 <= 15, "a bad slot alone was started %d times in ten "
	   "minutes", w.starts - 7);
	is_int(w.vacancies, 1, "the others live");
	over(&w);
}

static void test_no_failure(void)
{
	struct world w;

	begin(&w, 4, NS_PER_S, &is_done);
	run(&w, 10 * NS_PER_S);
	ok(w.starts > 4000, "what exits with 0 at once is replaced at once");
	over(&w);
	begin(&w, 4, NS_PER_S, &lives_on);
	for (int i = 0; i < 10000; i++) {
		step(&w);
		end(&w, (uint32_t)i % 4, BRAKE_ENDED);
	}
	is_int(w.starts, 10000, "so is what is ended before min-uptime");
	is_int(w.said, 0, "nothing is said");
	over(&w);
	begin(&w, 4, 0, &crashes);
	run(&w, 10 * NS_PER_S);
	ok(w.starts > 4000, "without a min-uptime nothing fails early");
	over(&w);
	begin(&w, 1, 5 * NS_PER_S, &crashes_late);
	run(&w, MINUTE);
	is_int(w.starts, 12, "what lives exactly so long has not failed");
	over(&w);
}

static void test_mixed(void)
{
	struct world w;

	begin(&w, 4, NS_PER_S, &one_of_ten);
	run(&w, MINUTE);
	ok(w.starts > 10000, "one of ten short ones fails: the others, %d, go "
	   "on", w.starts);
	over(&w);
}

/* Several are on trial at once, and fail one after the other: that is one
 * failure. */
static void test_generations(void)
{
	struct world w;

	begin(&w, 8, 10 * NS_PER_S, &crashes_late);
	run(&w, 5 * NS_PER_S);
	is_int(w.starts, 8, "all eight are on their way");
	run(&w, 2 * NS_PER_S);
	is_int(w.b.pause, NS_PER_S, "they fail together: that counts once");
	run(&w, 7 * NS_PER_S);
	ok(w.b.pause == 2 * NS_PER_S, "those of the next second, once more: "
	   "%" PRId64, w.b.pause);
	over(&w);
}

static void test_said_again(void)
{
	struct world w;

	begin(&w, 1, NS_PER_S, &lives_on);
	run(&w, NS_PER_S);
	for (int i = 0; i < 4; i++) {
		w.fate = &crashes;
		end(&w, 0, BRAKE_ENDED);
		run(&w, 100 * NS_PER_MS);
		w.fate = &lives_on;
		run(&w, 3 * NS_PER_S);
		is_int(brake_next(&w.b), 0, "the brake comes off");
	}
	is_int(w.said, 1, "one that comes and goes is said once");
	run(&w, MINUTE);
	w.fate = &crashes;
	end(&w, 0, BRAKE_ENDED);
	run(&w, 100 * NS_PER_MS);
	is_int(w.said, 2, "after a minute without, again");
	over(&w);
}

static void test_refused(void)
{
	struct brake b;
	int64_t now = MINUTE;

	brake_init(&b, NS_PER_S);
	brake_started(&b, 0, now);
	now += 30 * NS_PER_S;
	brake_ended(&b, 0, BRAKE_ENDED, 30 * NS_PER_S, now);
	ok(brake_refused(&b, now), "a command that can't be executed is said");
	is_int(brake_next(&b), 0, "one is owed, and is tried once more");
	ok(!brake_refused(&b, now), "that is not said again");
	is_int(brake_next(&b), now + NS_PER_S, "then after a second");
	now = brake_next(&b);
	is_int(brake_deadline(&b), now, "which is the deadline");
	brake_refused(&b, now);
	is_int(brake_next(&b), now + 2 * NS_PER_S, "after two");
	now = brake_next(&b);
	brake_started(&b, 0, now);
	is_int(brake_next(&b), now + 2 * NS_PER_S, "it works: on trial");
	is_int(brake_deadline(&b), now + NS_PER_S, "for a second");
	ok(!brake_look(&b, now + NS_PER_S - 1), "not yet");
	ok(brake_look(&b, now + NS_PER_S), "it lives");
	is_int(brake_next(&b), 0, "the brake is off");
	is_int(brake_deadline(&b), NEVER, "nothing is to be seen");
	ok(!brake_look(&b, now + MINUTE), "nor was it on");
	brake_free(&b);
}

int main(void)
{
	test_loop();
	test_outage();
	test_bad_slot();
	test_bad_alone();
	test_no_failure();
	test_mixed();
	test_generations();
	test_said_again();
	test_refused();
	return done();
}
