/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene.c - see scene.h. */
#include <config.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "scene.h"

/* More processes than this don't get a row each, unless that is asked for. */
#define ORDER_MAX 200
/* From this ratio of the largest to the smallest on, bins grow by a factor. */
#define LOG_RATIO 30.0

int64_t scene_end(const struct scene *s, const struct life *life)
{
	return life->end < s->all.end ? life->end : s->all.end;
}

uint32_t scene_row(const struct scene *s, size_t life)
{
	int32_t slot = s->log->lives[life].slot;

	if (s->rows == ROWS_ORDER)
		return (uint32_t)life;
	return slot >= 0 ? (uint32_t)slot : s->row_count - 1;
}

uint32_t scene_capacity(const struct scene *s, int64_t time)
{
	const struct bound *b = s->log->bounds;
	size_t low = 0, high = s->log->bound_count;

	if (high == 0)
		return 0;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (b[middle].time <= time)
			low = middle;
		else
			high = middle;
	}
	return b[low].capacity;
}

static void find_span(struct scene *s)
{
	const struct log *log = s->log;

	s->all.begin = log->lives[0].start;
	s->all.end = log->lives[log->count - 1].start;
	for (size_t i = 0; i < log->count; i++)
		if (log->lives[i].end != INT64_MAX &&
		    log->lives[i].end > s->all.end)
			s->all.end = log->lives[i].end;
	/* A picture of a moment is a microsecond wide. */
	if (s->all.end - s->all.begin < 1000)
		s->all.end = s->all.begin + 1000;
}

static void find_rows(struct scene *s, enum rows rows)
{
	const struct log *log = s->log;
	int32_t highest = -1;
	int unknown = 0;

	for (size_t i = 0; i < log->count; i++) {
		if (log->lives[i].slot > highest)
			highest = log->lives[i].slot;
		if (log->lives[i].slot < 0)
			unknown = 1;
	}
	if (rows == ROWS_AUTO)
		rows = log->count > ORDER_MAX && highest >= 0 ? ROWS_SLOT
							      : ROWS_ORDER;
	s->rows = rows;
	/* Those without a slot share a row of their own, the last. */
	s->row_count = rows == ROWS_ORDER ? (uint32_t)log->count
					  : (uint32_t)(highest + 1 + unknown);
}

static int by_moment(const void *x, const void *y)
{
	const struct step *a = x, *b = y;

	/* At one moment, ends come first: a slot that changes hands is one
	 * process, not two. */
	if (a->time != b->time)
		return (a->time > b->time) - (a->time < b->time);
	return (a->alive > b->alive) - (a->alive < b->alive);
}

/* Starts and ends in order, then summed up in place. */
static int find_steps(struct scene *s)
{
	const struct log *log = s->log;
	uint32_t alive = 0;
	size_t n = 0;

	s->steps = calloc(2 * log->count, sizeof(*s->steps));
	if (!s->steps)
		return -ENOMEM;
	for (size_t i = 0; i < log->count; i++) {
		s->steps[n++] = (struct step){ log->lives[i].start, 1 };
		if (log->lives[i].end != INT64_MAX)
			s->steps[n++] = (struct step){ log->lives[i].end, 0 };
	}
	qsort(s->steps, n, sizeof(*s->steps), by_moment);
	for (size_t i = 0; i < n; i++) {
		if (s->steps[i].alive)
			alive++;
		else if (alive > 0)
			alive--;
		s->steps[i].alive = alive;
		if (alive > s->most)
			s->most = alive;
	}
	s->step_count = n;
	return 0;
}

/* Those times in which as many lived as may (full), or none (empty). */
static int find_waits(struct scene *s)
{
	s->full = calloc(s->step_count, sizeof(*s->full));
	s->empty = calloc(s->step_count, sizeof(*s->empty));
	if (!s->full || !s->empty)
		return -ENOMEM;
	for (size_t i = 0; i < s->step_count; i++) {
		const struct step *step = &s->steps[i];
		struct span span = { step->time, i + 1 < s->step_count
					 ? s->steps[i + 1].time : s->all.end };
		uint32_t capacity = scene_capacity(s, step->time);

		if (capacity > s->most)
			s->most = capacity;
		if (span.end <= span.begin)
			continue;
		if (step->alive == 0)
			s->empty[s->empty_count++] = span;
		else if (capacity > 0 && step->alive >= capacity)
			s->full[s->full_count++] = span;
	}
	return 0;
}

/* ---- histograms ---- */

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

double spread_quantile(const struct spread *d, double q)
{
	double rank = ceil(q * (double)d->count);

	if (d->count == 0)
		return 0;
	return d->values[rank < 1 ? 0 : (size_t)rank - 1];
}

double spread_edge(const struct spread *d, int bin)
{
	double part = (double)bin / SCENE_BINS;

	return d->log ? d->low * pow(d->high / d->low, part)
		      : d->low + (d->high - d->low) * part;
}

double spread_part(const struct spread *d, double value)
{
	return d->log ? log(value / d->low) / log(d->high / d->low)
		      : (value - d->low) / (d->high - d->low);
}

static int bin_of(const struct spread *d, double value)
{
	int bin = (int)(spread_part(d, value) * SCENE_BINS);

	return bin < 0 ? 0 : bin >= SCENE_BINS ? SCENE_BINS - 1 : bin;
}

static void fill_bins(struct spread *d)
{
	if (d->count == 0)
		return;
	qsort(d->values, d->count, sizeof(*d->values), by_value);
	d->low = d->values[0] > 1000 ? d->values[0] : 1000;
	d->high = d->values[d->count - 1] > d->low ? d->values[d->count - 1]
						   : d->low * 2;
	d->log = d->high / d->low > LOG_RATIO;
	if (!d->log)
		d->low = 0;
	for (size_t i = 0; i < d->count; i++) {
		uint32_t *bin = &d->bins[bin_of(d, d->values[i] > 0
							? d->values[i] : 1)];

		if (++*bin > d->tallest)
			d->tallest = *bin;
	}
}

static int find_spreads(struct scene *s)
{
	const struct log *log = s->log;

	s->lived.values = calloc(log->count, sizeof(double));
	s->latency.values = calloc(log->count, sizeof(double));
	if (!s->lived.values || !s->latency.values)
		return -ENOMEM;
	for (size_t i = 0; i < log->count; i++) {
		const struct life *life = &log->lives[i];

		s->causes[life->cause]++;
		s->hands[life->hand]++;
		if (life->end != INT64_MAX)
			s->lived.values[s->lived.count++] =
				(double)(life->end - life->start);
		if (life->latency >= 0)
			s->latency.values[s->latency.count++] =
				(double)life->latency;
	}
	fill_bins(&s->lived);
	fill_bins(&s->latency);
	return 0;
}

int scene_make(struct scene *s, const struct log *log, enum rows rows)
{
	int err;

	*s = (struct scene){ .log = log };
	find_span(s);
	find_rows(s, rows);
	err = find_steps(s);
	if (err == 0)
		err = find_waits(s);
	if (err == 0)
		err = find_spreads(s);
	if (err < 0)
		scene_free(s);
	return err;
}

void scene_free(struct scene *s)
{
	free(s->steps);
	free(s->full);
	free(s->empty);
	free(s->lived.values);
	free(s->latency.values);
	*s = (struct scene){ 0 };
}
