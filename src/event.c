/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.c - what a line says of an event: one description, three formats.
 *
 * Must not write, and must not look at the clock or at a queue.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "duration.h"
#include "event.h"
#include "json.h"
#include "line.h"
#include "signame.h"

/* In the order of JSON; those behind FLEET are of TSV alone. */
enum member {
	EVENT, TIME, SEQ, QUEUE, USED, CAPACITY, SLOT, PID, INO, PPID,
	PRODUCER, CONSUMER, LABEL, ARGS, QUEUED_AT, STARTED_AT, ENDED_AT, AGE,
	LIVED, SIGNAL, STEP, CAUSE, EXIT, BY, REASON, LATENCY, USER, SYS,
	MAXRSS, HOST, FLEET,
	EXITVAL, DEATH_SIGNAL,
	MEMBERS
};

/* Their names in JSON; in text, but for _us. */
static const char *const names[MEMBERS] = {
	"event", "time", "seq", "queue", "used", "capacity", "slot", "pid",
	"ino", "ppid", "producer", "consumer", "label", "args", "queued_at",
	"started_at", "ended_at", "age", "lived", "signal", "step", "cause",
	"exit", "by", "reason", "latency_us", "user_us", "sys_us", "maxrss_kb",
	"host", "fleet"
};

struct value {
	enum {
		UNKNOWN = 0,
		COUNT,
		WORD,
		BYTES,		/* the same, and none may be lost */
		INSTANT,	/* ns since the epoch */
		SECONDS,	/* a length of time: ns, in seconds … */
		MICROS		/* … or in whole microseconds */
	} kind;
	const char *word;
	uint64_t n;
};

/* All values of an event. */
struct values {
	struct value of[MEMBERS];
	char cause[EVENT_CAUSE_SIZE];
	char signal[SIGNAME_SIZE];
};

/* ---- the values ---- */

static void set_count(struct values *v, enum member m, bool known, uint64_t n)
{
	if (known)
		v->of[m] = (struct value){ .kind = COUNT, .n = n };
}

static void set_word(struct values *v, enum member m, const char *word)
{
	if (word && *word)
		v->of[m] = (struct value){ .kind = WORD, .word = word };
}

static void set_instant(struct values *v, enum member m, int64_t ns)
{
	if (ns > 0)
		v->of[m] = (struct value){ .kind = INSTANT,
					   .n = (uint64_t)ns };
}

static void set_span(struct values *v, enum member m, int64_t ns)
{
	if (ns >= 0)
		v->of[m] = (struct value){ .kind = SECONDS,
					   .n = (uint64_t)ns };
}

static void set_micros(struct values *v, enum member m, int64_t ns)
{
	if (ns >= 0)
		v->of[m] = (struct value){ .kind = MICROS, .n = (uint64_t)ns };
}

const char *event_cause(const struct procq_event *e,
			char buf[EVENT_CAUSE_SIZE])
{
	char name[SIGNAME_SIZE];

	switch ((enum procq_cause)e->cause) {
	case PROCQ_CAUSE_EXIT:
		snprintf(buf, EVENT_CAUSE_SIZE, "exit:%d", e->code);
		break;
	case PROCQ_CAUSE_SIGNAL:
		snprintf(buf, EVENT_CAUSE_SIZE, "signal:%s",
			 signame_text(e->code, name));
		break;
	case PROCQ_CAUSE_CORE:
		snprintf(buf, EVENT_CAUSE_SIZE, "core:%s",
			 signame_text(e->code, name));
		break;
	case PROCQ_CAUSE_UNKNOWN:
	default:
		snprintf(buf, EVENT_CAUSE_SIZE, "unknown");
		break;
	}
	return buf;
}

static void fill_process(struct values *v, const struct procq_process *p)
{
	set_count(v, SEQ, p->seq > 0, p->seq);
	set_count(v, SLOT, true, p->slot);
	set_count(v, PID, p->pid > 0, (uint64_t)p->pid);
	set_count(v, INO, p->ino > 0, p->ino);
	set_count(v, PPID, p->ppid > 0, (uint64_t)p->ppid);
	set_count(v, PRODUCER, p->producer > 0, p->producer);
	set_count(v, CONSUMER, p->consumer > 0, p->consumer);
	set_word(v, LABEL, p->label);
	set_instant(v, QUEUED_AT, p->queued);
	set_instant(v, STARTED_AT, p->started);
	set_span(v, AGE, p->age);
}

