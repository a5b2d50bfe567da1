/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * identity.h - is this still the same process?
 *
 * A pid is a name that the kernel gives again. A pin (a pidfd) holds on to
 * the process itself; its inode in pidfs, or the start time, tells processes
 * apart that had the same pid.
 */
#ifndef PQ_IDENTITY_H
#define PQ_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The width of an identity: a pidfs inode, or a start time. */
#define PQ_IDENT_BITS 44

/* What pq_ident_*() tell; beside the value itself. */
enum pq_ident_kind { PQ_IDENT_NONE, PQ_IDENT_INODE, PQ_IDENT_START };

/** Which kind of identity a process started now can be given. Not
 * async-signal-safe; asks the kernel once. */
enum pq_ident_kind pq_ident_kind(void);

/**
 * The identity of the calling process. Async-signal-safe, and safe in a child
 * that shares its parent's memory.
 * @param stay where it is an inode: keep a pin of oneself, a descriptor, until
 * exit. The kernel makes the inode for the first who pins a process, and drops
 * it with the last: who pins this one to end it finds it there
 * @return 0: unknown
 */
uint64_t pq_ident_self(enum pq_ident_kind kind, pid_t pid, bool stay);

/**
 * The identity of the process that a pin holds, or that has this pid.
 * @param pin -1: none
 * @return 0: unknown, or there is none any more
 */
uint64_t pq_ident_of(enum pq_ident_kind kind, int pin, pid_t pid);

/**
 * Is the tick of a start time over at that moment? Another process may be
 * started in the same tick, and be given the same pid if there are few; but not
 * if the pid was still the first one's after it.
 * @param ident a start time
 * @param when pq_clock_life()
 */
bool pq_start_is_past(uint64_t ident, int64_t when);

/**
 * Pin the process that has this pid at the moment.
 * @return a descriptor
 * @retval -ESRCH there is none
 * @retval -ENOSYS this system can't
 * @retval -EMFILE, -ENFILE, -ENOMEM
 */
int pq_pin(pid_t pid);

/** Signal the pinned process, or the group that it leads.
 * @retval -EINVAL no such signal, or no groups in this kernel */
int pq_pin_signal(int pin, int signo, bool group);

/** Is the pinned process dead (and perhaps a zombie)? */
bool pq_pin_dead(int pin);

#endif
