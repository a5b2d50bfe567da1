/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/event.c - the lines of events, byte for byte.
 */
#include <config.h>

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "procq.h"

#include "event.h"

#include "../kit/events.h"
#include "../kit/tap.h"

static struct procq_process process;
static struct procq_event end;
static struct event event;
static struct event_style style;

static void fill(void)
{
	setenv("TZ", "CET-1", 1);
	tzset();
	fill_event(&process, &end);
	style = (struct event_style){ .queue = "q" };
}

static void started(void)
{
	fill();
	event = (struct event){ .kind = EVENT_STARTED, .process = &process,
				.when = STARTED, .used = 5, .capacity = 16 };
}

static void retired(void)
{
	fill();
	event = (struct event){ .kind = EVENT_RETIRED,
				.process = &end.process, .end = &end,
				.when = STARTED + INT64_C(2024000000),
				.used = 4, .capacity = 16, .signo = SIGTERM,
				.step = 1, .by = "consumer", .by_us = true };
}

static void unconfirmed(void)
{
	fill();
	event = (struct event){ .kind = EVENT_UNCONFIRMED, .process = &process,
				.when = STARTED, .used = -1, .signo = SIGKILL,
				.step = 2, .reason = "survived-kill" };
}

static struct line line = { .grows = true };

static const char *text(void)
{
	event_line(&line, &event, &style);
	if (line.grown)
		line.grown[line.used - 1] = '\0';
	else
		line.text[line.used - 1] = '\0';
	return line_text(&line);
}

#define TIME "2026-11-23T10:15:03.123456+01:00"
#define LATER "2026-11-23T10:15:05.147456+01:00"

static void test_text(void)
{
	started();
	is_str(text(), TIME " started seq=17 pid=4243 ppid=4240 used=5/16",
	       "started");
	retired();
	is_str(text(), LATER " retired seq=17 pid=4243 ppid=4240 lived=2.02s"
	       " cause=signal:TERM latency=112us", "retired");
	event.step = 2;
	end.code = SIGKILL;
	end.latency = INT64_C(5000112999);
	is_str(text(), LATER " retired seq=17 pid=4243 ppid=4240 lived=2.02s"
	       " cause=signal:KILL latency=5.00s step=2", "by escalation");
	event.step = 0;
	event.by = "self";
	event.by_us = false;
	end.latency = -1;
	end.cause = PROCQ_CAUSE_EXIT;
	end.code = 3;
	end.lived = 412999;
	is_str(text(), LATER " retired seq=17 pid=4243 ppid=4240 lived=412us"
	       " cause=exit:3 by=self", "by itself");
	event.by = NULL;
	ok(strstr(text(), " cause=exit:3") + 13 == strchr(text(), '\0'),
	   "by whom is unknown");
	end.cause = PROCQ_CAUSE_UNKNOWN;
	ok(strstr(text(), " cause=unknown"), "an unknown cause");
	end.cause = PROCQ_CAUSE_CORE;
	end.code = SIGRTMIN + 3;
	ok(strstr(text(), " cause=core:RTMIN+3"), "a core");
	event.kind = EVENT_STALE;
	is_str(text(), LATER " stale seq=17 pid=4243 ppid=4240", "stale");
	unconfirmed();
	is_str(text(), TIME " unconfirmed seq=17 pid=4243 ppid=4240 age=1.50s"
	       " signal=KILL step=2 reason=survived-kill", "unconfirmed");
	event.signo = event.step = 0;
	event.reason = "not-permitted";
	is_str(text(), TIME " unconfirmed seq=17 pid=4243 ppid=4240 age=1.50s"
	       " reason=not-permitted", "no signal was sent");
	event.kind = EVENT_WOULD_END;
	event.reason = NULL;
	is_str(text(), TIME " would-end seq=17 pid=4243 ppid=4240 age=1.50s",
	       "would-end");
	event.kind = EVENT_CUT_OFF;
	event.used = 5;
	event.capacity = 16;
	event.process = NULL;
	event.reason = "keep";
	is_str(text(), TIME " cut-off used=5/16 reason=keep",
	       "cut-off: it is of no process");
	event.kind = EVENT_BACK;
	event.reason = NULL;
	is_str(text(), TIME " back used=5/16", "back");
	event.kind = EVENT_FENCED;
	event.by = "ann";
	is_str(text(), TIME " fenced used=5/16 by=ann", "fenced");
	style.format = OUTPUT_JSON;
	style.host = "h7";
	style.fleet = "postgresql:///ops#maya";
	ok(strstr(text(), "\"by\":\"ann\",") &&
	   strstr(text(), "\"host\":\"h7\",\"fleet\":"
			  "\"postgresql:///ops#maya\"}"),
	   "in JSON: which host, of which fleet");
	style.format = OUTPUT_TEXT;
	event.kind = EVENT_BACK;
	event.by = NULL;
	event.process = &process;
	event.used = -1;
	process = (struct procq_process){ .age = -1 };
	event.kind = EVENT_STARTED;
	is_str(text(), TIME " started", "text leaves out what is unknown");
}