/* How it ended, which of a stale process nobody knows. */
static void fill_end(struct values *v, const struct procq_event *e)
{
	bool exited = e->cause == PROCQ_CAUSE_EXIT;
	bool known = e->cause != PROCQ_CAUSE_UNKNOWN;
	uint64_t code = (uint64_t)e->code;

	set_instant(v, ENDED_AT, e->ended);
	set_span(v, LIVED, e->lived);
	set_word(v, CAUSE, event_cause(e, v->cause));
	set_count(v, EXIT, exited, code);
	set_micros(v, LATENCY, e->latency);
	set_micros(v, USER, e->user);
	set_micros(v, SYS, e->sys);
	set_count(v, MAXRSS, e->maxrss >= 0, (uint64_t)e->maxrss);
	/* As GNU parallel has them. */
	set_count(v, EXITVAL, known, exited ? code : 0);
	set_count(v, DEATH_SIGNAL, known, exited ? 0 : code);
}

static const char *kind_name(enum event_kind kind)
{
	static const char *const words[] = { "started", "retired", "stale",
					     "unconfirmed", "would-end",
					     "cut-off", "back", "fenced" };

	return words[kind];
}

static void fill(struct values *v, const struct event *e,
		 const struct event_style *style)
{
	memset(v, 0, sizeof(*v));
	set_word(v, EVENT, kind_name(e->kind));
	set_instant(v, TIME, e->when);
	set_word(v, QUEUE, style->queue);
	set_word(v, HOST, style->host);
	set_word(v, FLEET, style->fleet);
	set_count(v, USED, e->used >= 0, (uint64_t)e->used);
	set_count(v, CAPACITY, e->used >= 0, (uint64_t)e->capacity);
	if (e->process)
		fill_process(v, e->process);
	/* An empty line is one, too. */
	if (e->args)
		v->of[ARGS] = (struct value){ .kind = BYTES, .word = e->args };
	if (e->signo > 0)
		set_word(v, SIGNAL, signame_text(e->signo, v->signal));
	set_count(v, STEP, e->step > 0, (uint64_t)e->step);
	if (e->kind == EVENT_RETIRED)
		fill_end(v, e->end);
	set_word(v, BY, e->by);
	set_word(v, REASON, e->reason);
}

/* ---- text ---- */

/* What the line of a kind of event has, in order; EVENT ends it. */
static const enum member text_members[][9] = {
	[EVENT_STARTED] = { SEQ, PID, PPID, USED, EVENT },
	[EVENT_RETIRED] = { SEQ, PID, PPID, LIVED, CAUSE, LATENCY, BY, STEP,
			    EVENT },
	[EVENT_STALE] = { SEQ, PID, PPID, EVENT },
	[EVENT_UNCONFIRMED] = { SEQ, PID, PPID, AGE, SIGNAL, STEP, REASON,
				EVENT },
	[EVENT_WOULD_END] = { SEQ, PID, PPID, AGE, EVENT },
	[EVENT_CUT_OFF] = { USED, REASON, EVENT },
	[EVENT_BACK] = { USED, EVENT },
	[EVENT_FENCED] = { USED, BY, EVENT }
};

/* What is left out of a line that is too long, in this order. */
static const enum member dispensable[] = { PPID, STEP, SIGNAL, LATENCY, PID };

static void text_value(struct line *l, enum member m, const struct values *v)
{
	const struct value *x = &v->of[m];
	char buf[DURATION_SIZE];

	line_format(l, " %.*s=", (int)strcspn(names[m], "_"), names[m]);
	if (x->kind == WORD)
		line_string(l, x->word);
	else if (x->kind == SECONDS || x->kind == MICROS)
		line_string(l, duration_text((int64_t)x->n, buf));
	else
		line_format(l, "%" PRIu64, x->n);
	if (m == USED)
		line_format(l, "/%" PRIu64, v->of[CAPACITY].n);
}

static void text_line(struct line *l, const struct event *e,
		      const struct values *v, bool clock)
{
	if (clock)
		line_clock(l, e->when);
	else
		line_time(l, e->when);
	line_format(l, " %s", kind_name(e->kind));
	for (const enum member *m = text_members[e->kind]; *m != EVENT; m++)
		if (v->of[*m].kind != UNKNOWN)
			text_value(l, *m, v);
}

static void text_fit(struct line *l, const struct event *e, struct values *v,
		     const struct event_style *style)
{
	size_t n = sizeof(dispensable) / sizeof(*dispensable);

	if (e->by_us)
		v->of[BY].kind = UNKNOWN;
	if (e->step <= 1)
		v->of[STEP].kind = UNKNOWN;
	text_line(l, e, v, style->clock);
	for (size_t i = 0; i < n && style->columns > 0 &&
			   l->used > style->columns; i++) {
		v->of[dispensable[i]].kind = UNKNOWN;
		l->used = 0;
		text_line(l, e, v, style->clock);
	}
}

