/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder.c - see folder.h. Must not search in $PATH. */
#include <config.h>

#include <stdlib.h>
#include <unistd.h>

#include "folder.h"

/* Where the system, not the caller, chooses privileges, the caller does not
 * choose the program. */
const char *programs_folder(void)
{
	const char *other = getenv("PROCQ_BINDIR");

	if (other && getuid() == geteuid() && getgid() == getegid())
		return other;
	return BINDIR;
}
