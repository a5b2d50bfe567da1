/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper-ignore.c - a process that TERM, INT and HUP do not end.
 *
 *	helper-ignore [DIRECTORY [COUNT]]
 *
 * Makes the file DIRECTORY/PID when it ignores them. With a COUNT, only the
 * first COUNT processes that come to DIRECTORY are so; the others die of TERM
 * like any other.
 *
 * Must not live for ever, should a test forget it.
 */
#include <config.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int make(const char *dir, const char *kind, int number)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s%d", dir, kind, number);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (fd < 0)
		return -1;
	return close(fd);
}

/* Is this one of the first? */
static int is_chosen(const char *dir, int count)
{
	for (int i = 0; i < count; i++)
		if (make(dir, "chosen-", i) == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	alarm(100);
	if (argc < 3 || is_chosen(argv[1], atoi(argv[2]))) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
	}
	if (argc > 1)
		make(argv[1], "", (int)getpid());
	for (;;)
		pause();
}
