/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - a thousand commands, sixteen at a time, to their end, from the
 * start of the program to its end: a producer without a consumer, and what one
 * would type instead.
 *
 *	list [-n COMMANDS] [-r ROUNDS] PRODUCER [COMMAND]
 *
 * Must not use the library: it measures the programs as users run them. All
 * read the same file, start the same program by its name, and have nobody who
 * reads their output. The command is true, or what is named instead. Each true
 * has an operand: with one, it looks at its locale, and takes a tenth longer.
 */
#include <config.h>

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rounds.h"

/* What the shell's commands find in the environment. */
#define FILE_NAME "BENCH_LIST"
#define LOG_NAME "BENCH_LOG"
#define COUNT_NAME "BENCH_COUNT"
#define PRODUCER_NAME "BENCH_PRODUCER"
#define COMMAND_NAME "BENCH_COMMAND"

static int commands = 1000;

static double one_list(const struct contender *c)
{
	double begun = bench_now();

	if (!bench_shell(c->arg))
		return BENCH_FAILED;
	return commands / (bench_now() - begun);
}

/* The least that any of them can do: it reads no list, reports nothing, and
 * outlives nothing. */
static double no_program(const struct contender *c)
{
	char *argv[] = { getenv(COMMAND_NAME), (char *)(uintptr_t)"1", NULL };
	double begun = bench_now();
	int alive = 0;
	pid_t pid;

	(void)c;
	for (int i = 0; i < commands; i++) {
		if (alive == 16 && wait(NULL) > 0)
			alive--;
		if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0)
			return BENCH_FAILED;
		alive++;
	}
	while (wait(NULL) > 0)
		;
	return commands / (bench_now() - begun);
}

static struct contender plain[] = {
	{ .name = "xargs -P16 -n1", .run = one_list, .needs = "xargs",
	  .arg = "exec xargs -P16 -n1 \"$" COMMAND_NAME "\" <\"$"
		 FILE_NAME "\"" },
	{ .name = "GNU parallel -j16", .run = one_list, .needs = "parallel",
	  .arg = "exec parallel -j16 \"$" COMMAND_NAME "\" <\"$"
		 FILE_NAME "\"" },
	{ .name = "producer -n COUNT -c 16", .run = one_list,
	  .arg = "exec \"$" PRODUCER_NAME "\" -n $" COUNT_NAME
		 " -c 16 -- \"$" COMMAND_NAME "\" 1" },
	{ .name = "producer -A FILE -c 16", .run = one_list,
	  .arg = "exec \"$" PRODUCER_NAME "\" -A \"$" FILE_NAME
		 "\" -c 16 -- \"$" COMMAND_NAME "\"" },
	{ .name = "a loop of posix_spawn", .run = no_program },
};

/* With a record of each job, when it began, how long it took, how it ended;
 * xargs has none. */
static struct contender logged[] = {
	{ .name = "GNU parallel -j16 --joblog", .run = one_list,
	  .needs = "parallel",
	  .arg = "rm -f \"$" LOG_NAME "\"; exec parallel -j16 --joblog \"$"
		 LOG_NAME "\" \"$" COMMAND_NAME "\" <\"$" FILE_NAME "\"" },
	{ .name = "producer -A FILE -c 16 --json -o LOG", .run = one_list,
	  .arg = "rm -f \"$" LOG_NAME "\"; exec \"$" PRODUCER_NAME "\" -A \"$"
		 FILE_NAME "\" -c 16 --json -o \"$" LOG_NAME "\" -- \"$"
		 COMMAND_NAME "\"" },
};

/* A file of so many lines, and the name of one beside it, for logs. */
static void make_list(char *name, size_t size, char *log, size_t log_size)
{
	const char *dir = getenv("TMPDIR");
	FILE *f;
	int fd;

	snprintf(name, size, "%s/procq-bench.XXXXXX",
		 dir && *dir ? dir : "/tmp");
	fd = mkstemp(name);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		bench_die(name);
	for (int i = 1; i <= commands; i++)
		fprintf(f, "%d\n", i);
	if (fclose(f) != 0)
		bench_die(name);
	snprintf(log, log_size, "%s.log", name);
}

static void set(const char *name, const char *value)
{
	if (setenv(name, value, 1) < 0)
		bench_die(name);
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int main(int argc, char **argv)
{
	char name[4096], log[4200], text[64];
	const char *command = "true", *slash;
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "n:r:")) != -1) {
		if (option == 'n')
			commands = bench_number(optarg, 100000000);
		else if (option == 'r')
			rounds = bench_number(optarg, ROUNDS_MAX);
		else
			return 2;
	}
	if (argc - optind != 1 && argc - optind != 2) {
		fputs("usage: list [-n N] [-r ROUNDS] PRODUCER [COMMAND]\n",
		      stderr);
		return 2;
	}
	if (argc - optind == 2)
		command = argv[optind + 1];
	make_list(name, sizeof(name), log, sizeof(log));
	set(FILE_NAME, name);
	set(LOG_NAME, log);
	set(PRODUCER_NAME, argv[optind]);
	snprintf(text, sizeof(text), "%d", commands);
	set(COUNT_NAME, text);
	snprintf(text, sizeof(text), "/procq.bench.%ld", (long)getpid());
	set("PROCQ_QUEUE", text);
	set(COMMAND_NAME, command);
	slash = strrchr(command, '/');
	snprintf(text, sizeof(text), "a list of %s, sixteen at a time",
		 slash ? slash + 1 : command);
	rounds_run(text, "processes per second", plain, COUNT(plain));
	snprintf(text, sizeof(text), "a list of %s with a log",
		 slash ? slash + 1 : command);
	rounds_run(text, "processes per second", logged, COUNT(logged));
	unlink(log);
	unlink(name);
	return 0;
}
