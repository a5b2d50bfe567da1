/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outside.c - see outside.h. Must not search in $PATH. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "i18n.h"
#include "outside.h"

const struct outside outside_commands[] = {
	{ "top", N_("watch a queue in the terminal") },
	{ "plot", N_("draw a picture from the JSON logs of a run") },
	{ 0 }
};

/* Where the system, not the caller, chooses privileges, the caller does not
 * choose the program. */
static const char *folder(void)
{
	const char *other = getenv("PROCQ_BINDIR");

	if (other && getuid() == geteuid() && getgid() == getegid())
		return other;
	return BINDIR;
}

const struct outside *outside_find(const char *name)
{
	const struct outside *o = outside_commands;

	while (o->name && strcmp(o->name, name) != 0)
		o++;
	return o->name ? o : NULL;
}

void outside_run(char **argv)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/procq-%s", folder(), argv[0]);

	errno = ENAMETOOLONG;
	if (n > 0 && (size_t)n < sizeof(path))
		execv(path, argv);
	if (errno != ENOENT) {
		complain(_("cannot run '%s': %s"), path, strerror(errno));
		exit(EXIT_CANNOT_RUN);
	}
	complain(_("'procq %s' is a program of its own, %s, which is not "
		   "installed; on Debian it is in the package procq-ui"),
		 argv[0], path);
	exit(EXIT_NOT_FOUND);
}

void outside_help(const struct outside *o)
{
	char name[32], help[] = "--help";
	char *argv[] = { name, help, NULL };

	snprintf(name, sizeof(name), "%s", o->name);
	outside_run(argv);
}
