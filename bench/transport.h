/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transport.h - what hands over records of 128 bytes between processes, for
 * handover.c and killed.c. A peer that needs a library that is not on every machine is a
 * module of its own, bench/peer-NAME.so, which defines the symbol peer.
 */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RECORD_SIZE 128

struct record {
	uint64_t id;
	uint64_t filling[RECORD_SIZE / 8 - 2];
	uint64_t sum;		/* of all words before it */
};

struct transport {
	const char *name;
	/* Before the workers are forked. false: not to be had here. */
	bool (*make)(const char *name, unsigned capacity);
	/* By each worker. NULL: it inherits all it needs. */
	void (*join)(bool producer);
	/* Waits for room; for a record. */
	void (*put)(const struct record *record);
	void (*get)(struct record *record);
	/* What was got last is done with. NULL: get() says so already. */
	void (*done)(void);
	/* By each worker; then by who made it. NULL: nothing to do. */
	void (*leave)(void);
	void (*remove)(const char *name);
	/* How many of a record's words come out as they were put in: id, sum,
	 * and the first of the filling. 0: all. */
	unsigned words;
	/* Who waits does not sleep, and slows down whoever runs beside it. */
	bool busy;
};

#ifdef __cplusplus
}
#endif
#endif
