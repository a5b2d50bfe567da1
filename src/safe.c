/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * safe.c - text that does a terminal no harm.
 *
 * Must not let a control character or a broken multibyte sequence pass.
 */
#include <config.h>

#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "safe.h"

/* Text on its way, one piece at a time: the bytes of one character, or \xNN
 * for one byte. */
struct pieces {
	const char *rest;
	size_t left;		/* bytes at rest */
	mbstate_t state;
	bool word;

	const char *bytes;	/* the piece */
	size_t length;		/* its bytes */
	size_t width;		/* its terminal cells */
	char escape[8];
};

static struct pieces pieces_of(const char *text, bool word)
{
	return (struct pieces){ .rest = text, .left = strlen(text),
				.word = word };
}

/* The number of bytes of the next character, and its width; 0 if it must not
 * be printed as it is. */
static size_t printable(struct pieces *p)
{
	wchar_t wc;
	size_t n = mbrtowc(&wc, p->rest, p->left, &p->state);
	int width;

	if (n == 0 || n == (size_t)-1 || n == (size_t)-2) {
		memset(&p->state, 0, sizeof(p->state));
		return 0;
	}
	width = wcwidth(wc);
	if (width < 0 || !iswprint((wint_t)wc))
		return 0;
	if (p->word && (*p->rest == ' ' || *p->rest == '\\'))
		return 0;
	p->width = (size_t)width;
	return n;
}

static bool next_piece(struct pieces *p)
{
	size_t used;

	if (p->left == 0)
		return false;
	used = printable(p);
	p->bytes = p->rest;
	p->length = used;
	if (used == 0) {
		snprintf(p->escape, sizeof(p->escape), "\\x%02x",
			 (unsigned char)*p->rest);
		p->bytes = p->escape;
		p->length = 4;
		p->width = 4;
		used = 1;
	}
	p->rest += used;
	p->left -= used;
	return true;
}

char *safe_text(const char *text, char *buf, size_t size)
{
	struct pieces p = pieces_of(text, false);
	size_t n = 0;

	while (next_piece(&p) && p.length < size - n) {
		memcpy(buf + n, p.bytes, p.length);
		n += p.length;
	}
	buf[n] = '\0';
	return buf;
}

size_t safe_put(FILE *f, const char *text, bool word)
{
	struct pieces p = pieces_of(text, word);
	size_t total = 0;

	while (next_piece(&p)) {
		if (f)
			fwrite(p.bytes, 1, p.length, f);
		total += p.width;
	}
	return total;
}

size_t safe_width(const char *text)
{
	return safe_put(NULL, text, false);
}

struct shell_word shell_word(const char *text)
{
	static const char plain[] = "%+,-./0123456789:=@"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				    "abcdefghijklmnopqrstuvwxyz";
	struct shell_word w = { "" };
	size_t used = 0;

	for (; *text && used + 2 < sizeof(w.text); text++) {
		/* A byte beyond ASCII means nothing to any shell. */
		if (!strchr(plain, *text) && (unsigned char)*text < 0x80)
			w.text[used++] = '\\';
		w.text[used++] = *text;
	}
	return w;
}
