/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/seqs.c - numbers of processes, as a command line gives them.
 */
#include <config.h>

#include <stdint.h>

#include "seqs.h"

#include "../kit/tap.h"

static void test_junk(void)
{
	static const char *const junk[] = {
		"", ",", "0", "00", "1,", ",1", "1,,2", "-1", "+1", " 1", "1 ",
		"1.5", "x", "1x", "0x10", "1,0", "18446744073709551616",
		"99999999999999999999999",
	};

	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		struct seqs seqs = { .count = 0 };

		ok(seqs_add(&seqs, junk[i]) != NULL, "'%s' is refused",
		   junk[i]);
		seqs_free(&seqs);
	}
}

static void test_order(void)
{
	struct seqs seqs = { .count = 0 };

	ok(!seqs_have(&seqs, 1) && seqs_above(&seqs, 0) == 0, "none");
	ok(seqs_add(&seqs, "7,3,007") == NULL &&
	   seqs_add(&seqs, "18446744073709551615") == NULL &&
	   seqs_add(&seqs, "3") == NULL, "lists add up");
	is_int((intmax_t)seqs.count, 3, "each is there once");
	ok(seqs.all[0] == 3 && seqs.all[1] == 7 && seqs.all[2] == UINT64_MAX,
	   "in order");
	ok(seqs_have(&seqs, 3) && seqs_have(&seqs, 7) &&
	   seqs_have(&seqs, UINT64_MAX), "these are there");
	ok(!seqs_have(&seqs, 0) && !seqs_have(&seqs, 4) &&
	   !seqs_have(&seqs, 8), "these are not");
	is_int((intmax_t)seqs_above(&seqs, 0), 3, "all are above 0");
	is_int((intmax_t)seqs_above(&seqs, 3), 2, "two are above 3");
	is_int((intmax_t)seqs_above(&seqs, UINT64_MAX), 0,
	       "none is above the last");
	seqs_free(&seqs);
	is_int((intmax_t)seqs.count, 0, "then there are none");
}

static void test_many(void)
{
	struct seqs seqs = { .count = 0 };
	char text[24];
	size_t bad = 0;

	for (unsigned i = 1000; i > 0; i--) {
		snprintf(text, sizeof(text), "%u,%u", i, 2000 - i);
		bad += seqs_add(&seqs, text) != NULL;
	}
	for (size_t i = 0; i < seqs.count; i++)
		bad += seqs.all[i] != i + 1;
	ok(bad == 0 && seqs.count == 1999, "many, in any order");
	seqs_free(&seqs);
}

int main(void)
{
	test_junk();
	test_order();
	test_many();
	return done();
}
