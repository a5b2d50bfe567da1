/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.c - the figures of a whole run, in bounded memory.
 *
 * Must not grow with the number of processes. Minimum, maximum and mean must
 * be exact: they are kept beside the buckets.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "duration.h"
#include "signame.h"
#include "summary.h"

#define SUB (UINT64_C(1) << HISTOGRAM_BITS)

/* The number of the highest bit of a value other than 0. */
static unsigned high_bit(uint64_t v)
{
	unsigned bit = 0;

	for (unsigned step = 32; step > 0; step /= 2) {
		if (v >> step == 0)
			continue;
		v >>= step;
		bit += step;
	}
	return bit;
}

/* Values below 2 * SUB have a bucket each. The bucket of a larger one is given
 * by its highest bit and the HISTOGRAM_BITS that follow. */
static size_t bucket_of(uint64_t v)
{
	unsigned shift;

	if (v < 2 * SUB)
		return (size_t)v;
	shift = high_bit(v) - HISTOGRAM_BITS;
	return (size_t)((uint64_t)shift * SUB + (v >> shift));
}

/* The middle of a bucket. */
static int64_t bucket_value(size_t bucket)
{
	unsigned shift;
	uint64_t low;

	if (bucket < 2 * SUB)
		return (int64_t)bucket;
	shift = (unsigned)(bucket / SUB - 1);
	low = (bucket % SUB + SUB) << shift;
	return (int64_t)(low + (UINT64_C(1) << shift) / 2);
}

void histogram_add(struct histogram *h, int64_t value)
{
	if (value < 0)
		value = 0;
	if (h->count == 0 || value < h->min)
		h->min = value;
	if (h->count == 0 || value > h->max)
		h->max = value;
	h->count++;
	h->sum_s += (uint64_t)(value / NS_PER_S);
	h->sum_ns += (uint64_t)(value % NS_PER_S);
	if (h->sum_ns >= (uint64_t)NS_PER_S) {
		h->sum_ns -= (uint64_t)NS_PER_S;
		h->sum_s++;
	}
	h->buckets[bucket_of((uint64_t)value)]++;
}

int64_t histogram_quantile(const struct histogram *h, uint64_t num,
			   uint64_t den)
{
	uint64_t rank, seen = 0;
	int64_t value = h->max;

	if (h->count == 0)
		return 0;
	/* count * num / den, rounded up, within 64 bits. */
	rank = h->count / den * num + (h->count % den * num + den - 1) / den;
	if (rank <= 1)
		return h->min;
	if (rank >= h->count)
		return h->max;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen < rank || seen == 0)
			continue;
		value = bucket_value(i);
		break;
	}
	if (value < h->min)
		return h->min;
	return value > h->max ? h->max : value;
}

int64_t histogram_mean(const struct histogram *h)
{
	uint64_t ns = (uint64_t)NS_PER_S;

	if (h->count == 0)
		return 0;
	return (int64_t)(h->sum_s / h->count * ns +
			 (h->sum_s % h->count * ns + h->sum_ns) / h->count);
}

static size_t signal_index(int32_t code)
{
	return code > 0 && code < SUMMARY_SIGNALS ? (size_t)code : 0;
}

void summary_count(struct summary *s, const struct procq_event *e)
{
	if (e->type == PROCQ_EVENT_STALE) {
		s->stale++;
		return;
	}
	s->retired++;
	switch ((enum procq_cause)e->cause) {
	case PROCQ_CAUSE_EXIT:
		s->exits[(uint32_t)e->code & 255]++;
		break;
	case PROCQ_CAUSE_SIGNAL:
		s->signals[signal_index(e->code)]++;
		break;
	case PROCQ_CAUSE_CORE:
		s->cores[signal_index(e->code)]++;
		break;
	case PROCQ_CAUSE_UNKNOWN:
	default:
		s->unknown++;
		break;
	}
}

