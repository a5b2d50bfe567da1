/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper-pty.c - run a command on a terminal of its own.
 *
 *	helper-pty FILE WHICH COLUMNS COMMAND [ARG]...
 *
 * The terminal (a pty, COLUMNS wide) is standard output if WHICH has a 1, and
 * standard error if it has a 2. What is written to it goes to FILE, with plain
 * newlines; a row that replaces another is a line of its own. The command is executed in this very process; what copies is no
 * child of it. Exit status 77 where there are no ptys.
 */
#include <config.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Until nobody has the terminal open. */
static void copy(int from, int to)
{
	char in[4096], out[2 * sizeof(in)];
	bool returned = false;
	ssize_t n;

	while ((n = read(from, in, sizeof(in))) > 0) {
		size_t kept = 0;

		for (ssize_t i = 0; i < n; i++) {
			/* Before a newline, it is the terminal's. */
			if (returned && in[i] != '\n')
				out[kept++] = '\n';
			returned = in[i] == '\r';
			if (!returned)
				out[kept++] = in[i];
		}
		if (write(to, out, kept) != (ssize_t)kept)
			break;
	}
}

static int terminal(const char *columns, int *master)
{
	struct winsize size = { .ws_row = 24 };
	const char *name;
	int fd;

	*master = posix_openpt(O_RDWR | O_NOCTTY);
	if (*master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0)
		return -1;
	name = ptsname(*master);
	fd = name ? open(name, O_RDWR | O_NOCTTY) : -1;
	size.ws_col = (unsigned short)atoi(columns);
	if (fd >= 0)
		ioctl(fd, TIOCSWINSZ, &size);
	return fd;
}

int main(int argc, char **argv)
{
	int master, slave, file, status;
	pid_t pid;

	if (argc < 5)
		return 99;
	slave = terminal(argv[3], &master);
	file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (slave < 0 || file < 0)
		return 77;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(slave);
		/* The command waits for no child but this one, here. */
		if (fork() != 0)
			_exit(0);
		close(0);
		close(1);
		close(2);
		copy(master, file);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 99;
	close(master);
	close(file);
	for (int fd = 1; fd <= 2; fd++)
		if (strchr(argv[2], '0' + fd))
			dup2(slave, fd);
	close(slave);
	execvp(argv[4], argv + 4);
	return 99;
}
