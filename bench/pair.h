/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pair.h - idle processes that one process starts and another ends, with
 * nothing to make it safe: how fast that can be at all.
 *
 * Whoever is killed leaves the other waiting, and processes that nobody ends.
 * Must not use the library.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#if defined __linux__
/**
 * Start n processes by clone(CLONE_VM), 64 of them alive at most, and reap
 * them; each tells its pid through shared memory, and another process ends it
 * by kill. The end of the program if one can't be started.
 */
void pair_by_pid(int n);

/**
 * The same with the system calls that knowing one takes: each process closes
 * what it inherited and tells the inode of its pidfd, too; the other pins it,
 * compares, and signals what it has pinned.
 */
void pair_by_inode(int n);
#endif

#endif