void summary_add(struct summary *s, const struct procq_event *e,
		 enum ended_by by)
{
	summary_count(s, e);
	if (e->type == PROCQ_EVENT_STALE)
		return;
	s->self += by == ENDED_BY_SELF;
	s->other += by == ENDED_BY_OTHER;
	if (e->lived >= 0)
		histogram_add(&s->lived, e->lived);
	if (e->latency >= 0)
		histogram_add(&s->latency, e->latency);
}

char *rate_text(uint64_t count, int64_t ns, char buf[32])
{
	double rate = ns > 0 ? (double)count * 1e9 / (double)ns : 0;
	uint64_t hundredths = (uint64_t)(rate * 100 + 0.5);

	if (rate >= 100)
		snprintf(buf, 32, "%" PRIu64 "/s", (uint64_t)(rate + 0.5));
	else
		snprintf(buf, 32, "%" PRIu64 ".%02d/s", hundredths / 100,
			 (int)(hundredths % 100));
	return buf;
}

static void print_count(FILE *f, const char *key, uint64_t n)
{
	if (n > 0)
		fprintf(f, " %s=%" PRIu64, key, n);
}

static void print_signals(FILE *f, const char *key,
			  const uint64_t counts[SUMMARY_SIGNALS])
{
	char name[SIGNAME_SIZE];

	for (int i = 0; i < SUMMARY_SIGNALS; i++)
		if (counts[i] > 0)
			fprintf(f, " %s:%s=%" PRIu64, key,
				signame_text(i, name), counts[i]);
}

static void print_causes(const struct summary *s, FILE *f,
			 const char *program)
{
	if (s->retired == 0)
		return;
	fprintf(f, "%s: cause", program);
	print_signals(f, "signal", s->signals);
	for (int i = 0; i < 256; i++)
		if (s->exits[i] > 0)
			fprintf(f, " exit:%d=%" PRIu64, i, s->exits[i]);
	print_signals(f, "core", s->cores);
	print_count(f, "unknown", s->unknown);
	fprintf(f, "\n");
}

static void print_histogram(const struct histogram *h, FILE *f,
			    const char *program, const char *key)
{
	static const struct {
		const char *name;
		uint64_t percent;
	} wanted[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 } };
	char buf[DURATION_SIZE];

	if (h->count == 0)
		return;
	fprintf(f, "%s: %s min=%s", program, key, duration_text(h->min, buf));
	fprintf(f, " mean=%s", duration_text(histogram_mean(h), buf));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		fprintf(f, " %s=%s", wanted[i].name,
			duration_text(histogram_quantile(h, wanted[i].percent,
							 100), buf));
	fprintf(f, " max=%s\n", duration_text(h->max, buf));
}

void summary_print_started(const struct summary *s, FILE *f,
			   const char *program, int64_t elapsed,
			   uint64_t seed)
{
	char time[DURATION_SIZE], rate[32];

	fprintf(f, "%s: started=%" PRIu64 " elapsed=%ss rate=%s", program,
		s->started, duration_seconds(elapsed, 3, time),
		rate_text(s->started, elapsed, rate));
	fprintf(f, " ended=%" PRIu64 " left=%" PRIu64, s->retired, s->left);
	print_count(f, "failed", s->failed);
	print_count(f, "unconfirmed", s->unconfirmed);
	fprintf(f, " seed=%" PRIu64 "\n", seed);
	print_causes(s, f, program);
}

void summary_print_retired(const struct summary *s, FILE *f,
			   const char *program, int64_t elapsed,
			   uint64_t seed)
{
	char time[DURATION_SIZE], rate[32];

	fprintf(f, "%s: retired=%" PRIu64 " elapsed=%ss rate=%s", program,
		s->retired, duration_seconds(elapsed, 3, time),
		rate_text(s->retired, elapsed, rate));
	fprintf(f, " self=%" PRIu64 " other=%" PRIu64 " stale=%" PRIu64
		" unconfirmed=%" PRIu64 " seed=%" PRIu64 "\n", s->self,
		s->other, s->stale, s->unconfirmed, seed);
	print_causes(s, f, program);
	print_histogram(&s->lived, f, program, "lived");
	print_histogram(&s->latency, f, program, "latency");
}
