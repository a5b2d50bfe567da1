/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/output.c - where the lines of events go, and how they are written.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "output.h"

#include "../kit/events.h"
#include "../kit/tap.h"

static struct procq_process process;
static struct procq_event event;
static char scratch[] = "/tmp/test-output.XXXXXX";

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
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

/* From its name on. */
static const char *line_of(const char *name)
{
	const char *s = strstr(written(), name);

	return s ? s : "";
}

static void test_events(void)
{
	fill_event(&process, &event);
	output_started(begin(OUTPUT_TEXT, "q"), &process);
	is_str(line_of(" started"), " started seq=17 pid=4243 ppid=4240\n",
	       "started");
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_US, "consumer");
	is_str(line_of(" retired"), " retired seq=17 pid=4243 ppid=4240"
	       " lived=2.02s cause=signal:TERM latency=112us\n", "retired");
	output_ended(begin(OUTPUT_JSON, "q"), &event, ENDED_BY_US, "consumer");
	ok(strstr(written(), ",\"by\":\"consumer\","), "by us");
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_SELF, "x");
	ok(strstr(written(), " by=self\n"), "by itself");
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_OTHER, "x");
	ok(strstr(written(), " by=other\n"), "by another");
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_UNKNOWN, "x");
	ok(!strstr(written(), " by="), "by whom is unknown");
	event.type = PROCQ_EVENT_STALE;
	output_ended(begin(OUTPUT_TEXT, "q"), &event, ENDED_BY_US, "consumer");
	is_str(line_of(" stale"), " stale seq=17 pid=4243 ppid=4240\n",
	       "stale");
	output_unconfirmed(begin(OUTPUT_TEXT, "q"), &process, SIGKILL, 2,
			   "survived-kill");
	is_str(line_of(" unconfirmed"), " unconfirmed seq=17 pid=4243"
	       " ppid=4240 age=1.50s signal=KILL step=2"
	       " reason=survived-kill\n", "unconfirmed");
	output_would_end(begin(OUTPUT_TEXT, "q"), &process);
	is_str(line_of(" would-end"), " would-end seq=17 pid=4243 ppid=4240"
	       " age=1.50s\n", "would-end");
}

/* The time of a line is that of its writing. */
static void test_time(void)
{
	struct output *out = begin(OUTPUT_JSON, "q");
	struct timespec t;
	long long before, got = 0;

	fill_event(&process, &event);
	zone("UTC0");
	clock_gettime(CLOCK_REALTIME, &t);
	before = (long long)t.tv_sec;
	out->format = OUTPUT_TSV;
	output_ended(out, &event, ENDED_BY_US, "consumer");
	sscanf(line_of("retired"), "retired\t%lld", &got);
	ok(got >= before && got <= before + 60, "now");
	out = begin(OUTPUT_TEXT, "q");
	out->time = OUTPUT_TIME_CLOCK;
	output_started(out, &process);
	is_int((int64_t)strcspn(written(), " "), 12, "the clock, if asked for");
	ok(strstr(written(), " ppid="), "which leaves out nothing in a file");
	out = begin(OUTPUT_TEXT, "q");
	out->terminal = true;
	output_started(out, &process);
	is_int((int64_t)strcspn(written(), " "), 12, "and on a terminal");
	out = begin(OUTPUT_TEXT, "q");
	out->terminal = true;
	out->time = OUTPUT_TIME_FULL;
	output_started(out, &process);
	is_int((int64_t)strcspn(written(), " "), 32, "there, too, in full");
}

static const char *args_of(void *arg, const struct procq_process *p)
{
	return p->seq == 17 ? arg : NULL;
}

static void test_args(void)
{
	char args[] = "--frame 7";
	struct output *out = begin(OUTPUT_JSON, "q");

	fill_event(&process, &event);
	out->args = args_of;
	out->args_arg = args;
	output_started(out, &process);
	ok(strstr(written(), "\"args\":\"--frame 7\","), "a started one");
	out = begin(OUTPUT_JSON, "q");
	out->args = args_of;
	out->args_arg = args;
	output_ended(out, &event, ENDED_BY_US, "producer");
	ok(strstr(written(), "\"args\":\"--frame 7\","), "its end");
	out = begin(OUTPUT_JSON, "q");
	out->args = args_of;
	event.process.seq = 18;
	output_ended(out, &event, ENDED_BY_US, "producer");
	ok(strstr(written(), "\"args\":null,"), "one without");
}

static size_t count_lines(void)
{
	const char *s = written();
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static void test_tsv(void)
{
	struct output out = { .fd = -1 };

	fill_event(&process, &event);
	begin(OUTPUT_TSV, "q");
	is_int(output_open(&out, scratch, OUTPUT_TSV, "q"), 0, "open a file");
	output_ended(&out, &event, ENDED_BY_US, "consumer");
	is_int(output_close(&out), 0, "close it");
	is_int(output_open(&out, scratch, OUTPUT_TSV, "q"), 0, "again");
	output_started(&out, &process);
	output_close(&out);
	ok(strncmp(written(), "Seq\tStarttime\t", 14) == 0, "a header");
	is_int((int64_t)count_lines(), 3, "one header, and rows appended");
}

/* A file that is renamed is left, and begun anew by its name. */
static void test_reopen(void)
{
	char old[sizeof(scratch) + 4];
	struct output out = { .fd = -1 };
	int fd;

	fill_event(&process, &event);
	begin(OUTPUT_TSV, "q");
	snprintf(old, sizeof(old), "%s.1", scratch);
	is_int(output_open(&out, scratch, OUTPUT_TSV, "q"), 0, "a file");
	output_started(&out, &process);
	fd = out.fd;
	is_int(rename(scratch, old), 0, "is renamed");
	output_started(&out, &process);
	is_int((int64_t)count_lines(), 3, "until then it is written to");
	is_int(output_reopen(&out, scratch), 0, "opened anew");
	is_int(out.fd, fd, "by the same number");
	is_int(fcntl(out.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC,
	       "for no command");
	output_started(&out, &process);
	is_int((int64_t)count_lines(), 3, "nothing more goes to the old one");
	close(file_fd);
	file_fd = open(scratch, O_RDWR);
	is_int((int64_t)count_lines(), 2, "the new one has a header and a row");
	unlink(scratch);
	is_int(output_reopen(&out, "/nonexistent/x"), -ENOENT, "no folder");
	output_started(&out, &process);
	is_int((int64_t)count_lines(), 3, "then it is written to as before");
	unlink(scratch);
	if (mkfifo(scratch, 0600) == 0) {
		is_int(output_reopen(&out, scratch), -ENXIO,
		       "nobody waits for the reader of a FIFO");
		fd = open(scratch, O_RDONLY | O_NONBLOCK);
		is_int(output_reopen(&out, scratch), 0, "here is one");
		is_int(fcntl(out.fd, F_GETFL) & O_NONBLOCK, 0,
		       "a write to it waits");
		close(fd);
	}
	output_close(&out);
	is_int(output_reopen(&out, scratch), 0, "standard output stays");
	unlink(scratch);
	unlink(old);
	close(open(scratch, O_WRONLY | O_CREAT, 0600));
}

/* Errors of the file reach the caller. */
static void test_errors(void)
{
	struct output *out = begin(OUTPUT_TEXT, "q");
	int ends[2];

	fill_event(&process, &event);
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
	test_events();
	test_time();
	test_args();
	test_tsv();
	test_reopen();
	test_errors();
	test_short_write();
	test_full_pipe();
	unlink(scratch);
	if (file_fd >= 0)
		close(file_fd);
	return done();
}