/* ---- JSON ---- */

static void json_value(struct json *j, const char *key, const struct value *v)
{
	switch (v->kind) {
	case COUNT:
		json_count(j, key, v->n);
		break;
	case WORD:
		json_string(j, key, v->word);
		break;
	case BYTES:
		json_bytes(j, key, v->word);
		break;
	case INSTANT:
		json_time(j, key, (int64_t)v->n);
		break;
	case SECONDS:
		json_seconds(j, key, (int64_t)v->n);
		break;
	case MICROS:
		json_count(j, key, v->n / NS_PER_US);
		break;
	case UNKNOWN:
	default:
		json_null(j, key);
	}
}

static void json_line(struct line *l, const struct values *v)
{
	struct json j;

	json_open(&j, l);
	for (enum member m = EVENT; m <= FLEET; m++)
		json_value(&j, names[m], &v->of[m]);
	json_close(&j);
}

/* ---- TSV: what is unknown is empty ---- */

/* Those of GNU parallel's job log come first. */
static const struct {
	const char *name;
	enum member member;
	int decimals;
} columns[] = {
	{ "Seq", SEQ, 0 },
	{ "Starttime", STARTED_AT, 3 },
	{ "JobRuntime", LIVED, 3 },
	{ "Exitval", EXITVAL, 0 },
	{ "Signal", DEATH_SIGNAL, 0 },
	{ "Command", LABEL, 0 },
	{ "Event", EVENT, 0 },
	{ "Time", TIME, 6 },
	{ "Queue", QUEUE, 0 },
	{ "Used", USED, 0 },
	{ "Capacity", CAPACITY, 0 },
	{ "Slot", SLOT, 0 },
	{ "Pid", PID, 0 },
	{ "Ino", INO, 0 },
	{ "Ppid", PPID, 0 },
	{ "Producer", PRODUCER, 0 },
	{ "Consumer", CONSUMER, 0 },
	{ "Args", ARGS, 0 },
	{ "Queued_at", QUEUED_AT, 6 },
	{ "Ended_at", ENDED_AT, 6 },
	{ "Age", AGE, 6 },
	{ "Sent", SIGNAL, 0 },
	{ "Step", STEP, 0 },
	{ "Cause", CAUSE, 0 },
	{ "By", BY, 0 },
	{ "Reason", REASON, 0 },
	{ "Latency_us", LATENCY, 0 },
	{ "User_us", USER, 0 },
	{ "Sys_us", SYS, 0 },
	{ "Maxrss_kb", MAXRSS, 0 },
	{ "Host", HOST, 0 },
	{ "Fleet", FLEET, 0 }
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* A tab or a newline in a name must not begin a column or a row. */
static void tsv_word(struct line *l, const char *s)
{
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

static void tsv_value(struct line *l, const struct value *v, int decimals)
{
	char buf[DURATION_SIZE];

	switch (v->kind) {
	case COUNT:
		line_format(l, "%" PRIu64, v->n);
		break;
	case WORD:
	case BYTES:
		tsv_word(l, v->word);
		break;
	case INSTANT:
	case SECONDS:
		line_string(l, duration_seconds((int64_t)v->n, decimals, buf));
		break;
	case MICROS:
		line_format(l, "%" PRIu64, v->n / NS_PER_US);
		break;
	case UNKNOWN:
	default:
		break;
	}
}

static void tsv_line(struct line *l, const struct values *v)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (i > 0)
			line_add(l, "\t", 1);
		tsv_value(l, &v->of[columns[i].member], columns[i].decimals);
	}
}

void event_header(struct line *l)
{
	l->used = 0;
	for (size_t i = 0; i < COLUMNS; i++)
		line_format(l, "%s%s", i > 0 ? "\t" : "", columns[i].name);
	line_end(l);
}

void event_line(struct line *l, const struct event *e,
		const struct event_style *style)
{
	struct values v;

	l->used = 0;
	fill(&v, e, style);
	switch (style->format) {
	case OUTPUT_TEXT:
		text_fit(l, e, &v, style);
		break;
	case OUTPUT_JSON:
		json_line(l, &v);
		break;
	case OUTPUT_TSV:
		tsv_line(l, &v);
		break;
	}
	line_end(l);
}
