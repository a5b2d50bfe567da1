/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * duration.h - lengths of time as people write them.
 *
 * Pure: no locale, no floating point, no globals. Must not print.
 */
#ifndef DURATION_H
#define DURATION_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest text that the functions below write, with its NUL. */
#define DURATION_SIZE 32

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/**
 * Read a duration: decimal digits, with at most one '.', and one of the units
 * us ms s m h d; without a unit, seconds. It is rounded to nanoseconds, but a
 * duration that is not 0 never becomes 0.
 * @return NULL, or what is wrong, untranslated
 */
const char *duration_parse(const char *text, int64_t *ns);

/** The same for the first len bytes of text. */
const char *duration_parse_part(const char *text, size_t len, int64_t *ns);

/**
 * For people: three digits, cut off, and the unit that suits:
 * 812ns 112us 15.2ms 2.02s 75.0s 23.4m 6.50h 14.0d.
 * @retval buf
 */
char *duration_text(int64_t ns, char buf[DURATION_SIZE]);

/**
 * Seconds, cut off after 3 to 9 decimals, without a unit: 2.023.
 * @retval buf
 */
char *duration_seconds(int64_t ns, int decimals, char buf[DURATION_SIZE]);

/** now + ns, or INT64_MAX (PROCQ_FOREVER) if that is out of range. */
int64_t time_after(int64_t now, int64_t ns);
int64_t time_min(int64_t a, int64_t b);

/** Sleep so long, ns, or until a signal; not if that is not positive. */
void time_sleep(int64_t ns);

#endif
