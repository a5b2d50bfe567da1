/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/output.c - event lines, byte for byte, and how they are written.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "output.h"

#include "../kit/tap.h"

/* 2026-11-23T09:15:03.123456Z */
#define STARTED INT64_C(1795425303123456789)

static struct procq_process process;
static struct procq_event event;
static char scratch[] = "/tmp/test-output.XXXXXX";

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void fill(void)
{
	memset(&process, 0, sizeof(process));
	process.seq = 17;
	process.ino = 4711;
	process.producer = 3;
	process.started = STARTED;
	process.queued = STARTED + 150000;
	process.age = INT64_C(1500000000);
	process.pid = 4243;
	process.ppid = 4240;
	strcpy(process.label, "sleep");
	memset(&event, 0, sizeof(event));
	event.process = process;
	event.process.consumer = 5;
	event.process.age = INT64_C(2023000000);
	event.ended = STARTED + INT64_C(2023000000);
	event.lived = INT64_C(2023000000);
	event.latency = 112999;
	event.user = 1000000;
	event.sys = 2000000;
	event.maxrss = 820;
	event.type = PROCQ_EVENT_RETIRED;
	event.cause = PROCQ_CAUSE_SIGNAL;
	event.code = SIGTERM;
	event.signal = SIGTERM;
	event.step = 1;
}

/* What a call wrote into a file. */
static int file_fd = -1;

static struct output *begin(enum output_format format, const char *queue)
{
	static struct output out;

	if (file_fd >= 0)
		close(file_fd);
	file_fd = open(scratch, O_RDWR | O_TRUNC);
	memset(&out, 0, sizeof(out));
	out.format = format;
	out.queue = queue;
	out.fd = file_fd;
	return &out;
}

static const char *written(void)
{
	static char text[8192];
	ssize_t n = pread(file_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_text(void)
{
	fill();
	zone("CET-1");
	output_started(begin(OUTPUT_TEXT, "q"), &process, 5, 16);
	is_str(written(), "2026-11-23T10:15:03.123456+01:00 started seq=17"
	       " pid=4243 ppid=4240 queue=5/16\n", "started");
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_US,
		     "consumer");
	is_str(written(), "2026-11-23T10:15:05.146456+01:00 retired seq=17"
	       " pid=4243 ppid=4240 lived=2.023s cause=signal:TERM"
	       " latency=112us\n", "retired");
	event.step = 2;
	event.code = SIGKILL;
	event.latency = INT64_C(5000112999);
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_US,
		     "consumer");
	is_str(written(), "2026-11-23T10:15:05.146456+01:00 retired seq=17"
	       " pid=4243 ppid=4240 lived=2.023s cause=signal:KILL"
	       " latency=5000112us step=2\n", "by escalation");
	event.step = 0;
	event.latency = -1;
	event.cause = PROCQ_CAUSE_EXIT;
	event.code = 3;
	event.lived = 412999;
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_SELF, "x");
	is_str(written(), "2026-11-23T10:15:05.146456+01:00 retired seq=17"
	       " pid=4243 ppid=4240 lived=0.000412s cause=exit:3 by=self\n",
	       "by itself");
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_OTHER, "x");
	ok(strstr(written(), " cause=exit:3 by=other\n"), "by another");
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_UNKNOWN, "x");
	ok(strstr(written(), " cause=exit:3\n"), "by whom is unknown");
	event.type = PROCQ_EVENT_STALE;
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_US,
		     "consumer");
	is_str(written(), "2026-11-23T10:15:05.146456+01:00 stale seq=17"
	       " pid=4243 ppid=4240\n", "stale");
}

static void test_unconfirmed(void)
{
	const char *text;

	fill();
	output_unconfirmed(begin(OUTPUT_TEXT, "q"), &process, SIGKILL, 2,
			   "survived-kill");
	text = strstr(written(), " unconfirmed");
	is_str(text, " unconfirmed seq=17 pid=4243 ppid=4240 age=1.500s"
	       " signal=KILL step=2 reason=survived-kill\n", "unconfirmed");
	output_unconfirmed(begin(OUTPUT_TEXT, "q"), &process, 0, 0,
			   "not-permitted");
	text = strstr(written(), " unconfirmed");
	is_str(text, " unconfirmed seq=17 pid=4243 ppid=4240 age=1.500s"
	       " reason=not-permitted\n", "no signal was sent");
	output_would_end(begin(OUTPUT_TEXT, "q"), &process);
	text = strstr(written(), " would-end");
	is_str(text, " would-end seq=17 pid=4243 ppid=4240 age=1.500s\n",
	       "would-end");
	output_unconfirmed(begin(OUTPUT_JSON, "q"), &process, SIGKILL, 2,
			   "survived-kill");
	text = strstr(written(), "\"age\"");
	is_str(text, "\"age\":1.500000,\"lived\":null,\"signal\":\"KILL\","
	       "\"step\":2,\"cause\":null,\"by\":null,"
	       "\"reason\":\"survived-kill\",\"latency_us\":null,"
	       "\"user_us\":null,\"sys_us\":null,\"maxrss_kb\":null}\n",
	       "unconfirmed in JSON");
}

