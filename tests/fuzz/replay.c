/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c - run inputs of the fuzzer without one: each file once. With
 * afl-clang-fast it is AFL++'s persistent loop instead.
 *
 *	replay FILE...
 *	replay --make OBJECT FILE	only make the object of the input, for
 *					the real programs to look at
 *
 * Must not catch what an input does: a crash is one.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target.h"

#define INPUT_MAX (1 << 20)

#ifdef __AFL_HAVE_MANUAL_CONTROL
__AFL_FUZZ_INIT();
#endif

static uint8_t input[INPUT_MAX];

static size_t load(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		exit(2);
	}
	n = fread(input, 1, sizeof(input), f);
	fclose(f);
	return n;
}

/* In a block of its own size, so that a sanitizer sees its end. */
static void run(const char *path)
{
	size_t n = load(path);
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		exit(2);
	memcpy(copy, input, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--make") == 0)
		return fuzz_make_object(argv[2], input, load(argv[3])) < 0;
#ifdef __AFL_HAVE_MANUAL_CONTROL
	if (argc == 1) {
		__AFL_INIT();
		const uint8_t *shared = __AFL_FUZZ_TESTCASE_BUF;

		while (__AFL_LOOP(2000))
			LLVMFuzzerTestOneInput(shared,
					       (size_t)__AFL_FUZZ_TESTCASE_LEN);
		return 0;
	}
#endif
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	return 0;
}
