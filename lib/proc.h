/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * proc.h - what /proc says, and of which process: in that of another PID
 * namespace, the same number is another process.
 */
#ifndef PQ_PROC_H
#define PQ_PROC_H

#include <stdbool.h>
#include <sys/types.h>

/** The text of a file in /proc, cut off at size - 1; an empty one if it can't
 * be read.
 * @return how many bytes, or -errno */
ssize_t pq_proc_read(const char *path, char *text, size_t size);

/** Does /proc show the processes of this process's own PID namespace? If the
 * kernel can't say, no. */
bool pq_proc_is_ours(void);

#endif