/* With the clock, on a terminal of so many columns. */
static void test_fit(void)
{
	retired();
	style.clock = true;
	is_str(text(), "10:15:05.147 retired seq=17 pid=4243 ppid=4240"
	       " lived=2.02s cause=signal:TERM latency=112us", "the clock");
	style.columns = 90;
	ok(strstr(text(), " ppid=4240 "), "it fits");
	style.columns = 89;
	is_str(text(), "10:15:05.147 retired seq=17 pid=4243 lived=2.02s"
	       " cause=signal:TERM latency=112us", "without the parent");
	style.columns = 79;
	is_str(text(), "10:15:05.147 retired seq=17 pid=4243 lived=2.02s"
	       " cause=signal:TERM", "and the latency");
	style.columns = 1;
	is_str(text(), "10:15:05.147 retired seq=17 lived=2.02s"
	       " cause=signal:TERM", "there is no end of what has to be said");
	unconfirmed();
	process.pid = process.ppid = 4194304;
	style.clock = true;
	style.columns = 80;
	is_str(text(), "10:15:03.123 unconfirmed seq=17 pid=4194304 age=1.50s"
	       " reason=survived-kill", "unconfirmed, with long numbers");
}

static void test_json(void)
{
	started();
	style.format = OUTPUT_JSON;
	is_str(text(), "{\"event\":\"started\",\"time\":\"" TIME "\","
	       "\"seq\":17,\"queue\":\"q\",\"used\":5,\"capacity\":16,"
	       "\"slot\":6,\"pid\":4243,\"ino\":4711,\"ppid\":4240,"
	       "\"producer\":3,\"consumer\":null,\"label\":\"sleep\","
	       "\"args\":null,"
	       "\"queued_at\":\"2026-11-23T10:15:03.123606+01:00\","
	       "\"started_at\":\"" TIME "\",\"ended_at\":null,"
	       "\"age\":1.500000,\"lived\":null,\"signal\":null,"
	       "\"step\":null,\"cause\":null,\"exit\":null,\"by\":null,"
	       "\"reason\":null,\"latency_us\":null,\"user_us\":null,"
	       "\"sys_us\":null,\"maxrss_kb\":null,"
	       "\"host\":null,\"fleet\":null}", "started");
	retired();
	style.format = OUTPUT_JSON;
	style.queue = "/a\"b";
	is_str(text(), "{\"event\":\"retired\",\"time\":\"" LATER "\","
	       "\"seq\":17,\"queue\":\"/a\\\"b\",\"used\":4,"
	       "\"capacity\":16,\"slot\":6,\"pid\":4243,\"ino\":4711,"
	       "\"ppid\":4240,\"producer\":3,\"consumer\":5,"
	       "\"label\":\"sleep\",\"args\":null,"
	       "\"queued_at\":\"2026-11-23T10:15:03.123606+01:00\","
	       "\"started_at\":\"" TIME "\","
	       "\"ended_at\":\"2026-11-23T10:15:05.146456+01:00\","
	       "\"age\":2.023000,\"lived\":2.023000,\"signal\":\"TERM\","
	       "\"step\":1,\"cause\":\"signal:TERM\",\"exit\":null,"
	       "\"by\":\"consumer\",\"reason\":null,\"latency_us\":112,"
	       "\"user_us\":1000,\"sys_us\":2000,\"maxrss_kb\":820,"
	       "\"host\":null,\"fleet\":null}",
	       "retired");
	end.cause = PROCQ_CAUSE_EXIT;
	end.code = 0;
	ok(strstr(text(), "\"cause\":\"exit:0\",\"exit\":0,"),
	   "a status of 0 is one");
	end.user = end.sys = end.maxrss = end.latency = -1;
	ok(strstr(text(), "\"latency_us\":null,\"user_us\":null,"
		  "\"sys_us\":null,\"maxrss_kb\":null,"
	       "\"host\":null,\"fleet\":null}"),
	   "what it used is unknown");
	event.kind = EVENT_STALE;
	ok(strstr(text(), "\"ended_at\":null,\"age\":2.023000,"
		  "\"lived\":null,\"signal\":\"TERM\",\"step\":1,"
		  "\"cause\":null,\"exit\":null,"),
	   "nobody knows how a stale one ended");
	unconfirmed();
	style.format = OUTPUT_JSON;
	ok(strstr(text(), "\"used\":null,\"capacity\":null,"),
	   "how many there are is unknown");
	ok(strstr(text(), "\"age\":1.500000,\"lived\":null,"
		  "\"signal\":\"KILL\",\"step\":2,\"cause\":null,"
		  "\"exit\":null,\"by\":null,"
		  "\"reason\":\"survived-kill\",\"latency_us\":null,"),
	   "unconfirmed");
	process = (struct procq_process){ .age = -1 };
	ok(strstr(text(), "\"seq\":null,\"queue\":\"q\",\"used\":null,"
		  "\"capacity\":null,\"slot\":0,\"pid\":null,"
		  "\"ino\":null,\"ppid\":null,\"producer\":null,"
		  "\"consumer\":null,\"label\":null,\"args\":null,"
		  "\"queued_at\":null,\"started_at\":null,"
		  "\"ended_at\":null,\"age\":null,"),
	   "what is unknown is null");
}

