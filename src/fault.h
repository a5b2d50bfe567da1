/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - the end of a program whose queue is damaged while it uses it.
 */
#ifndef FAULT_H
#define FAULT_H

/**
 * From now on, say why the program ends if another process truncates the
 * queue's object (exit status 1, not SIGBUS), or writes into it what makes the
 * C library abort (SIGABRT, as before). Call it when the program's name and
 * locale are set.
 */
void fault_catch(void);

#endif
