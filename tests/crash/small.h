/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * small.h - put before everything of crash-small: the library with a table of
 * 64 participants instead of 1024, and so with rings of 128 and 256 cells.
 *
 * Every loop is the same, with fewer rounds, so that each round of each can be
 * a point. Must change nothing else.
 */
#ifndef CRASH_SMALL_H
#define CRASH_SMALL_H

#include <config.h>

#include "procq.h"

#undef PROCQ_PARTICIPANTS_MAX
#define PROCQ_PARTICIPANTS_MAX 64
#define CRASH_PLACES 64
/* A waiter looks again ten times as often. */
#undef PROCQ_PATIENCE
#define PROCQ_PATIENCE INT64_C(25000000)
/* A waiter lingers by turns, whose number is the same each time. */
#define PQ_LINGER 0
/* The search for a waiter begins in the same place each time. */
#define PQ_TURN INT64_MAX

#endif
