/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shortage.h - which limit keeps the system from starting one more process.
 *
 * fork() fails with EAGAIN for any of five limits and does not say which.
 * This guesses it, for people. Must not change any limit.
 */
#ifndef SHORTAGE_H
#define SHORTAGE_H

#include <stddef.h>

/**
 * Describe the limit that seems to be reached, translated; if none does, say
 * that it is unknown.
 * @retval buf
 */
char *shortage_describe(char *buf, size_t size);

#endif
