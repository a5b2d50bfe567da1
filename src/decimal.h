/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decimal.h - decimal numbers and amounts of memory, as people write them.
 *
 * Pure: no locale, no floating point, no globals. Must not print.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

#include <stdint.h>

/* Decimals that a number may have, zeros at its end aside. */
#define DECIMALS_MAX 9
/* The largest value of all digits together. */
#define DIGITS_MAX UINT64_C(1000000000000000000)

/* digits / 10^decimals; scale is that power. */
struct decimal {
	uint64_t digits;
	uint64_t scale;
	unsigned decimals;
};

/**
 * Read the decimal number that text begins with, in any locale with a point.
 * @param text is moved behind it
 * @return NULL, or what is wrong, untranslated
 */
const char *decimal_read(const char **text, struct decimal *out);

/**
 * Read an amount of memory: a decimal number of bytes, or of 1024, 1024^2, …
 * with K, M, G or T, in either case.
 * @return NULL, or what is wrong, untranslated
 */
const char *size_parse(const char *text, uint64_t *bytes);

/* Bytes of the longest text that size_text() writes, with its NUL. */
#define SIZE_SIZE 32

/** For people: three digits, and the unit that suits: 512, 1.5G, 24.1M.
 * @retval buf */
char *size_text(uint64_t bytes, char buf[SIZE_SIZE]);

#endif
