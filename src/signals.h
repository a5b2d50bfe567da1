/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signals.h - the signals that a program takes.
 *
 * Must not know what it does about them.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "procq.h"

/** Take INT and TERM to stop, and HUP, QUIT, ALRM, USR2 and XCPU unless they
 * are ignored (nohup); USR1 for statistics; PIPE and XFSZ so that they do not
 * kill. *started gets the mask with which the program was started. Nothing is
 * ever ignored: children would inherit that. */
void signals_start(sigset_t *started);
/** Take CHLD, too; it is heard only while it is wanted. */
void signals_take_children(void);
void signals_hear_children(bool hear);
/** Whom the handlers wake; NULL before it is closed. */
void signals_wake(struct procq *q);
/** The same; NULL: none. */
struct procq *signals_queue(void);
/** How many signals asked to stop. Repeats within 50 ms count once: timeout(1)
 * sends its signal twice. */
int signals_stops(void);
/** The same, for a struct output. */
const volatile sig_atomic_t *signals_stops_at(void);
/** The first signal that asked to stop; 0: none. */
int signals_stopped_by(void);
/** Did USR1 come since the last time? */
bool signals_statistics(void);
/** Was SIGPIPE ignored when the program was started? */
bool signals_pipe_ignored(void);
/** The end of a program that was stopped: die of the signal. */
_Noreturn void die_of_signal(int signo);

#endif
