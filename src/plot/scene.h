/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scene.h - the figures of a picture: rows, the number alive over time, waits,
 * histograms with their quantiles.
 *
 * Pure. Must not know a pixel.
 */
#ifndef PLOT_SCENE_H
#define PLOT_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "log.h"

/* What a row of the picture is. */
enum rows {
	ROWS_AUTO = 0,	/* by slot, if there are many processes */
	ROWS_SLOT = 1,
	ROWS_ORDER = 2	/* each process has its own, in order of start */
};

/* The number alive from a moment on. */
struct step {
	int64_t time;
	uint32_t alive;
};

/* From one moment to another, ns since the epoch. */
struct span {
	int64_t begin;
	int64_t end;
};

#define SCENE_BINS 60

struct spread {
	size_t count;
	double *values;		/* ascending, ns */
	double low, high;	/* of the bins */
	int log;		/* the bins grow by a factor */
	uint32_t bins[SCENE_BINS];
	uint32_t tallest;
};

struct scene {
	const struct log *log;
	struct span all;
	enum rows rows;		/* never ROWS_AUTO */
	uint32_t row_count;
	struct step *steps;	/* by time */
	size_t step_count;
	uint32_t most;		/* alive, or the capacity if that is more */
	struct span *full;	/* as many lived as the capacity allows */
	size_t full_count;
	struct span *empty;	/* none lived */
	size_t empty_count;
	struct spread lived;
	struct spread latency;
	size_t causes[CAUSES];
	size_t hands[HANDS];
};

/** @param log joined, with at least one life; kept, not copied
 * @return 0 or -ENOMEM */
int scene_make(struct scene *s, const struct log *log, enum rows rows);
void scene_free(struct scene *s);

/** The row of a life, from 0. */
uint32_t scene_row(const struct scene *s, size_t life);
/** The end of a life, or that of the picture. */
int64_t scene_end(const struct scene *s, const struct life *life);
/** The capacity at a moment; 0: unknown. */
uint32_t scene_capacity(const struct scene *s, int64_t time);
/** The value that part q, from 0 to 1, of all do not exceed. 0: there are none.
 */
double spread_quantile(const struct spread *d, double q);
/** Where a value stands on the scale of the bins: 0 at low, 1 at high. */
double spread_part(const struct spread *d, double value);
/** The lower edge of a bin, ns; of bin SCENE_BINS, the upper edge of the last.
 */
double spread_edge(const struct spread *d, int bin);

#endif
