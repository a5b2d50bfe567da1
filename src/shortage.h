/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shortage.h - which limit keeps the system from starting one more process.
 *
 * fork() fails with EAGAIN for any of five limits and does not say which.
 * This is a guess for people, from what can be read. Must not change any
 * limit.
 */
#ifndef SHORTAGE_H
#define SHORTAGE_H

#include <stddef.h>

/* Describe the limit that seems to be reached, translated; if none does, the
 * limits there are. Returns buf. */
char *shortage_describe(char *buf, size_t size);

#endif
