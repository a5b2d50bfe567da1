/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bare.h - children without a queue: idle ones that are started by fork,
 * clone or vfork, and their end by whoever started them. What procq is
 * compared with.
 *
 * Must not use the library.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <sys/types.h>

/* What an idle child does. */
_Noreturn void bare_pause(void);

/* They return what fork() returns to a parent. */
pid_t bare_fork(void);
#if defined __linux__
/* In the memory of the caller, on a stack of which there is one: the next may
 * be started only when the last is dead. */
pid_t bare_clone(void);
/* It exits at once: its parent waits for that, so it can't idle. */
pid_t bare_vfork(void);
#endif

/* SIGKILL, and wait for it; the end of the program if it was not started. */
void bare_end(pid_t pid);

#endif
