/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signame.h - signals by name and by number.
 *
 * Pure. Must not translate: programs read the names.
 */
#ifndef SIGNAME_H
#define SIGNAME_H

/* Bytes of the longest name, with its NUL. */
#define SIGNAME_SIZE 16

/**
 * Read a signal: a name with or without SIG, upper or lower case, RTMIN+n,
 * RTMAX-n, or a number from 1.
 * @return its number
 * @retval -1 there is no such signal
 */
int signame_parse(const char *text);

/**
 * Write a signal's name without SIG: TERM, RTMIN+3; or its number if it has no
 * name.
 * @retval buf
 */
char *signame_text(int signo, char buf[SIGNAME_SIZE]);

#endif
