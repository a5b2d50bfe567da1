/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * url.c - see url.h. Must not connect.
 *
 * libpq reads the URL; what it would take from the environment or a service
 * file, it still does. But over a network TLS has to prove which server answers:
 * what is weaker is refused, wherever it is set, unless --fleet-insecure is
 * given.
 */
#include <config.h>

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "i18n.h"

#include "url.h"

#define EXTRA 8

static void *must(void *p)
{
	if (p)
		return p;
	complain("%s", strerror(ENOMEM));
	exit(EXIT_FAILED);
}

static const char *find(const PQconninfoOption *o, const char *key)
{
	for (; o->keyword; o++)
		if (strcmp(o->keyword, key) == 0)
			return o->val && *o->val ? o->val : NULL;
	return NULL;
}

/* One of a list of hosts with commas. */
static bool host_is_here(const char *host, size_t len)
{
	static const char *const here[] = { "localhost", "127.0.0.1", "::1" };

	if (len == 0 || *host == '/' || *host == '@')
		return true;
	for (size_t i = 0; i < sizeof(here) / sizeof(*here); i++)
		if (strlen(here[i]) == len && strncmp(here[i], host, len) == 0)
			return true;
	return false;
}

/* What libpq will take: of the URL, or of the environment. */
static const char *taken(const PQconninfoOption *o, const char *key)
{
	const char *value = find(o, key);

	for (; !value && o->keyword; o++)
		if (strcmp(o->keyword, key) == 0 && o->envvar)
			value = getenv(o->envvar);
	return value;
}

/* On to the next of a list. @retval false there is none */
static bool next(const char **list, size_t len)
{
	bool more = (*list)[len] == ',';

	*list += len + more;
	return more;
}

/* Is it certain that no other machine is spoken to? A service is in a file. */
static bool stays_here(const PQconninfoOption *o)
{
	const char *address = taken(o, "hostaddr"), *host = taken(o, "host");
	bool more;

	if (taken(o, "service"))
		return false;
	address = address ? address : "";
	host = host ? host : "";
	do {
		size_t a = strcspn(address, ","), h = strcspn(host, ",");

		/* Where there is an address, it is what is connected to, and
		 * the name is for TLS. */
		if (a > 0 ? !host_is_here(address, a) : !host_is_here(host, h))
			return false;
		more = next(&address, a);
		more |= next(&host, h);
	} while (more);
	return true;
}

static void add(struct fleet_url *u, size_t *n, const char *key,
		const char *value)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(u->keys[i], key) == 0) {
			u->values[i] = value;
			return;
		}
	}
	u->keys[*n] = key;
	u->values[(*n)++] = value;
}

static void secure(struct fleet_url *u, size_t *n, const PQconninfoOption *o)
{
	const char *mode = find(o, "sslmode");

	if (mode && strcmp(mode, "verify-full") != 0)
		usage_error(_("sslmode=%s does not prove which server answers: use "
			      "verify-full, or --fleet-insecure"), mode);
	add(u, n, "sslmode", "verify-full");
}

static void limits(struct fleet_url *u, size_t *n, const PQconninfoOption *o,
		   int seconds)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", seconds);
	if (!find(o, "connect_timeout"))
		add(u, n, "connect_timeout", text);
	/* Of several, the one that is not a standby. */
	add(u, n, "target_session_attrs", "read-write");
	add(u, n, "fallback_application_name", "procq-fleet");
	add(u, n, "client_encoding", "UTF8");
}

/* May there be a secret in it? There should be none, but a message must not
 * show it. */
static bool is_secret(const char *text)
{
	const char *colon = strchr(text, ':');
	const char *query = strchr(text, '?');

	colon = colon ? strchr(colon + 1, ':') : NULL;
	return (colon && strchr(colon, '@')) || strcasestr(text, "pass") ||
	       (query && strchr(query, '%'));
}

static _Noreturn void refuse(const char *text, const char *why)
{
	usage_error(_("invalid argument '%s' for --%s: %s"),
		    is_secret(text) ? "..." : text, "fleet", why);
}

/* Cut off what is for procq. */
static char *cut(struct fleet_url *u, const char *text)
{
	char *copy = must(strdup(text)), *mark = strchr(copy, '#');

	if (strncmp(text, "postgresql://", 13) != 0 &&
	    strncmp(text, "postgres://", 11) != 0)
		refuse(text, _("postgresql://HOST/DATABASE#QUEUE is "
			       "expected"));
	if (!mark)
		return copy;
	*mark = '\0';
	if (mark[1] == '\0')
		usage_error(_("no queue is named after # in '%s'"),
			    is_secret(text) ? "..." : text);
	u->queue = must(strdup(mark + 1));
	return copy;
}

static PQconninfoOption *parse(const char *text)
{
	char *why = NULL, *end;
	PQconninfoOption *o = PQconninfoParse(text, &why);

	if (o)
		return o;
	why = must(why);
	why[strcspn(why, "\n")] = '\0';
	/* After that, libpq shows a part of the text. */
	end = strstr(why, ": ");
	if (end && is_secret(text))
		*end = '\0';
	refuse(text, why);
}

void url_parse(struct fleet_url *u, const char *text, bool insecure,
	       int seconds)
{
	PQconninfoOption *o;
	size_t n = 0, count = 0;

	*u = (struct fleet_url){ 0 };
	u->shown = cut(u, text);
	o = parse(u->shown);
	/* Not shown: it is a secret. */
	if (find(o, "password") || find(o, "sslpassword"))
		usage_error(_("no password in --fleet: others see it in the "
			      "list of processes; use ~/.pgpass, PGPASSFILE or "
			      "a certificate"));
	while (o[count].keyword)
		count++;
	u->keys = must(calloc(count + EXTRA, sizeof(*u->keys)));
	u->values = must(calloc(count + EXTRA, sizeof(*u->values)));
	for (size_t i = 0; i < count; i++)
		if (o[i].val && *o[i].val)
			add(u, &n, o[i].keyword, o[i].val);
	if (!insecure && !stays_here(o))
		secure(u, &n, o);
	limits(u, &n, o, seconds);
	u->parsed = o;
}
