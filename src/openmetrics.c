/* SPDX-License-Identifier: GPL-3.0-or-later */
/* openmetrics.c - see openmetrics.h. */
#include <config.h>

#include <stdio.h>

#include "json.h"
#include "openmetrics.h"

/* The value of a label, which is UTF-8. There is no escape for a control
 * character, which a terminal would obey. */
void openmetrics_label(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		size_t n = utf8_length(s);

		if (*s == '\n')
			fputs("\\n", stdout);
		else if (n == 0 || *s < 0x20 || *s == 0x7f)
			fputs("\xef\xbf\xbd", stdout);
		else if (*s == '\\' || *s == '"')
			printf("\\%c", *s);
		else
			fwrite(s, 1, n, stdout);
		s += n > 0 ? n : 1;
	}
}

void openmetrics_head(const char *name, const char *type, const char *unit,
		      const char *help)
{
	printf("# TYPE procq_%s %s\n", name, type);
	if (unit)
		printf("# UNIT procq_%s %s\n", name, unit);
	printf("# HELP procq_%s %s\n", name, help);
}
