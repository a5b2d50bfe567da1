/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * owner.h - whose file is this, and whose process? As the kernel says.
 */
#ifndef PQ_OWNER_H
#define PQ_OWNER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/**
 * Is it a file of the caller's effective user?
 * @param st as fstat() described it
 */
bool pq_owner_is_me(int fd, const struct stat *st);

/**
 * Is it a process of this user's: one that the user may signal? It may be that
 * of another process if there is none of that pid any more, so the caller has
 * it pinned. If the kernel can't say, no.
 */
bool pq_owner_has(uid_t uid, pid_t pid);

#endif
