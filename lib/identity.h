/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * identity.h - is this still the same process?
 *
 * The kernel gives the pid of a dead process to another one. A pin (a pidfd)
 * holds on to the process itself. Its identity, the inode of the pin or the
 * start time, distinguishes processes that had the same pid.
 */
#ifndef PQ_IDENTITY_H
#define PQ_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The width of an identity. */
#define PQ_IDENT_BITS 44

/* What an identity is: unknown, an inode in pidfs, a start time. */
enum pq_ident_kind { PQ_IDENT_NONE, PQ_IDENT_INODE, PQ_IDENT_START };

/** The best kind of identity that this system has. Not async-signal-safe;
 * asks the kernel once. */
enum pq_ident_kind pq_ident_kind(void);

/**
 * The identity of the calling process. Async-signal-safe, and safe in a child
 * that shares its parent's memory.
 * @param stay if it is an inode, keep the pin, a descriptor of oneself, until
 * exit. The kernel makes the inode when a process is pinned first, and drops it
 * with the last pin; so the consumer that pins this process later finds it made
 * @return 0: unknown
 */
uint64_t pq_ident_self(enum pq_ident_kind kind, pid_t pid, bool stay);

/**
 * The identity of the process that a pin holds, or that has this pid.
 * @param pin -1: none
 * @return 0: unknown, or there is none any more
 */
uint64_t pq_ident_of(enum pq_ident_kind kind, int pin, pid_t pid);

/** The identity that this inode of a pin is; 0: unknown. */
static inline uint64_t pq_ident_of_inode(uint64_t inode)
{
	return inode & ((UINT64_C(1) << PQ_IDENT_BITS) - 1);
}

/**
 * Is the clock tick of a start time over at that moment? If the process still
 * had its pid then, no other has both its pid and its start time. Within the
 * tick, where pids are few, another process may get both.
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

/**
 * Pin the process that had this inode, dead or alive, by whatever number: also
 * one that has been reaped, as long as its number is that of a group in which
 * somebody is. No other process ever has its inode, so nothing else can be
 * pinned by mistake. Linux 6.14.
 * @return a descriptor
 * @retval -ESRCH there is none any more
 * @retval -ENOSYS this system can't, or a sandbox forbids it
 * @retval -EMFILE, -ENFILE, -ENOMEM
 */
int pq_pin_again(uint64_t inode);

/** Signal the pinned process, or the group that it leads.
 * @retval -EINVAL no such signal, or no groups in this kernel */
int pq_pin_signal(int pin, int signo, bool group);

/** Is the pinned process dead (and perhaps a zombie)? Also if that is no
 * descriptor any more. */
bool pq_pin_dead(int pin);

/**
 * How the pinned process died, whether or not it has been reaped, and by
 * whomever.
 * @param pid its number
 * @param status out: as of waitpid()
 * @retval 1
 * @retval 0 it is alive; or the kernel tells when it is reaped
 * @retval -ENOTTY, … the kernel doesn't tell
 */
int pq_pin_status(int pin, pid_t pid, int *status);

#endif
