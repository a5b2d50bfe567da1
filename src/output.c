/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.c - one line per event, as text, JSON Lines, or TSV.
 *
 * Must not use stdio's streams, and must not print errors.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "duration.h"
#include "json.h"
#include "line.h"
#include "output.h"
#include "signame.h"

/* Bytes of a cause such as core:RTMIN+30. */
#define CAUSE_SIZE 32

/* An event, and what its line says beside the process. */
struct output_event {
	const char *name;	/* "started", "retired", … */
	const struct procq_process *process;
	const struct procq_event *end;	/* NULL: it is alive */
	const char *by;		/* "self", "consumer", …, or NULL */
	const char *reason;	/* why a death is unconfirmed, or NULL */
	bool by_us;		/* text leaves it out, as the rule */
	int64_t when;		/* ns since the epoch */
	int64_t present;	/* text: queue=PRESENT/CAPACITY; -1: unknown */
	int64_t capacity;
	int signo;		/* the last signal sent, 0: none */
	int step;
};

/* ---- the file ---- */

static const char tsv_header[] =
	"Seq\tStarttime\tJobRuntime\tExitval\tSignal\tCommand\tEvent\tQueue\t"
	"Pid\tPpid\tIno\tProducer\tConsumer\tQueued\tAge\tSent\tStep\tCause\t"
	"By\tReason\tLatency_us\tUser_us\tSys_us\tMaxrss_kb";

static int write_header(struct output *out)
{
	struct line l = { .used = 0 };
	struct stat st;

	if (out->format != OUTPUT_TSV || out->silent)
		return 0;
	if (fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		return 0;
	line_string(&l, tsv_header);
	line_end(&l);
	return line_write(&l, out->fd, out->abandon);
}

/* Open a file to append to. With a FIFO, this waits until it has a reader, or
 * until a signal asks to stop; other signals do not end the wait. */
static int open_file(const char *file, const volatile sig_atomic_t *stops)
{
	int fd;

	do
		fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
			  O_NOCTTY, 0666);
	while (fd < 0 && errno == EINTR && !(stops && *stops > 0));
	return fd < 0 ? -errno : fd;
}

int output_open(struct output *out, const char *file,
		enum output_format format, const char *queue)
{
	out->format = format;
	out->queue = queue;
	out->fd = STDOUT_FILENO;
	out->writer = NULL;
	out->opened = false;
	if (file && strcmp(file, "-") != 0) {
		out->fd = open_file(file, out->abandon);
		if (out->fd < 0)
			return out->fd;
		out->opened = true;
	}
	return write_header(out);
}

int output_close(struct output *out)
{
	if (!out->opened)
		return 0;
	out->opened = false;
	return close(out->fd) < 0 && errno != EINTR ? -errno : 0;
}

/* ---- all formats ---- */

static char *cause_text(const struct procq_event *e, char buf[CAUSE_SIZE])
{
	char name[SIGNAME_SIZE];

	switch ((enum procq_cause)e->cause) {
	case PROCQ_CAUSE_EXIT:
		snprintf(buf, CAUSE_SIZE, "exit:%d", e->code);
		break;
	case PROCQ_CAUSE_SIGNAL:
		snprintf(buf, CAUSE_SIZE, "signal:%s",
			 signame_text(e->code, name));
		break;
	case PROCQ_CAUSE_CORE:
		snprintf(buf, CAUSE_SIZE, "core:%s",
			 signame_text(e->code, name));
		break;
	case PROCQ_CAUSE_UNKNOWN:
	default:
		snprintf(buf, CAUSE_SIZE, "unknown");
		break;
	}
	return buf;
}

static bool is_retired(const struct output_event *e)
{
	return e->end && e->end->type == PROCQ_EVENT_RETIRED;
}

/* ---- text ---- */

/* Always in seconds; with more decimals if three of them would be 0. */
static void text_seconds(struct line *l, const char *key, int64_t ns)
{
	char buf[DURATION_SIZE];

	line_format(l, " %s=%ss", key,
		    duration_seconds(ns, ns < NS_PER_MS ? 6 : 3, buf));
}

static void text_end(struct line *l, const struct output_event *e)
{
	char cause[CAUSE_SIZE];

	text_seconds(l, "lived", e->end->lived);
	line_format(l, " cause=%s", cause_text(e->end, cause));
	if (e->end->latency >= 0)
		line_format(l, " latency=%" PRId64 "us",
			    e->end->latency / NS_PER_US);
	if (e->by && !e->by_us)
		line_format(l, " by=%s", e->by);
	if (e->step > 1)
		line_format(l, " step=%d", e->step);
}

