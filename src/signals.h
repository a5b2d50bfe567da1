/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signals.h - the signals that a program handles.
 *
 * Must not know what the program does about them.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "procq.h"

/**
 * Handle INT and TERM, which ask to stop; HUP, QUIT, ALRM and XCPU, too, unless
 * they are ignored (nohup); USR1, which asks for statistics; USR2, unless it is
 * ignored, which asks to open the output anew; PIPE and XFSZ, so that they do
 * not kill; and URG, by which another thread wakes the main one. No signal is
 * set to be ignored: children would inherit that.
 * @param started gets the mask with which the program was started
 */
void signals_start(sigset_t *started);
/** Handle CHLD, too. It is blocked, except while it is wanted. */
void signals_take_children(void);
void signals_hear_children(bool hear);
/** As process 1, of a container: the kernel reaps whatever falls to this
 * program. For one that asks for the status of no child from now on, or until
 * signals_take_children(). */
void signals_reap_others(void);

/** The queue whose wait the handlers end; NULL before it is closed. */
void signals_wake(struct procq *q);
/** @retval NULL none */
struct procq *signals_queue(void);

/** End that wait from another thread, as a signal to the main thread does. */
void signals_news(void);

/** How many signals asked to stop. Repeats within 50 ms count once: timeout(1)
 * sends its signal twice. */
int signals_stops(void);
/** The same, for a struct output. */
const volatile sig_atomic_t *signals_stops_at(void);
/** The first signal that asked to stop. @retval 0 none */
int signals_stopped_by(void);
/** Has USR1 come since the last call? */
bool signals_statistics(void);
/** Has USR2 come since the last call? */
bool signals_reopen(void);
/** Was SIGPIPE ignored when the program was started? */
bool signals_pipe_ignored(void);
/** The end of a program that was stopped: die of the signal. */
_Noreturn void die_of_signal(int signo);

#endif
