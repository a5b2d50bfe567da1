/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signame.h - signals by name and by number.
 *
 * Pure. Must not translate: the names are read by programs.
 */
#ifndef SIGNAME_H
#define SIGNAME_H

/* Bytes that hold any name, with the NUL. */
#define SIGNAME_SIZE 16

/*
 * Read a signal: a name with or without SIG, upper or lower case, RTMIN+n,
 * RTMAX-n, or a number.
 *
 * Returns its number, or -1. 0 is no signal.
 */
int signame_parse(const char *text);

/* Write a signal's name without SIG: TERM, RTMIN+3; a number that has no
 * name as itself. Returns buf. */
char *signame_text(int signo, char buf[SIGNAME_SIZE]);

#endif
