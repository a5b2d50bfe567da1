/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper-unheard.c - run a command whose signals reach nobody.
 *
 *	helper-unheard refused COMMAND [ARG]...
 *	helper-unheard lost COMMAND [ARG]...
 *
 * A filter (seccomp) makes each signal that the command, or a child of it,
 * sends through a pidfd fail with EPERM; or has it seem to be sent, so that
 * what gets it seems to survive KILL. Exit status 77 where there are no such
 * filters.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
# include <errno.h>
# include <linux/filter.h>
# include <linux/seccomp.h>
# include <stddef.h>
# include <sys/prctl.h>
# include <sys/syscall.h>

# ifndef SYS_pidfd_send_signal
#  define SYS_pidfd_send_signal 424
# endif

static int filter(unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_send_signal, 0,
			 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
#else
# define EPERM 1

static int filter(unsigned error)
{
	(void)error;
	return -1;
}
#endif

int main(int argc, char **argv)
{
	if (argc < 3 || (strcmp(argv[1], "refused") != 0 &&
			 strcmp(argv[1], "lost") != 0)) {
		fprintf(stderr, "usage: helper-unheard refused|lost COMMAND "
			"[ARG]...\n");
		return 2;
	}
	/* Error 0: the call is not made, and succeeds. */
	if (filter(strcmp(argv[1], "lost") == 0 ? 0 : EPERM) < 0)
		return 77;
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
