/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remedy.c - see remedy.h. Must not ask the engine anything: it has failed.
 *
 * By the SQLSTATE where there is one, as the server may speak any language.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "i18n.h"

#include "remedy.h"
#include "safe.h"

static const struct {
	const char *state;	/* or its beginning */
	const char *text;
} known[] = {
	{ "42501", N_("hosts need the role procq_host, administrators "
		      "procq_admin: see procq-fleet(1)") },
	{ "3D000", N_("name one that is there after the / in --fleet, or make "
		      "it: 'createdb'") },
	{ "28", N_("see ~/.pgpass and PGPASSFILE here, pg_hba.conf there") },
	{ "53300", N_("raise max_connections there, or the role's limit, or put "
		      "a pooler between") },
	{ "53100", N_("free space on the server's disk") },
	{ "58030", N_("see the server's disk and its log") },
	{ "55P03", N_("a transaction there has held a row for 5 s: see "
		      "pg_stat_activity") },
	{ "25006", N_("it is a standby: name the primary, too: "
		      "postgresql://a,b/...") },
};

static const char *of_tls(const struct engine *e)
{
	if (strstr(e->why, "root certificate") ||
	    strstr(e->why, "certificate verify failed"))
		return N_("name the certificate of the authority that has signed "
			  "the server's: sslrootcert=FILE in --fleet, or "
			  "PGSSLROOTCERT");
	if (strstr(e->why, "server certificate for"))
		return N_("name the server in --fleet as its certificate does");
	if (strstr(e->why, "not support SSL"))
		return N_("switch on TLS there, ssl=on, or see "
			  "--fleet-insecure");
	return NULL;
}

const char *remedy(const struct engine *e, char *text, size_t size)
{
	const char *state = e->sqlstate;

	/* No such schema, no such function. */
	if (strcmp(state, "3F000") == 0 || strcmp(state, "42883") == 0) {
		snprintf(text, size, _("the SQL there is missing, or of another "
			 "version: 'procq fleet-init --fleet=%s' of the newest "
			 "procq makes it"), shell_word(e->url->shown).text);
		return text;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (*state && strncmp(state, known[i].state,
				      strlen(known[i].state)) == 0)
			return _(known[i].text);
	if (!*state && of_tls(e))
		return _(of_tls(e));
	return NULL;
}
