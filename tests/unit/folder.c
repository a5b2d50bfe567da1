/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/folder.c - which programs are executed: the caller's, but not by one
 * that has privileges which the caller has not.
 */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"

#include "../kit/tap.h"

/* In a process with another effective user or group. @retval -1 not possible */
static int trusts_another(bool group)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (group ? setegid(65534) : seteuid(65534))
			_exit(2);
		_exit(strcmp(programs_folder(), BINDIR) != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == 2)
		return -1;
	return WEXITSTATUS(status);
}

static void test_privileged(bool group, const char *name)
{
	int rc = trusts_another(group);

	if (rc < 0)
		skip(name, "not root");
	else
		is_int(rc, 0, name);
}

int main(void)
{
	unsetenv("PROCQ_BINDIR");
	is_str(programs_folder(), BINDIR, "those that are installed");
	setenv("PROCQ_BINDIR", "/other", 1);
	is_str(programs_folder(), "/other", "those that the caller has");
	test_privileged(false, "not with the privileges of another user");
	test_privileged(true, "nor with those of another group");
	return done();
}
