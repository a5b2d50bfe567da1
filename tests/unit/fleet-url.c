/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fleet-url.c - every form of URL: what libpq is given for it, and what is
 * refused, because others could read or answer, or see a password.
 */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet/url.h"

#include "../kit/tap.h"

/* What the environment says to libpq. */
static const char *const variables[] = {
	"PGHOST", "PGHOSTADDR", "PGSERVICE", "PGPASSWORD", "PGSSLMODE",
	"PGPASSFILE", "PGDATABASE", "PGSERVICEFILE"
};

static void forget(void)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
}

static const char *given(const struct fleet_url *u, const char *key)
{
	for (size_t i = 0; u->keys[i]; i++)
		if (strcmp(u->keys[i], key) == 0)
			return u->values[i];
	return NULL;
}

/* Each key once: of two, libpq takes the last. */
static bool is_plain(const struct fleet_url *u)
{
	for (size_t i = 0; u->keys[i]; i++)
		for (size_t k = i + 1; u->keys[k]; k++)
			if (strcmp(u->keys[i], u->keys[k]) == 0)
				return false;
	return true;
}

/* One that is refused ends with all that it has: no sanitizer is to report that
 * in its stead. */
__attribute__((__visibility__("default")))
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* What the first line on standard error is, in a process of its own; "" if the
 * URL is taken. */
static const char *said(const char *text, bool insecure)
{
	static char line[1024];
	struct fleet_url u;
	size_t n = 0;
	ssize_t got;
	pid_t pid;
	int ends[2], status = -1;

	fflush(stdout);
	if (pipe(ends) < 0 || (pid = fork()) < 0)
		exit(99);
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		url_parse(&u, text, insecure, 10);
		_exit(0);
	}
	close(ends[1]);
	while (n + 1 < sizeof(line) &&
	       (got = read(ends[0], line + n, sizeof(line) - n - 1)) > 0)
		n += (size_t)got;
	line[n] = '\0';
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && n == 0)
		return line;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 2)
		return "ended otherwise";
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void takes(const char *text)
{
	is_str(said(text, false), "", text);
}

/* A message that has this in it. */
static void refuses(const char *text, const char *why)
{
	const char *line = said(text, false);

	ok(strstr(line, why), "'%s' is refused: %s", text, line);
}

static void gives(const char *text, const char *key, const char *value)
{
	struct fleet_url u;

	url_parse(&u, text, false, 10);
	ok(is_plain(&u), "'%s': each parameter once", text);
	is_str(given(&u, key), value, key);
}

/* A parameter of two, which the case is about: that of TLS. */
static void proves(const char *text)
{
	gives(text, "sslmode", "verify-full");
}

static void trusts(const char *text)
{
	gives(text, "sslmode", NULL);
}

static void test_forms(void)
{
	gives("postgresql://db/ops", "host", "db");
	gives("postgres://db/ops", "dbname", "ops");
	gives("postgresql://a,b:5433/ops", "host", "a,b");
	gives("postgresql://a,b:5433/ops", "port", ",5433");
	gives("postgresql://[2001:db8::1]:5433/ops", "host", "2001:db8::1");
	gives("postgresql://u%40x@db/o%2fps", "user", "u@x");
	gives("postgresql://u%40x@db/o%2fps", "dbname", "o/ps");
	gives("postgresql:///ops?host=/run/pg", "host", "/run/pg");
	gives("postgresql://%2Frun%2Fpg/ops", "host", "/run/pg");
	gives("postgresql:///ops", "host", NULL);
	gives("postgresql:///?service=ops", "service", "ops");
	gives("postgresql://db/ops?host=", "host", NULL);
	gives("postgresql://db/ops?passfile=/etc/p", "passfile", "/etc/p");
	refuses("host=db dbname=ops", "postgresql://HOST/DATABASE#QUEUE");
	refuses("service=ops", "postgresql://HOST/DATABASE#QUEUE");
	refuses("", "postgresql://HOST/DATABASE#QUEUE");
	refuses("PostgreSQL://db/ops", "postgresql://HOST/DATABASE#QUEUE");
	refuses(" postgresql://db/ops", "postgresql://HOST/DATABASE#QUEUE");
	refuses("https://db/ops", "postgresql://HOST/DATABASE#QUEUE");
	refuses("postgresql://[::1/ops", "'postgresql://[::1/ops'");
	refuses("postgresql://db/ops?no=1", "\"no\"");
	refuses("postgresql://db/o%zz", "invalid percent-encoded");
	refuses("postgresql://db/o%00ps", "%00");
}