static void text_line(struct line *l, const struct output_event *e)
{
	const struct procq_process *p = e->process;
	char name[SIGNAME_SIZE];

	line_time(l, e->when);
	line_format(l, " %s", e->name);
	if (p->seq > 0)
		line_format(l, " seq=%" PRIu64, p->seq);
	if (p->pid > 0)
		line_format(l, " pid=%" PRId32, p->pid);
	if (p->ppid > 0)
		line_format(l, " ppid=%" PRId32, p->ppid);
	if (e->present >= 0)
		line_format(l, " queue=%" PRId64 "/%" PRId64, e->present,
			    e->capacity);
	if (is_retired(e))
		text_end(l, e);
	if (e->end || e->capacity > 0)
		return;
	text_seconds(l, "age", p->age);
	if (e->signo > 0)
		line_format(l, " signal=%s", signame_text(e->signo, name));
	if (e->step > 1)
		line_format(l, " step=%d", e->step);
	if (e->reason)
		line_format(l, " reason=%s", e->reason);
}

/* ---- JSON ---- */

static void json_known(struct json *j, const char *key, bool known,
		       uint64_t value)
{
	if (known)
		json_count(j, key, value);
	else
		json_null(j, key);
}

static void json_micros(struct json *j, const char *key, int64_t ns)
{
	json_known(j, key, ns >= 0, (uint64_t)(ns / NS_PER_US));
}

static void json_end(struct json *j, const struct output_event *e)
{
	const struct procq_event *end = is_retired(e) ? e->end : NULL;
	char cause[CAUSE_SIZE], name[SIGNAME_SIZE];

	if (end)
		json_seconds(j, "lived", end->lived);
	else
		json_null(j, "lived");
	json_string(j, "signal", e->signo > 0 ? signame_text(e->signo, name)
					      : NULL);
	json_known(j, "step", e->step > 0, (uint64_t)e->step);
	json_string(j, "cause", end ? cause_text(end, cause) : NULL);
	json_string(j, "by", e->by);
	json_string(j, "reason", e->reason);
	json_micros(j, "latency_us", end ? end->latency : -1);
	json_micros(j, "user_us", end ? end->user : -1);
	json_micros(j, "sys_us", end ? end->sys : -1);
	json_known(j, "maxrss_kb", end && end->maxrss >= 0,
		   end ? (uint64_t)end->maxrss : 0);
}

static void json_line(struct line *l, const char *queue,
		      const struct output_event *e)
{
	const struct procq_process *p = e->process;
	struct json j;

	json_open(&j, l);
	json_string(&j, "event", e->name);
	json_known(&j, "seq", p->seq > 0, p->seq);
	json_string(&j, "queue", queue);
	json_known(&j, "pid", p->pid > 0, (uint64_t)p->pid);
	json_known(&j, "ino", p->ino > 0, p->ino);
	json_known(&j, "ppid", p->ppid > 0, (uint64_t)p->ppid);
	json_known(&j, "producer", p->producer > 0, p->producer);
	json_known(&j, "consumer", p->consumer > 0, p->consumer);
	json_string(&j, "label", *p->label ? p->label : NULL);
	json_time(&j, "queued_at", p->queued);
	json_time(&j, "started_at", p->started);
	if (p->age >= 0)
		json_seconds(&j, "age", p->age);
	else
		json_null(&j, "age");
	json_end(&j, e);
	json_close(&j);
}

/* ---- TSV: what is unknown is empty ---- */

static void tsv_next(struct line *l)
{
	line_add(l, "\t", 1);
}

/* A tab or a newline in a name must not begin a column or a row. */
static void tsv_string(struct line *l, const char *s)
{
	tsv_next(l);
	for (; *s; s++) {
		if (*s == '\\')
			line_string(l, "\\\\");
		else if (*s == '\t')
			line_string(l, "\\t");
		else if (*s == '\n')
			line_string(l, "\\n");
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			line_format(l, "\\x%02x", (unsigned)*s);
		else
			line_add(l, s, 1);
	}
}

static void tsv_count(struct line *l, bool known, uint64_t value)
{
	tsv_next(l);
	if (known)
		line_format(l, "%" PRIu64, value);
}

static void tsv_seconds(struct line *l, bool known, int64_t ns, int decimals)
{
	char buf[DURATION_SIZE];

	tsv_next(l);
	if (known)
		line_string(l, duration_seconds(ns, decimals, buf));
}

static void tsv_micros(struct line *l, int64_t ns)
{
	tsv_count(l, ns >= 0, (uint64_t)(ns / NS_PER_US));
}

