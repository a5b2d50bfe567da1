/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trouble.h - why a queue can't be opened, and what helps.
 *
 * Must not open one.
 */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <stdbool.h>

#include "procq.h"

/** Say why procq_open() failed, and what helps. */
void complain_open(const char *queue, const struct procq_options *options,
		   int err);
/** Only why. */
void complain_unopened(const char *queue, const struct procq_options *options,
		       int err);
/** Is there no POSIX shared memory at all? */
bool shm_is_missing(void);
/** Say so, and what helps. */
void complain_shm_missing(void);
/** Does this error of procq_open() mean that nobody here can use the queue? */
bool is_wreck(int err);

#endif