/* What libpq would take for another URL in a parameter is a name. */
static void test_no_second_url(void)
{
	static const char inner[] =
		"postgresql:///?host=/run&dbname=postgresql://evil/x";

	trusts(inner);
	gives(inner, "dbname", "postgresql://evil/x");
	gives("postgresql:///?dbname=host%3Devil", "host", NULL);
}

static void test_limits(void)
{
	gives("postgresql://db/ops", "connect_timeout", "10");
	gives("postgresql://db/ops?connect_timeout=3", "connect_timeout", "3");
	gives("postgresql://db/ops?target_session_attrs=any",
	      "target_session_attrs", "read-write");
	gives("postgresql://db/ops?client_encoding=LATIN1", "client_encoding",
	      "UTF8");
	gives("postgresql://db/ops?application_name=me", "application_name",
	      "me");
}

static void is_queue(const char *text, const char *queue, const char *shown)
{
	struct fleet_url u;

	url_parse(&u, text, false, 10);
	is_str(u.queue, queue, text);
	is_str(u.shown, shown, "what messages show");
}

static void test_queue(void)
{
	is_queue("postgresql://db/ops#maya", "maya", "postgresql://db/ops");
	is_queue("postgresql://db/ops", NULL, "postgresql://db/ops");
	is_queue("postgresql://db/ops?port=1#a#b", "a#b",
		 "postgresql://db/ops?port=1");
	is_queue("postgresql://db/o%23ps#a b", "a b", "postgresql://db/o%23ps");
	gives("postgresql://db/o%23ps#maya", "dbname", "o#ps");
	refuses("postgresql://db/ops#", "no queue is named after # in "
		"'postgresql://db/ops#'");
}

/* ---- who answers ---- */

static void test_here(void)
{
	trusts("postgresql:///ops");
	trusts("postgresql://localhost/ops");
	trusts("postgresql://127.0.0.1:5433/ops");
	trusts("postgresql://[::1]:5433/ops");
	trusts("postgresql:///ops?host=/run/pg");
	trusts("postgresql:///ops?host=@abstract");
	trusts("postgresql://localhost,127.0.0.1,%2Frun/ops");
	trusts("postgresql://db/ops?hostaddr=127.0.0.1");
	trusts("postgresql://db,db2/ops?hostaddr=127.0.0.1,::1");
	gives("postgresql://localhost/ops?sslmode=disable", "sslmode",
	      "disable");
}

static void test_elsewhere(void)
{
	proves("postgresql://db/ops");
	proves("postgresql://10.0.0.1/ops");
	proves("postgresql://127.0.0.1.example.org/ops");
	proves("postgresql://localhost.example.org/ops");
	proves("postgresql://[2001:db8::1]/ops");
	proves("postgresql://[::ffff:10.0.0.1]/ops");
	proves("postgresql://localhost,db/ops");
	proves("postgresql://db,localhost/ops");
	proves("postgresql://localhost/ops?host=db");
	proves("postgresql://localhost/ops?hostaddr=10.0.0.1");
	proves("postgresql://localhost,localhost/ops?hostaddr=::1,10.0.0.1");
	proves("postgresql://localhost/ops?service=ops");
	proves("postgresql://db/ops?sslmode=verify-full");
}

