/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * safe.h - text that does a terminal no harm.
 *
 * Names and labels come from other users. A character that the locale can
 * print stays as it is; each byte of anything else becomes \xNN.
 */
#ifndef SAFE_H
#define SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * Make a safe copy of text. What does not fit is dropped, never half a
 * character.
 * @retval buf
 */
char *safe_text(const char *text, char *buf, size_t size);

/**
 * Print text.
 * @param f NULL: only measure it
 * @param word escape blanks and backslashes, too, so that a word stays one
 *        word and can be turned back
 * @return its width in terminal cells
 */
size_t safe_put(FILE *f, const char *text, bool word);

/** A word of a command line. */
struct shell_word {
	char text[1024];
};

/** Text as a word that a shell reads as that text: a backslash before each
 * character that means something to it. What does not fit is dropped, never
 * half an escape. */
struct shell_word shell_word(const char *text);

/** As safe_put(), of text that is not printed. */
size_t safe_width(const char *text);

#endif
