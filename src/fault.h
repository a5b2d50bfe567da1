/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - the end of a program whose queue gives way under it.
 */
#ifndef FAULT_H
#define FAULT_H

/**
 * From now on say why, if somebody makes the queue's object shorter (exit
 * status 1, not SIGBUS), or writes into it what the C library aborts at
 * (SIGABRT, as ever). After the program's name and locale are set.
 */
void fault_catch(void);

#endif
