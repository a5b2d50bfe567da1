/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper-orphans.c - run a command, and see what it leaves behind.
 *
 *	helper-orphans FILE SECONDS COMMAND [ARG]...
 *
 * Writes the command's pid to FILE. Its processes become children of this
 * one when it ends, so that they can be waited for; those which are alive
 * after SECONDS, or when SIGUSR1 comes, are ended. Prints one line:
 *
 *	status=0 signal=9 adopted=3 killed=3 alive=0
 *
 * (killed: of the adopted, by SIGKILL before they were ended here.) Exit
 * status 0; 77 where a process can't adopt.
 *
 * Must not end any process but its own children.
 */
#include <config.h>

#include <errno.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
# include <sys/prctl.h>
#endif

static int adopted, killed;
static volatile sig_atomic_t enough;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void doze(void)
{
	struct timespec t = { 0, 5000000 };

	nanosleep(&t, NULL);
}

static void on_enough(int signo)
{
	(void)signo;
	enough = 1;
}

static void count(int status)
{
	adopted++;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		killed++;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	execvp(argv[0], argv);
	_exit(127);
}

static int tell_pid(const char *file, pid_t pid)
{
	FILE *f = fopen(file, "w");

	if (!f)
		return -1;
	fprintf(f, "%d\n", (int)pid);
	return fclose(f);
}

/* Returns how many children are left, of which none has ended. */
static int reap_adopted(double deadline)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0)
			count(status);
		else if (pid < 0)
			return 0;
		else if (enough || now() >= deadline)
			return 1;
		else
			doze();
	}
}

/* End those of our children that are left. */
static int end_the_rest(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while (proc && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name), ppid = 0;
		char path[32];
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		f = pid > 1 ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		/* A zombie of ours is still ours. */
		if (fscanf(f, "%*d (%*[^)]) %*c %d", &ppid) == 1 &&
		    ppid == (int)getpid()) {
			kill((pid_t)pid, SIGKILL);
			n++;
		}
		fclose(f);
	}
	if (proc)
		closedir(proc);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return n;
}

int main(int argc, char **argv)
{
	int status = 0, alive = 0;
	pid_t child, pid;

	if (argc < 4) {
		fprintf(stderr, "usage: helper-orphans FILE SECONDS "
			"COMMAND [ARG]...\n");
		return 2;
	}
#ifdef __linux__
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 77;
#else
	return 77;
#endif
	child = start(argv + 3);
	if (child < 0 || tell_pid(argv[1], child) < 0)
		return 2;
	signal(SIGUSR1, on_enough);
	while ((pid = waitpid(-1, &status, 0)) != child)
		if (pid > 0)
			count(status);
	if (reap_adopted(now() + atof(argv[2])))
		alive = end_the_rest();
	printf("status=%d signal=%d adopted=%d killed=%d alive=%d\n",
	       WIFEXITED(status) ? WEXITSTATUS(status) : 0,
	       WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	       adopted + alive, killed, alive);
	return 0;
}
