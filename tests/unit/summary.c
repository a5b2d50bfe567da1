/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/summary.c - percentiles are right to 1 %, counts are exact.
 */
#include <config.h>

#include <inttypes.h>
#include <signal.h>

#include "procq.h"

#include "distribution.h"
#include "duration.h"
#include "summary.h"

#include "../kit/tap.h"

static struct histogram h;
static struct summary s;

static void near(int64_t got, int64_t want, const char *name)
{
	int64_t off = got > want ? got - want : want - got;

	if (!ok(off <= want / 100, "%s is within 1 %%", name))
		note("  got %" PRId64 ", expected %" PRId64, got, want);
}

static void test_uniform(void)
{
	memset(&h, 0, sizeof(h));
	for (int64_t i = 1; i <= 100000; i++)
		histogram_add(&h, i * 1000);
	is_int((int64_t)h.count, 100000, "count");
	is_int(h.min, 1000, "minimum");
	is_int(h.max, 100000000, "maximum");
	is_int(histogram_mean(&h), 50000500, "mean");
	near(histogram_quantile(&h, 50, 100), 50000000, "p50");
	near(histogram_quantile(&h, 90, 100), 90000000, "p90");
	near(histogram_quantile(&h, 99, 100), 99000000, "p99");
	near(histogram_quantile(&h, 1, 100), 1000000, "p1");
	is_int(histogram_quantile(&h, 1, 1), 100000000, "p100 is the maximum");
	is_int(histogram_quantile(&h, 0, 1), 1000, "p0 is the minimum");
}

/* Every power of two, and its neighbours. */
static void test_range(void)
{
	int wrong = 0;

	for (int bit = 0; bit < 63; bit++)
		for (int64_t d = -1; d <= 1; d++) {
			int64_t v = (INT64_C(1) << bit) + d;
			int64_t q, off;

			memset(&h, 0, sizeof(h));
			/* Not alone, or minimum and maximum would tell. */
			histogram_add(&h, 0);
			histogram_add(&h, v);
			histogram_add(&h, INT64_MAX);
			q = histogram_quantile(&h, 1, 2);
			off = q > v ? q - v : v - q;
			if (off > v / 100) {
				wrong++;
				note("%" PRId64 " became %" PRId64, v, q);
			}
		}
	is_int(wrong, 0, "no value is off by more than 1 %");
}

static void test_few(void)
{
	memset(&h, 0, sizeof(h));
	is_int(histogram_quantile(&h, 50, 100), 0, "p50 of nothing");
	is_int(histogram_mean(&h), 0, "mean of nothing");
	histogram_add(&h, 1234567);
	is_int(histogram_quantile(&h, 50, 100), 1234567, "p50 of one");
	is_int(histogram_quantile(&h, 99, 100), 1234567, "p99 of one");
	histogram_add(&h, -5);
	is_int(h.min, 0, "a clock that went backwards counts as 0");
	memset(&h, 0, sizeof(h));
	for (int i = 0; i < 4; i++)
		histogram_add(&h, INT64_MAX);
	is_int(histogram_mean(&h), INT64_MAX, "a sum beyond 64 bits");
}

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

static char *printed(void (*print)(const struct summary *, FILE *,
				   const char *, int64_t, uint64_t))
{
	static char text[4096];
	FILE *f = tmpfile();
	size_t n;

	if (!f)
		return NULL;
	print(&s, f, "consumer", 10 * NS_PER_S, 42);
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
	is_str(printed(summary_print_retired),
	       "consumer: retired=9 elapsed=10.000s rate=0.90/s self=2 other=1"
	       " stale=1 unconfirmed=0 seed=42\n"
	       "consumer: cause signal:0=1 signal:KILL=2 signal:TERM=2"
	       " exit:0=1 exit:3=1 core:SEGV=1 unknown=1\n"
	       "consumer: lived min=2.00s mean=2.00s p50=2.00s p90=2.00s"
	       " p99=2.00s max=2.00s\n"
	       "consumer: latency min=112us mean=112us p50=112us p90=112us"
	       " p99=112us max=112us\n", "what the consumer prints");
	memset(&s, 0, sizeof(s));
	s.started = 20;
	s.retired = 19;
	s.signals[SIGTERM] = 18;
	s.exits[0] = 1;
	s.left = 1;
	is_str(printed(summary_print_started),
	       "consumer: started=20 elapsed=10.000s rate=2.00/s ended=19"
	       " left=1 seed=42\n"
	       "consumer: cause signal:TERM=18 exit:0=1\n",
	       "what the producer prints");
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
	test_uniform();
	test_range();
	test_few();
	test_summary();
	test_rate();
	return done();
}
