/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * look.h - how a host's queue comes along, as an onlooker sees it. Each wait
 * ends after a minute, and with it the program.
 */
#ifndef BENCH_LOOK_H
#define BENCH_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "procq.h"

/* The queue of that name, once it is there. */
struct procq *look_on(const char *name);

uint64_t look_started(const struct procq *q);
/* The highest seq that was given. */
uint64_t look_seq(const struct procq *q);
uint64_t look_present(const struct procq *q);
/* Is it under a lease? */
bool look_bound(const struct procq *q);

/* Until so many have been started; a dead maker ends the program. */
void look_until(const struct procq *q, uint64_t started, pid_t maker);
/* Until its lease was granted once. */
void look_helped(const struct procq *q, pid_t maker);
/* Until no queue has that name. */
void look_gone(const char *name);

#endif
