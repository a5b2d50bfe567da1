/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/summary.c - what a summary counts, and prints.
 */
#include <config.h>

#include <inttypes.h>
#include <signal.h>

#include "procq.h"

#include "distribution.h"
#include "duration.h"
#include "summary.h"

#include "../kit/tap.h"

static struct summary s;

static void end(uint32_t cause, int32_t code, int32_t step, int64_t latency,
		enum ended_by by)
{
	struct procq_event e;

	memset(&e, 0, sizeof(e));
	e.type = PROCQ_EVENT_RETIRED;
	e.cause = cause;
	e.code = code;
	e.step = step;
	e.lived = 2 * NS_PER_S;
	e.latency = latency;
	summary_add(&s, &e, by);
}

static char *printed(enum summary_form form, bool producer)
{
	static char text[4096];
	struct summary_head head = {
		.program = producer ? "producer" : "consumer", .queue = "q",
		.producer = producer, .elapsed = 10 * NS_PER_S, .seed = 42
	};
	FILE *f = tmpfile();
	size_t n;

	if (!f)
		return NULL;
	summary_print(&s, f, form, &head);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void test_summary(void)
{
	struct procq_event stale;

	memset(&s, 0, sizeof(s));
	memset(&stale, 0, sizeof(stale));
	stale.type = PROCQ_EVENT_STALE;
	end(PROCQ_CAUSE_SIGNAL, SIGTERM, 1, 112000, ENDED_BY_US);
	end(PROCQ_CAUSE_SIGNAL, SIGTERM, 1, 112000, ENDED_BY_US);
	end(PROCQ_CAUSE_SIGNAL, SIGKILL, 2, 112000, ENDED_BY_US);
	end(PROCQ_CAUSE_EXIT, 0, 1, 112000, ENDED_BY_US);
	end(PROCQ_CAUSE_EXIT, 3, 0, -1, ENDED_BY_SELF);
	end(PROCQ_CAUSE_CORE, SIGSEGV, 0, -1, ENDED_BY_SELF);
	end(PROCQ_CAUSE_UNKNOWN, 0, 1, 112000, ENDED_BY_US);
	end(PROCQ_CAUSE_SIGNAL, 9999, 1, 112000, ENDED_BY_US);
	end(PROCQ_CAUSE_SIGNAL, SIGKILL, 0, -1, ENDED_BY_OTHER);
	summary_add(&s, &stale, ENDED_BY_UNKNOWN);
	is_int((int64_t)s.retired, 9, "retired");
	is_int((int64_t)s.self, 2, "by themselves");
	is_int((int64_t)s.other, 1, "by others");
	is_int((int64_t)s.stale, 1, "stale");
	is_int((int64_t)s.latency.count, 6, "latencies");
	is_str(printed(SUMMARY_TEXT, false),
	       "consumer: retired=9 elapsed=10.0s rate=0.90/s self=2 other=1"
	       " stale=1 unconfirmed=0 seed=42\n"
	       "consumer: cause signal:0=1 signal:KILL=2 signal:TERM=2"
	       " exit:0=1 exit:3=1 core:SEGV=1 unknown=1\n"
	       "consumer: lived min=2.00s mean=2.00s p50=2.00s p90=2.00s"
	       " p99=2.00s max=2.00s\n"
	       "consumer: latency min=112us mean=112us p50=112us p90=112us"
	       " p99=112us max=112us\n", "what the consumer prints");
	is_str(printed(SUMMARY_JSON, false),
	       "{\"event\":\"summary\",\"time\":null,\"program\":\"consumer\","
	       "\"queue\":\"q\",\"elapsed\":10.000000,\"rate\":0.900,"
	       "\"seed\":42,\"retired\":9,\"self\":2,\"other\":1,\"stale\":1,"
	       "\"unconfirmed\":0,\"causes\":{\"signal:0\":1,"
	       "\"signal:KILL\":2,\"signal:TERM\":2,\"exit:0\":1,"
	       "\"exit:3\":1,\"core:SEGV\":1,\"unknown\":1},"
	       "\"lived\":{\"count\":9,\"min\":2.000000,\"mean\":2.000000,"
	       "\"p50\":2.000000,\"p90\":2.000000,\"p99\":2.000000,"
	       "\"max\":2.000000},\"latency\":{\"count\":6,\"min\":0.000112,"
	       "\"mean\":0.000112,\"p50\":0.000112,\"p90\":0.000112,"
	       "\"p99\":0.000112,\"max\":0.000112}}\n", "and as an object");
	is_str(printed(SUMMARY_NONE, false), "", "or nothing");
	memset(&s, 0, sizeof(s));
	s.started = 20;
	s.retired = 19;
	s.signals[SIGTERM] = 18;
	s.exits[0] = 1;
	s.left = 1;
	is_str(printed(SUMMARY_TEXT, true),
	       "producer: started=20 elapsed=10.0s rate=2.00/s ended=19"
	       " left=1 seed=42\n"
	       "producer: cause signal:TERM=18 exit:0=1\n",
	       "what the producer prints");
	is_str(printed(SUMMARY_JSON, true),
	       "{\"event\":\"summary\",\"time\":null,\"program\":\"producer\","
	       "\"queue\":\"q\",\"elapsed\":10.000000,\"rate\":2.000,"
	       "\"seed\":42,\"started\":20,\"ended\":19,\"left\":1,"
	       "\"failed\":0,\"unconfirmed\":0,"
	       "\"causes\":{\"signal:TERM\":18,\"exit:0\":1}}\n",
	       "and as an object");
	memset(&s, 0, sizeof(s));
	is_str(printed(SUMMARY_JSON, false),
	       "{\"event\":\"summary\",\"time\":null,\"program\":\"consumer\","
	       "\"queue\":\"q\",\"elapsed\":10.000000,\"rate\":0.000,"
	       "\"seed\":42,\"retired\":0,\"self\":0,\"other\":0,\"stale\":0,"
	       "\"unconfirmed\":0,\"causes\":{},\"lived\":null,"
	       "\"latency\":null}\n", "an object of nothing");
}

static void test_rate(void)
{
	char buf[32];

	is_str(rate_text(0, 0, buf), "0.00/s", "nothing in no time");
	is_str(rate_text(25, 2 * NS_PER_S, buf), "12.50/s", "12.50/s");
	is_str(rate_text(20000, NS_PER_S, buf), "20000/s", "20000/s");
}

int main(void)
{
	test_summary();
	test_rate();
	return done();
}