static void test_args(void)
{
	static char args[200000];
	const char *got;

	started();
	style.format = OUTPUT_JSON;
	event.args = "";
	ok(strstr(text(), "\"args\":\"\","), "an empty line is one");
	event.args = "a \"b\"\t\xff";
	ok(strstr(text(), "\"args\":\"a \\\"b\\\"\\u0009\\udcff\","),
	   "what is in it is quoted");
	memset(args, 1, sizeof(args) - 1);
	event.args = args;
	got = text();
	is_int((int64_t)line.cut, 0, "there is memory");
	ok(line.used > 6 * sizeof(args) && got[line.used - 2] == '}',
	   "as long as can be, and whole");
	style.format = OUTPUT_TSV;
	event.args = "x\ty\n";
	ok(strstr(text(), "\t3\t\tx\\ty\\n\t"), "in a column");
}

/* A queue's name as long and as bad as can be, in a line that does not
 * grow. */
static void test_longest(void)
{
	char name[PROCQ_NAME_SIZE];
	struct line l = { .used = 0 };

	retired();
	memset(name, 1, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(end.process.label, 2, PROCQ_LABEL_SIZE - 1);
	end.process.seq = end.process.ino = UINT64_MAX;
	end.process.producer = end.process.consumer = UINT64_MAX;
	end.user = end.sys = end.maxrss = INT64_MAX;
	end.lived = end.process.age = INT64_MAX;
	style.format = OUTPUT_JSON;
	style.queue = name;
	event_line(&l, &event, &style);
	is_str(l.text + l.used - 2, "}\n", "the longest line has its end");
}

static size_t tabs(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\t';
	return n;
}

static void test_tsv(void)
{
	const char *header = "Seq\tStarttime\tJobRuntime\tExitval\tSignal\t"
		"Command\tEvent\tTime\tQueue\tUsed\tCapacity\tSlot\tPid\t"
		"Ino\tPpid\tProducer\tConsumer\tArgs\tQueued_at\tEnded_at\t"
		"Age\tSent\tStep\tCause\tBy\tReason\tLatency_us\tUser_us\t"
		"Sys_us\tMaxrss_kb\tHost\tFleet\n";
	struct line l = { .used = 0 };

	event_header(&l);
	is_str(l.text, header, "the header");
	retired();
	style.format = OUTPUT_TSV;
	strcpy(end.process.label, "a\tb\\\n");
	is_str(text(), "17\t1795425303.123\t2.023\t0\t15\ta\\tb\\\\\\n\t"
	       "retired\t1795425305.147456\tq\t4\t16\t6\t4243\t4711\t4240\t"
	       "3\t5\t\t1795425303.123606\t1795425305.146456\t2.023000\tTERM\t"
	       "1\tsignal:TERM\tconsumer\t\t112\t1000\t2000\t820\t\t",
	       "retired");
	is_int((int64_t)tabs(text()), (int64_t)tabs(header),
	       "as many columns as are named");
	end.cause = PROCQ_CAUSE_EXIT;
	end.code = 6;
	ok(strncmp(text(), "17\t1795425303.123\t2.023\t6\t0\t", 28) == 0,
	   "an exit status");
	started();
	style.format = OUTPUT_TSV;
	is_str(text(), "17\t1795425303.123\t\t\t\tsleep\tstarted\t"
	       "1795425303.123456\tq\t5\t16\t6\t4243\t4711\t4240\t3\t\t\t"
	       "1795425303.123606\t\t1.500000\t\t\t\t\t\t\t\t\t\t\t", "started");
}

int main(void)
{
	test_text();
	test_fit();
	test_json();
	test_args();
	test_longest();
	test_tsv();
	line_free(&line);
	return done();
}
