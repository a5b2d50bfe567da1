/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rseq.h - restartable sequences, which the libc sets up for every thread.
 */
#ifndef RSEQ_H
#define RSEQ_H

#include <stdbool.h>

/**
 * Give up the restartable sequences of this thread, and of those that it forks.
 *
 * For them the kernel writes to the thread's memory whenever it has switched
 * to it, so right after each fork, too: parent and child then copy a page that
 * neither needs. Nothing of ours uses them; in the libc, sched_getcpu() does,
 * and then asks the kernel instead. See rseq(2).
 *
 * @retval false there are none: too old a libc or kernel, or they are off
 */
bool rseq_off(void);

#endif
