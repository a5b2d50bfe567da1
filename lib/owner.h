/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * owner.h - whose file is this, and whose process? As the kernel says.
 */
#ifndef PQ_OWNER_H
#define PQ_OWNER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Which file a descriptor is of; ino 0: not known. */
struct pq_file {
	dev_t dev;
	ino_t ino;
};

/** What file is this descriptor of? */
struct pq_file pq_file_of(int fd);
/** Is it still of that file? The host program may have closed it, and opened
 * another one, which has the number now. Yes, if the kernel can't say. */
bool pq_file_is(int fd, struct pq_file file);
/** Close it, if it is. */
void pq_file_close(int fd, struct pq_file file);

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