static void test_unknown(void)
{
	fill();
	process.seq = 0;
	process.pid = 0;
	process.ppid = 0;
	output_started(begin(OUTPUT_TEXT, "q"), &process, -1, 16);
	ok(!strstr(written(), "seq") && !strstr(written(), "pid") &&
	   !strstr(written(), "queue"), "text leaves out what is unknown");
	event.cause = PROCQ_CAUSE_UNKNOWN;
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_US,
		     "consumer");
	ok(strstr(written(), " cause=unknown "), "an unknown cause");
	event.cause = PROCQ_CAUSE_CORE;
	event.code = SIGRTMIN + 3;
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_US,
		     "consumer");
	ok(strstr(written(), " cause=core:RTMIN+3 "), "a core");
}

static void test_json(void)
{
	fill();
	output_started(begin(OUTPUT_JSON, "q"), &process, 5, 16);
	is_str(written(), "{\"event\":\"started\",\"seq\":17,\"queue\":\"q\","
	       "\"pid\":4243,\"ino\":4711,\"ppid\":4240,\"producer\":3,"
	       "\"consumer\":null,\"label\":\"sleep\","
	       "\"queued_at\":\"2026-11-23T10:15:03.123606+01:00\","
	       "\"started_at\":\"2026-11-23T10:15:03.123456+01:00\","
	       "\"age\":1.500000,\"lived\":null,\"signal\":null,\"step\":null,"
	       "\"cause\":null,\"by\":null,\"reason\":null,"
	       "\"latency_us\":null,"
	       "\"user_us\":null,\"sys_us\":null,\"maxrss_kb\":null}\n",
	       "started");
	output_ended(begin(OUTPUT_JSON, "/a\"b"), &event, ENDED_BY_US,
		     "consumer");
	is_str(written(), "{\"event\":\"retired\",\"seq\":17,"
	       "\"queue\":\"/a\\\"b\","
	       "\"pid\":4243,\"ino\":4711,\"ppid\":4240,\"producer\":3,"
	       "\"consumer\":5,\"label\":\"sleep\","
	       "\"queued_at\":\"2026-11-23T10:15:03.123606+01:00\","
	       "\"started_at\":\"2026-11-23T10:15:03.123456+01:00\","
	       "\"age\":2.023000,\"lived\":2.023000,\"signal\":\"TERM\","
	       "\"step\":1,\"cause\":\"signal:TERM\",\"by\":\"consumer\","
	       "\"reason\":null,\"latency_us\":112,\"user_us\":1000,\"sys_us\":2000,"
	       "\"maxrss_kb\":820}\n", "retired");
	memset(&process, 0, sizeof(process));
	output_started(begin(OUTPUT_JSON, "q"), &process, -1, 16);
	ok(strstr(written(), "{\"event\":\"started\",\"seq\":null,"
		  "\"queue\":\"q\",\"pid\":null,\"ino\":null,\"ppid\":null,"
		  "\"producer\":null,\"consumer\":null,\"label\":null,"
		  "\"queued_at\":null,\"started_at\":null,"),
	   "what is unknown is null");
	event.user = event.sys = event.maxrss = event.latency = -1;
	output_ended(begin(OUTPUT_JSON, "q"), &event, ENDED_BY_US,
		     "consumer");
	ok(strstr(written(), "\"latency_us\":null,\"user_us\":null,"
		  "\"sys_us\":null,\"maxrss_kb\":null}"),
	   "and so are what it used, and the latency");
}

