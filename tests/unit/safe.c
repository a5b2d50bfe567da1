/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * safe.c - what hostile text comes out as. In columns: table.c.
 */
#include <config.h>

#include <locale.h>
#include <string.h>

#include "safe.h"

#include "../kit/tap.h"

int main(void)
{
	char buf[9], long_text[1100] = "";

	is_str(safe_text("x\ny", buf, sizeof(buf)), "x\\x0ay",
	       "a safe copy");
	is_str(safe_text("abcdef\ny", buf, sizeof(buf)), "abcdef",
	       "… never a part of an escape");
	is_str(safe_text("abcdefghi", buf, sizeof(buf)), "abcdefgh",
	       "… of what fits");
	is_int((int64_t)safe_width("x\ny"), 6, "its width");
	is_str(shell_word("/a-b_1.c").text, "/a-b_1.c", "a word of a shell");
	is_str(shell_word("a b'$(c)~\\\xc3\xa9").text,
	       "a\\ b\\'\\$\\(c\\)\\~\\\\\xc3\xa9",
	       "… each character that means something after a backslash");
	memset(long_text, 'a', sizeof(long_text) - 1);
	memset(long_text + 1022, ' ', 2);
	is_int((int64_t)strlen(shell_word(long_text).text), 1022,
	       "… never a part of an escape");
	if (setlocale(LC_CTYPE, "C.UTF-8"))
		is_int(safe_width("\xe6\x97\xa5"), 2, "a wide character");
	else
		skip("a wide character", "no locale C.UTF-8");
	return done();
}