/* The columns of GNU parallel's job log. */
static void tsv_job(struct line *l, const struct output_event *e)
{
	const struct procq_process *p = e->process;
	const struct procq_event *end = is_retired(e) ? e->end : NULL;
	bool known = end && end->cause != PROCQ_CAUSE_UNKNOWN;
	bool exited = known && end->cause == PROCQ_CAUSE_EXIT;
	uint64_t code = known ? (uint64_t)end->code : 0;

	if (p->seq > 0)
		line_format(l, "%" PRIu64, p->seq);
	tsv_seconds(l, p->started > 0, p->started, 3);
	tsv_seconds(l, end, end ? end->lived : 0, 3);
	tsv_count(l, known, exited ? code : 0);
	tsv_count(l, known, exited ? 0 : code);
	tsv_string(l, p->label);
}

static void tsv_line(struct line *l, const char *queue,
		     const struct output_event *e)
{
	const struct procq_process *p = e->process;
	const struct procq_event *end = is_retired(e) ? e->end : NULL;
	char cause[CAUSE_SIZE], name[SIGNAME_SIZE];

	tsv_job(l, e);
	tsv_string(l, e->name);
	tsv_string(l, queue);
	tsv_count(l, p->pid > 0, (uint64_t)p->pid);
	tsv_count(l, p->ppid > 0, (uint64_t)p->ppid);
	tsv_count(l, p->ino > 0, p->ino);
	tsv_count(l, p->producer > 0, p->producer);
	tsv_count(l, p->consumer > 0, p->consumer);
	tsv_seconds(l, p->queued > 0, p->queued, 6);
	tsv_seconds(l, p->age >= 0, p->age, 6);
	tsv_string(l, e->signo > 0 ? signame_text(e->signo, name) : "");
	tsv_count(l, e->step > 0, (uint64_t)e->step);
	tsv_string(l, end ? cause_text(end, cause) : "");
	tsv_string(l, e->by ? e->by : "");
	tsv_string(l, e->reason ? e->reason : "");
	tsv_micros(l, end ? end->latency : -1);
	tsv_micros(l, end ? end->user : -1);
	tsv_micros(l, end ? end->sys : -1);
	tsv_count(l, end && end->maxrss >= 0,
		  end ? (uint64_t)end->maxrss : 0);
}

/* ---- events ---- */

static int64_t wall_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void make_line(const struct output *out, const struct output_event *e,
		      struct line *l)
{
	l->used = 0;
	switch (out->format) {
	case OUTPUT_TEXT:
		text_line(l, e);
		break;
	case OUTPUT_JSON:
		json_line(l, out->queue, e);
		break;
	case OUTPUT_TSV:
		tsv_line(l, out->queue, e);
		break;
	}
	line_end(l);
}

static int emit(struct output *out, struct output_event *e)
{
	struct line l;

	if (out->silent)
		return 0;
	if (e->when <= 0)
		e->when = wall_now();
	make_line(out, e, &l);
	if (out->writer)
		return writer_put(out->writer, out->fd, l.text, l.used);
	return line_write(&l, out->fd, out->abandon);
}

int output_started(struct output *out, const struct procq_process *p,
		   int64_t present, int64_t capacity)
{
	struct output_event e = {
		.name = "started",
		.process = p,
		.when = p->started,
		.present = present,
		.capacity = capacity
	};

	return emit(out, &e);
}

static const char *by_word(enum ended_by by, const char *us)
{
	switch (by) {
	case ENDED_BY_SELF:
		return "self";
	case ENDED_BY_OTHER:
		return "other";
	case ENDED_BY_US:
		return us;
	case ENDED_BY_UNKNOWN:
	default:
		return NULL;
	}
}

int output_ended(struct output *out, const struct procq_event *end,
		 enum ended_by by, const char *us)
{
	struct output_event e = { .name = end->type == PROCQ_EVENT_STALE
						  ? "stale"
						  : "retired",
				  .process = &end->process,
				  .end = end,
				  .when = end->ended,
				  .present = -1,
				  .signo = end->signal,
				  .step = end->step };

	if (end->type == PROCQ_EVENT_RETIRED)
		e.by = by_word(by, us);
	e.by_us = by == ENDED_BY_US;
	return emit(out, &e);
}

int output_unconfirmed(struct output *out, const struct procq_process *p,
		       int signo, int step, const char *reason)
{
	struct output_event e = {
		.name = "unconfirmed",
		.process = p,
		.present = -1,
		.signo = signo,
		.step = step,
		.reason = reason
	};

	return emit(out, &e);
}

int output_would_end(struct output *out, const struct procq_process *p)
{
	struct output_event e = {
		.name = "would-end",
		.process = p,
		.present = -1
	};

	return emit(out, &e);
}