/* A queue's name as long and as bad as can be. */
static void test_longest(void)
{
	char name[PROCQ_NAME_SIZE];
	const char *text;

	fill();
	memset(name, 1, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(event.process.label, 2, PROCQ_LABEL_SIZE - 1);
	event.process.seq = event.process.ino = UINT64_MAX;
	event.process.producer = event.process.consumer = UINT64_MAX;
	event.user = event.sys = event.maxrss = INT64_MAX;
	event.lived = event.process.age = INT64_MAX;
	output_ended(begin(OUTPUT_JSON, name), &event, ENDED_BY_US,
		     "consumer");
	text = written();
	is_str(text + strlen(text) - 2, "}\n", "the longest line has its end");
}

static void test_tsv(void)
{
	struct output out = { .fd = -1 };
	const char *header = "Seq\tStarttime\tJobRuntime\tExitval\tSignal\t"
		"Command\t";

	fill();
	strcpy(event.process.label, "a\tb\\\n");
	is_int(truncate(scratch, 0), 0, "begin with an empty file");
	is_int(output_open(&out, scratch, OUTPUT_TSV, "q"), 0, "open a file");
	output_ended(&out, &event, ENDED_BY_US,
		     "consumer");
	is_int(output_close(&out), 0, "close it");
	is_int(output_open(&out, scratch, OUTPUT_TSV, "q"), 0, "again");
	output_started(&out, &process, 1, 2);
	output_close(&out);
	ok(strncmp(written(), header, strlen(header)) == 0,
	   "job log columns come first");
	is_str(strchr(written(), '\n') + 1,
	       "17\t1795425303.123\t2.023\t0\t15\ta\\tb\\\\\\n\tretired\tq\t"
	       "4243\t4240\t4711\t3\t5\t1795425303.123606\t2.023000\tTERM\t1\t"
	       "signal:TERM\tconsumer\t\t112\t1000\t2000\t820\n"
	       "17\t1795425303.123\t\t\t\tsleep\tstarted\tq\t"
	       "4243\t4240\t4711\t3\t\t1795425303.123606\t1.500000\t\t\t"
	       "\t\t\t\t\t\t\n",
	       "one header, and rows appended");
}

/* Errors of the file reach the caller. */
static void test_errors(void)
{
	struct output *out = begin(OUTPUT_TEXT, "q");
	int ends[2];

	fill();
	signal(SIGPIPE, SIG_IGN);
	if (pipe(ends) == 0) {
		close(ends[0]);
		out->fd = ends[1];
		is_int(output_ended(out, &event, ENDED_BY_US, "x"), -EPIPE, "a closed pipe");
		close(ends[1]);
	}
	out->fd = open("/dev/full", O_WRONLY);
	if (out->fd >= 0) {
		is_int(output_ended(out, &event, ENDED_BY_US, "x"), -ENOSPC, "/dev/full");
		close(out->fd);
	} else {
		skip("/dev/full", "there is none");
	}
	out->fd = 1000;
	is_int(output_ended(out, &event, ENDED_BY_US, "x"), -EBADF, "a closed descriptor");
	out->silent = true;
	is_int(output_ended(out, &event, ENDED_BY_US, "x"), 0, "silence has no errors");
	is_int(output_open(out, "/nonexistent/x", OUTPUT_TEXT, "q"), -ENOENT,
	       "no such folder");
}

/* The system takes a part of a line; the rest is not forgotten. */
static void test_short_write(void)
{
	struct output *out = begin(OUTPUT_TEXT, "q");
	struct rlimit old, low;

	signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_FSIZE, &old) < 0)
		return;
	low = old;
	low.rlim_cur = 50;
	setrlimit(RLIMIT_FSIZE, &low);
	is_int(output_ended(out, &event, ENDED_BY_US, "x"), -EFBIG, "half a line is told");
	setrlimit(RLIMIT_FSIZE, &old);
	is_int((int64_t)strlen(written()), 50, "and is there");
}

/* A pipe that is full and does not block is waited for; nothing is lost. */
static void test_full_pipe(void)
{
	static const volatile sig_atomic_t twice = 2;
	struct output *out = begin(OUTPUT_TEXT, "q");
	char chunk[65536];
	size_t lines = 0, seen = 0;
	int ends[2];
	ssize_t n;
	pid_t reader;

	if (pipe(ends) < 0)
		return;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	reader = fork();
	if (reader == 0) {
		close(ends[1]);
		usleep(100000);
		while ((n = read(ends[0], chunk, sizeof(chunk))) > 0)
			for (ssize_t i = 0; i < n; i++)
				seen += chunk[i] == '\n';
		_exit(seen == 3000 ? 0 : 1);
	}
	out->fd = ends[1];
	for (int i = 0; i < 3000; i++)
		lines += output_ended(out, &event, ENDED_BY_US,
		     "consumer") == 0;
	close(ends[1]);
	is_int((int64_t)lines, 3000, "all lines were taken");
	if (reader > 0) {
		int status = -1;

		waitpid(reader, &status, 0);
		is_int(status, 0, "and came out");
	}
	close(ends[0]);
	if (pipe(ends) < 0)
		return;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], chunk, 1) > 0)
		;
	out->fd = ends[1];
	out->abandon = &twice;
	is_int(output_ended(out, &event, ENDED_BY_US, "x"), -ECANCELED,
	       "a second signal gives up");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	int fd = mkstemp(scratch);

	if (fd < 0)
		skip_all("no file can be made in /tmp");
	close(fd);
	test_text();
	test_unconfirmed();
	test_unknown();
	test_json();
	test_longest();
	test_tsv();
	test_errors();
	test_short_write();
	test_full_pipe();
	unlink(scratch);
	if (file_fd >= 0)
		close(file_fd);
	return done();
}
