/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pair.c - one process starts, another ends; see pair.h. */
#include <config.h>

#if defined __linux__

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "pair.h"
#include "rounds.h"

#define ALIVE_MAX 64
/* Some have their turn late: twice as many stacks. */
#define STACKS (2 * ALIVE_MAX)
#define STACK_SIZE 8192
#define CELLS (2 * ALIVE_MAX)
/* How many are started before the dead are looked for. */
#define REAP_EVERY 16

#ifndef SYS_pidfd_send_signal
# define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
# define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
# define SYS_close_range 436
#endif

/* Written by whoever has drawn its ticket, and set back by who ends it. */
struct cell {
	_Atomic pid_t pid;		/* 0: empty; stored last */
	uint64_t inode;
};

struct meeting {
	_Atomic unsigned tickets;
	struct cell cells[CELLS];
};

static struct meeting *meeting;
static bool identified;
static char stacks[STACKS][STACK_SIZE] __attribute__((aligned(16)));
static pid_t tenants[STACKS];		/* 0: nobody */

static uint64_t inode_of(int pin)
{
	struct stat st;

	return pin >= 0 && fstat(pin, &st) == 0 ? st.st_ino : 0;
}

static int child(void *unused)
{
	struct cell *cell;
	uint64_t inode = 0;
	pid_t pid = getpid();

	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (identified) {
		syscall(SYS_close_range, 0, ~0u, 0);
		inode = inode_of((int)syscall(SYS_pidfd_open, pid, 0));
	}
	cell = &meeting->cells[atomic_fetch_add(&meeting->tickets, 1) % CELLS];
	cell->inode = inode;
	atomic_store(&cell->pid, pid);
	bare_pause();
}

static void end(pid_t pid, uint64_t inode)
{
	int pin;

	if (!identified) {
		bench_signal(pid, SIGKILL);
		return;
	}
	pin = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pin < 0 || inode_of(pin) != inode)
		bench_die("pidfd");
	syscall(SYS_pidfd_send_signal, pin, SIGKILL, NULL, 0);
	close(pin);
}

static _Noreturn void end_all(int n)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < n; i++) {
		struct cell *cell = &meeting->cells[(unsigned)i % CELLS];
		uint64_t inode;
		pid_t pid;

		while ((pid = atomic_load(&cell->pid)) == 0)
			sched_yield();
		inode = cell->inode;
		atomic_store(&cell->pid, 0);
		end(pid, inode);
	}
	_exit(0);
}

static void start(void)
{
	unsigned i = 0;

	while (tenants[i])
		i = (i + 1) % STACKS;
	tenants[i] = clone(child, stacks[i] + STACK_SIZE, CLONE_VM | SIGCHLD,
			   NULL);
	if (tenants[i] <= 0)
		bench_die("clone");
}

/* How many have died; waits for one if it has to. */
static int reap(int options)
{
	int reaped = 0;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, reaped ? WNOHANG : options)) > 0)
		for (unsigned i = 0; i < STACKS; i++)
			if (tenants[i] == pid) {
				tenants[i] = 0;
				reaped++;
				break;
			}
	return reaped;
}

static void pair(int n)
{
	int started = 0, alive = 0;
	pid_t ender;

	meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (meeting == MAP_FAILED)
		bench_die("mmap");
	ender = fork();
	if (ender == 0)
		end_all(n);
	if (ender < 0)
		bench_die("fork");
	while (started < n || alive > 0) {
		if (started < n && alive < ALIVE_MAX) {
			start();
			alive++;
			if (++started % REAP_EVERY == 0)
				alive -= reap(WNOHANG);
		} else {
			alive -= reap(0);
		}
	}
	/* It may have been reaped among the others. */
	waitpid(ender, NULL, 0);
	munmap(meeting, sizeof(*meeting));
}

void pair_by_pid(int n)
{
	identified = false;
	pair(n);
}

void pair_by_inode(int n)
{
	identified = true;
	pair(n);
}

#endif
