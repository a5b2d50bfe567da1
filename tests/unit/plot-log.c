/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit/plot-log.c - src/plot/log.c: times, and lives from lines that may be of
 * several programs, cut off, doubled or in any order. */
#include <config.h>

#include "plot/log.h"

#include "../kit/tap.h"
#include "../kit/machine.h"

#define S INT64_C(1000000000)

static void test_time(void)
{
	static const char *const bad[] = {
		"", "2026-11-29", "2026-11-29T10:15:03",
		"2026-11-29 10:15:03Z", "2026-13-29T10:15:03Z",
		"2026-11-29T24:15:03Z", "2026-11-29T10:15:03X",
		"2026-11-29T10:15:03+1:00", "9999-11-29T10:15:03Z",
		"2026-11-29T10:15:03.5", "2026-11-29T10:15:03+01:0x",
		"2026-11-29T10:15:03Zulu"
	};

	is_int(log_time("1970-01-01T00:00:00Z"), 0, "the epoch");
	is_int(log_time("2000-02-29T12:00:00Z"), 951825600 * S, "a leap day");
	is_int(log_time("2026-11-29T10:15:03.250000Z"),
	       1795947303 * S + S / 4, "microseconds");
	is_int(log_time("2026-11-29T10:15:03.1234567891234Z"),
	       1795947303 * S + 123456789, "more figures than there are ns");
	is_int(log_time("2026-11-29T11:15:03+01:00"), 1795947303 * S,
	       "a zone east");
	is_int(log_time("2026-11-29T06:45:03-0330"), 1795947303 * S,
	       "a zone west");
	is_int(log_time("1969-12-31T23:59:59Z"), -S, "before the epoch");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(log_time(bad[i]) == INT64_MIN, "'%s' is no time", bad[i]);
}

/* Read text as a log. */
static int read_text(struct log *log, const char *text)
{
	put("log", text);
	return log_read(log, path_of("log"));
}

#define LINE(event, seq, rest) \
	"{\"event\":\"" event "\",\"queue\":\"q\",\"producer\":1,\"seq\":" \
	seq ",\"slot\":2,\"capacity\":4,\"started_at\":" \
	"\"2026-11-29T10:15:03Z\"" rest "}\n"

static void test_join(void)
{
	struct log log = { 0 };
	const struct life *life;

	is_int(read_text(&log, LINE("retired", "7", ",\"lived\":2.5,"
				    "\"cause\":\"signal:TERM\","
				    "\"by\":\"consumer\",\"latency_us\":112")
			       LINE("started", "7", "")
			       LINE("started", "8", "")
			       "{\"event\":\"summary\",\"seq\":9}\n"
			       "[1]\nnot json\n{\"event\":\"retired\",\"se"),
	       0, "a log is read");
	is_int((int64_t)log.lines, 7, "seven lines");
	is_int((int64_t)log.bad, 3, "three are no objects");
	/* Another program's log, with an end that the first one has, too. */
	read_text(&log, LINE("stale", "7", ",\"cause\":\"unknown\"")
			LINE("retired", "8", ",\"lived\":1,"
			     "\"cause\":\"exit:3\",\"by\":\"self\"")
			LINE("started", "9", ""));
	log_join(&log);
	is_int((int64_t)log.count, 3, "three lives");
	is_int((int64_t)log.queue_count, 1, "one queue");
	is_str(log.queues[0], "q", "its name");
	life = &log.lives[0];
	is_int((int64_t)life->seq, 7, "the first one");
	is_int(life->end - life->start, 5 * S / 2, "its length");
	is_int(life->cause, CAUSE_SIGNAL, "its cause, not that of stale");
	is_int(life->hand, HAND_CONSUMER, "its hand");
	is_int(life->latency, 112000, "its latency");
	is_int(life->slot, 2, "its slot");
	life = &log.lives[1];
	is_int(life->cause, CAUSE_FAILED, "the second one failed");
	is_int(life->hand, HAND_SELF, "on its own");
	is_int(life->latency, -1, "without a latency");
	ok(log.lives[2].end == INT64_MAX, "the third one lives");
	is_int(log.lives[2].cause, CAUSE_ALIVE, "says its cause");
	is_int((int64_t)log.bound_count, 1, "one capacity");
	is_int(log.bounds[0].capacity, 4, "of four");
	log_free(&log);
}

static void test_causes(void)
{
	static const struct {
		const char *text;
		int cause;
	} all[] = {
		{ "exit:0", CAUSE_EXIT }, { "exit:1", CAUSE_FAILED },
		{ "signal:KILL", CAUSE_KILL }, { "signal:INT", CAUSE_SIGNAL },
		{ "core:SEGV", CAUSE_CORE }, { "unknown", CAUSE_UNKNOWN }
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct log log = { 0 };
		char text[512];

		snprintf(text, sizeof(text), LINE("retired", "1",
			 ",\"lived\":1,\"cause\":\"%s\""), all[i].text);
		read_text(&log, text);
		log_join(&log);
		ok(log.count == 1 && log.lives[0].cause == all[i].cause, "%s",
		   all[i].text);
		log_free(&log);
	}
}

static void test_end(void)
{
	struct log log = { 0 };

	read_text(&log, LINE("retired", "1", ",\"lived\":null,\"ended_at\":"
			     "\"2026-11-29T10:15:05Z\"")
			LINE("retired", "2", ",\"lived\":null,\"time\":"
			     "\"2026-11-29T10:15:06Z\"")
			"{\"event\":\"retired\",\"seq\":3,\"lived\":1}\n");
	log_join(&log);
	is_int((int64_t)log.count, 2, "a life without a start is left out");
	is_int(log.lives[0].end - log.lives[0].start, 2 * S,
	       "an end by ended_at");
	is_int(log.lives[1].end - log.lives[1].start, 3 * S,
	       "an end by the time of the line");
	is_int((int64_t)log.queue_count, 2, "two queues");
	log_select(&log, 1);
	is_int((int64_t)log.count, 0, "the other one has no life");
	log_free(&log);
	is_int(log_read(&log, "/nonexistent/log"), -ENOENT, "no such file");
	is_int(log_read(&log, "/"), -EISDIR, "a folder");
	log_free(&log);
}

int main(void)
{
	begin_machine("log");
	test_time();
	test_join();
	test_causes();
	test_end();
	return done();
}
