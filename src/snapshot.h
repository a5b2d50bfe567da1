/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snapshot.h - all processes of a queue at once. Must only look.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "procq.h"

/** All processes, in order, in an array that the caller frees. It has room for
 * as many as there are, not for the capacity, which may be a million.
 * @return how many, or -errno, with *out NULL */
int snapshot_all(const struct procq *q, struct procq_process **out);

/** "queued" and so on; not translated, because programs read it. */
const char *state_word(uint32_t state);
/** That of a process, or "lost"; not translated, because programs read it. */
const char *snapshot_state(const struct procq_process *p);

#endif
