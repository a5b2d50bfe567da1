/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * columns.c - see columns.h. Must not know what the columns mean.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "procq.h"

#include "columns.h"
#include "complain.h"
#include "i18n.h"

void columns_help(const struct columns *c)
{
	fputs(_("\nColumns:\n"), stdout);
	for (size_t i = 0; i < c->count; i++)
		printf("  %-18s %s\n", c->all[i].name, _(c->all[i].help));
	printf(_("Usual: %s\n"), c->usual);
}

static _Noreturn void unknown(const struct columns *c, const char *bad,
			      size_t len)
{
	char list[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < c->count && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", i > 0 ? "," : "",
					 c->all[i].name);
	usage_error(_("unknown column '%.*s'; the columns are %s"), (int)len,
		    bad, list);
}

struct table *columns_table(const struct columns *c, const char *list,
			    bool every, bool no_headings)
{
	struct table *t;
	const char *bad = "";
	size_t len = 0;
	int err;

	if (list && every)
		usage_error(_("--output and --output-all can't both be "
			      "given"));
	t = table_new(c->all, c->count);
	if (!t) {
		complain("%s", _(procq_strerror(-ENOMEM)));
		exit(EXIT_FAILED);
	}
	/* A new table has chosen all. */
	err = every ? 0 : table_choose(t, c->usual, &bad, &len);
	if (err == 0 && list)
		err = table_choose(t, list, &bad, &len);
	if (err < 0)
		unknown(c, bad, len);
	table_no_headings(t, no_headings);
	return t;
}
