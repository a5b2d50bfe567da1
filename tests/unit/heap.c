/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/heap.c - a heap that the library's forks don't copy, and fork() does.
 */
#include <config.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined __linux__
# include <sys/syscall.h>
#endif

#include "heap.h"

#include "../kit/tap.h"

#define SIZE 100000u

static const volatile char *block;

static pid_t by_libc(void)
{
	return fork();
}

/* As lib/spawn.c does it, past the libc. */
static pid_t by_kernel(void)
{
#if defined __linux__ && defined SYS_clone && !defined __s390x__
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#else
	return fork();
#endif
}

/* Has the child the first page, the last one, and what is in them? Its status;
 * minus the signal that it died of. */
static int found_by(pid_t (*start)(void))
{
	const struct rlimit no_core = { 0, 0 };
	struct sigaction fatal = { .sa_handler = SIG_DFL }, old;
	pid_t pid;
	int status;

	/* A sanitizer's handler would tell of it at length. */
	sigaction(SIGSEGV, &fatal, &old);
	pid = start();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		_exit(block[0] == 'a' && block[SIZE - 1] == 'z');
	}
	sigaction(SIGSEGV, &old, NULL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(void)
{
	char *bytes, *beyond;
	bool hidden, there;

	heap_begins();
	bytes = malloc(SIZE);
	if (!bytes)
		return 99;
	memset(bytes, 'm', SIZE);
	bytes[0] = 'a';
	bytes[SIZE - 1] = 'z';
	block = bytes;
	/* Other allocators, a sanitizer's among them, have theirs elsewhere. */
	there = bytes + SIZE <= (char *)sbrk(0) &&
		bytes > (char *)sbrk(0) - 16 * SIZE;
	is_int(found_by(by_kernel), 1, "the kernel's fork copies the heap");
	hidden = heap_hide();
#if PQ_USE_HIDDEN_HEAP
	is_int(hidden, there, "it is hidden, if there is one");
#else
	is_int(hidden, 0, "built without: it is not hidden");
	there = false;
#endif
	is_int(found_by(by_kernel), there ? -SIGSEGV : 1,
	       "then the kernel's fork does so no more");
	ok(block[0] == 'a' && block[SIZE - 1] == 'z',
	   "who has forked has it still");
	beyond = malloc(SIZE);
	ok(beyond != NULL, "and gets more of it");
	if (beyond) {
		block = beyond;
		beyond[0] = 'a';
		beyond[SIZE - 1] = 'z';
		is_int(found_by(by_libc), 1, "fork() copies what came later");
		block = bytes;
	}
	is_int(found_by(by_libc), 1, "fork() copies all of it");
	is_int(found_by(by_kernel), 1, "from then on, so does the kernel's");
	is_int(heap_hide(), there, "it can be hidden again");
	is_int(found_by(by_kernel), there ? -SIGSEGV : 1, "it is");
	is_int(found_by(by_libc), 1, "and shown");
	free(beyond);
	free(bytes);
	return done();
}