/* An empty address in a list: there, the name is connected to. */
static void test_gaps(void)
{
	trusts("postgresql://db,localhost/ops?hostaddr=127.0.0.1,");
	trusts("postgresql://localhost,db/ops?hostaddr=,127.0.0.1");
	proves("postgresql://localhost,db/ops?hostaddr=127.0.0.1,");
	proves("postgresql://db,localhost/ops?hostaddr=,127.0.0.1");
	trusts("postgresql://localhost,/ops");
}

static void test_weaker(void)
{
	static const char *const modes[] = {
		"disable", "allow", "prefer", "require", "verify-ca"
	};
	char text[100];

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		snprintf(text, sizeof(text), "postgresql://db/ops?sslmode=%s",
			 modes[i]);
		refuses(text, "use verify-full, or --fleet-insecure");
		is_str(said(text, true), "", "but it may be insisted on");
	}
	refuses("postgresql://db/ops?ssl=true", "sslmode=require");
	refuses("postgresql://db/ops?sslmode=nonsense", "sslmode=nonsense");
}

/* What the environment adds is looked at as libpq does: for each parameter that
 * the URL does not have. */
static void test_environment(void)
{
	setenv("PGHOST", "db", 1);
	proves("postgresql:///ops");
	trusts("postgresql://localhost/ops");
	setenv("PGHOST", "/run/pg", 1);
	trusts("postgresql:///ops");
	setenv("PGHOSTADDR", "10.0.0.1", 1);
	proves("postgresql:///ops");
	proves("postgresql://localhost/ops");
	proves("postgresql:///ops?host=/run/pg");
	trusts("postgresql://localhost/ops?hostaddr=::1");
	setenv("PGHOSTADDR", "127.0.0.1", 1);
	trusts("postgresql://db/ops");
	forget();
	setenv("PGSERVICE", "ops", 1);
	proves("postgresql://localhost/ops");
	forget();
	/* It can't weaken what is not this machine. */
	setenv("PGSSLMODE", "disable", 1);
	proves("postgresql://db/ops");
	forget();
}

/* ---- passwords ---- */

static void hides(const char *text)
{
	const char *line = said(text, false);

	ok(*line && !strstr(line, "sesame"), "'%s' is refused, and not shown: "
	   "%s", text, line);
}

static void test_passwords(void)
{
	static const char none[] = "no password in --fleet";

	refuses("postgresql://u:sesame@db/ops", none);
	refuses("postgresql://u:sesame@localhost/ops", none);
	refuses("postgresql://db/ops?password=sesame", none);
	refuses("postgresql://db/ops?p%61ssword=sesame", none);
	refuses("postgresql://db/ops?pass%77ord=%73esame", none);
	refuses("postgresql://db/ops?sslkey=k&sslpassword=sesame", none);
	takes("postgresql://u@localhost/ops");
	takes("postgresql://u:@localhost/ops");
	hides("postgresql://u:sesame@db/ops");
	hides("postgresql://u:sesame@db/ops#");
	hides("postgresql://u:sesame@[::1/ops");
	hides("postgresql://u:sesame@db/ops?no=1");
	hides("postgresql://db/ops?password=sesame=");
	hides("postgresql://db/ops?p%61ssword=sesame%zz");
	hides("postgresql://db/ops?password=sesame#");
	hides("host=db password=sesame");
	hides("mysql://u:sesame@db/ops");
	/* Others do not see it in the environment of a process. */
	setenv("PGPASSWORD", "sesame", 1);
	takes("postgresql://u@localhost/ops");
	trusts("postgresql://u@localhost/ops");
	gives("postgresql://u@localhost/ops", "password", NULL);
	forget();
}

int main(void)
{
	forget();
	test_forms();
	test_no_second_url();
	test_limits();
	test_queue();
	test_here();
	test_elsewhere();
	test_gaps();
	test_weaker();
	test_environment();
	test_passwords();
	return done();
}
