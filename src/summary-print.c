/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary-print.c - the summary of a run, for people and for programs.
 *
 * Must not count. Data: not translated, and no locale changes a number.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "duration.h"
#include "json.h"
#include "line.h"
#include "signame.h"
#include "summary.h"

static const struct {
	const char *name;
	uint64_t percent;
} percentiles[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 } };

#define PERCENTILES (sizeof(percentiles) / sizeof(*percentiles))

/* ---- what was the cause, and how often ---- */

/* Gets each cause that there was, in order. */
typedef void cause_sink(void *arg, const char *cause, uint64_t n);

static void each_signal(const char *kind, const uint64_t *counts,
			cause_sink *sink, void *arg)
{
	char name[SIGNAME_SIZE], cause[SIGNAME_SIZE + 16];

	for (int i = 0; i < SUMMARY_SIGNALS; i++) {
		if (counts[i] == 0)
			continue;
		snprintf(cause, sizeof(cause), "%s:%s", kind,
			 signame_text(i, name));
		sink(arg, cause, counts[i]);
	}
}

static void each_cause(const struct summary *s, cause_sink *sink, void *arg)
{
	/* Any number that an int can be: gcc does not see that it is small. */
	char cause[24];

	each_signal("signal", s->signals, sink, arg);
	for (int i = 0; i < 256; i++) {
		if (s->exits[i] == 0)
			continue;
		snprintf(cause, sizeof(cause), "exit:%d", i);
		sink(arg, cause, s->exits[i]);
	}
	each_signal("core", s->cores, sink, arg);
	if (s->unknown > 0)
		sink(arg, "unknown", s->unknown);
}

/* ---- text ---- */

static void text_cause(void *arg, const char *cause, uint64_t n)
{
	fprintf(arg, " %s=%" PRIu64, cause, n);
}

static void text_nonzero(FILE *f, const char *key, uint64_t n)
{
	if (n > 0)
		fprintf(f, " %s=%" PRIu64, key, n);
}

static void text_histogram(const struct histogram *h, FILE *f,
			   const char *program, const char *key)
{
	char buf[DURATION_SIZE];

	if (h->count == 0)
		return;
	fprintf(f, "%s: %s min=%s", program, key, duration_text(h->min, buf));
	fprintf(f, " mean=%s", duration_text(histogram_mean(h), buf));
	for (size_t i = 0; i < PERCENTILES; i++)
		fprintf(f, " %s=%s", percentiles[i].name,
			duration_text(histogram_quantile(h,
							 percentiles[i].percent,
							 100), buf));
	fprintf(f, " max=%s\n", duration_text(h->max, buf));
}

static void text_counts(const struct summary *s, FILE *f, bool producer)
{
	if (producer) {
		fprintf(f, " ended=%" PRIu64 " left=%" PRIu64, s->retired,
			s->left);
		text_nonzero(f, "failed", s->failed);
		text_nonzero(f, "unconfirmed", s->unconfirmed);
	} else {
		fprintf(f, " self=%" PRIu64 " other=%" PRIu64 " stale=%" PRIu64
			" unconfirmed=%" PRIu64, s->self, s->other, s->stale,
			s->unconfirmed);
	}
}

static void print_text(const struct summary *s, FILE *f,
		       const struct summary_head *head)
{
	uint64_t n = head->producer ? s->started : s->retired;
	char time[DURATION_SIZE], rate[32];

	fprintf(f, "%s: %s=%" PRIu64 " elapsed=%s rate=%s", head->program,
		head->producer ? "started" : "retired", n,
		duration_text(head->elapsed, time),
		rate_text(n, head->elapsed, rate));
	text_counts(s, f, head->producer);
	fprintf(f, " seed=%" PRIu64 "\n", head->seed);
	if (s->retired > 0) {
		fprintf(f, "%s: cause", head->program);
		each_cause(s, text_cause, f);
		fprintf(f, "\n");
	}
	if (head->producer)
		return;
	text_histogram(&s->lived, f, head->program, "lived");
	text_histogram(&s->latency, f, head->program, "latency");
}

/* ---- JSON ---- */

static void json_cause(void *arg, const char *cause, uint64_t n)
{
	json_count(arg, cause, n);
}

/* An object as a value. */
static struct json json_inner(struct json *j, const char *key)
{
	struct json inner;

	json_key(j, key);
	json_open(&inner, j->line);
	return inner;
}

static void json_histogram(struct json *j, const char *key,
			   const struct histogram *h)
{
	struct json inner;

	if (h->count == 0) {
		json_null(j, key);
		return;
	}
	inner = json_inner(j, key);
	json_count(&inner, "count", h->count);
	json_seconds(&inner, "min", h->min);
	json_seconds(&inner, "mean", histogram_mean(h));
	for (size_t i = 0; i < PERCENTILES; i++)
		json_seconds(&inner, percentiles[i].name,
			     histogram_quantile(h, percentiles[i].percent,
						100));
	json_seconds(&inner, "max", h->max);
	json_close(&inner);
}

static void json_rate(struct json *j, uint64_t n, int64_t elapsed)
{
	double rate = elapsed > 0 ? (double)n * 1e9 / (double)elapsed : 0;
	uint64_t thousandths = (uint64_t)(rate * 1000 + 0.5);

	json_key(j, "rate");
	line_format(j->line, "%" PRIu64 ".%03d", thousandths / 1000,
		    (int)(thousandths % 1000));
}

static void print_json(const struct summary *s, FILE *f,
		       const struct summary_head *head)
{
	struct line l = { .grows = true };
	struct json j, causes;

	json_open(&j, &l);
	json_string(&j, "event", "summary");
	json_time(&j, "time", head->when);
	json_string(&j, "program", head->program);
	json_string(&j, "queue", head->queue);
	json_seconds(&j, "elapsed", head->elapsed);
	json_rate(&j, head->producer ? s->started : s->retired, head->elapsed);
	json_count(&j, "seed", head->seed);
	if (head->producer) {
		json_count(&j, "started", s->started);
		json_count(&j, "ended", s->retired);
		json_count(&j, "left", s->left);
		json_count(&j, "failed", s->failed);
	} else {
		json_count(&j, "retired", s->retired);
		json_count(&j, "self", s->self);
		json_count(&j, "other", s->other);
		json_count(&j, "stale", s->stale);
	}
	json_count(&j, "unconfirmed", s->unconfirmed);
	causes = json_inner(&j, "causes");
	each_cause(s, json_cause, &causes);
	json_close(&causes);
	if (!head->producer) {
		json_histogram(&j, "lived", &s->lived);
		json_histogram(&j, "latency", &s->latency);
	}
	json_close(&j);
	line_end(&l);
	fwrite(line_text(&l), 1, l.used, f);
	line_free(&l);
}

void summary_print(const struct summary *s, FILE *f, enum summary_form form,
		   const struct summary_head *head)
{
	switch (form) {
	case SUMMARY_TEXT:
		print_text(s, f, head);
		break;
	case SUMMARY_JSON:
		print_json(s, f, head);
		break;
	case SUMMARY_NONE:
		break;
	}
}
