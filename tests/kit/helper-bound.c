/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper-bound.c - how many processes do these producers have at once?
 *
 *	helper-bound MAX SAMPLES PID...
 *
 * Takes samples of their living children while they run, and prints how many
 * there were at least and at most; exit status 1 if there were ever more than
 * MAX. A count in passing would be wrong: one may die and the next be born
 * while it goes on. So every other sample stops the producers first, which
 * nobody but they could make grow; the others are those children that two
 * counts in a row have in common, all of which lived in between.
 *
 * Must not signal any process but those it is given, and leaves them running.
 */
#include <config.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PRODUCERS_MAX 8
#define CHILDREN_MAX 4096

static pid_t producers[PRODUCERS_MAX];
static int count_producers;

struct sample {
	pid_t pids[CHILDREN_MAX];
	int n;
};

static void doze(long ns)
{
	struct timespec t = { 0, ns };

	nanosleep(&t, NULL);
}

/* The letter of its state, and its parent. Returns 0 if it is gone. */
static int look(pid_t pid, char *state, pid_t *parent)
{
	char path[32], text[512], *p;
	size_t n;
	int ppid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strrchr(text, ')');
	if (!p || sscanf(p, ") %c %d", state, &ppid) != 2)
		return 0;
	*parent = (pid_t)ppid;
	return 1;
}

static int is_living_child(pid_t pid)
{
	pid_t parent;
	char state;

	if (!look(pid, &state, &parent) || strchr("ZX", state))
		return 0;
	for (int i = 0; i < count_producers; i++)
		if (parent == producers[i])
			return 1;
	return 0;
}

static void take_sample(struct sample *s)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	s->n = 0;
	if (!proc) {
		perror("/proc");
		exit(2);
	}
	while ((entry = readdir(proc)) && s->n < CHILDREN_MAX) {
		int pid = atoi(entry->d_name);

		if (pid > 1 && is_living_child((pid_t)pid))
			s->pids[s->n++] = (pid_t)pid;
	}
	closedir(proc);
}

static void signal_all(int signo)
{
	for (int i = 0; i < count_producers; i++)
		if (producers[i] > 1)
			kill(producers[i], signo);
}

static void let_go(int signo)
{
	signal_all(SIGCONT);
	signal(signo, SIG_DFL);
	raise(signo);
}

/* 0: one of them has ended. */
static int await_stop(void)
{
	pid_t parent;
	char state;

	for (int i = 0; i < count_producers; i++)
		do {
			if (!look(producers[i], &state, &parent) ||
			    strchr("ZX", state))
				return 0;
			if (state != 'T')
				doze(100000);
		} while (state != 'T');
	return 1;
}

static int count_stopped(void)
{
	static struct sample s;

	signal_all(SIGSTOP);
	s.n = -1;
	if (await_stop())
		take_sample(&s);
	signal_all(SIGCONT);
	return s.n;
}

static int count_running(void)
{
	static struct sample a, b;
	int both = 0;

	take_sample(&a);
	take_sample(&b);
	for (int i = 0; i < a.n; i++)
		for (int j = 0; j < b.n; j++)
			both += a.pids[i] == b.pids[j];
	return both;
}

int main(int argc, char **argv)
{
	int max = argc > 3 ? atoi(argv[1]) : 0;
	int samples = argc > 3 ? atoi(argv[2]) : 0;
	int least = CHILDREN_MAX, most = 0, n = 0;

	for (int i = 3; i < argc && count_producers < PRODUCERS_MAX; i++)
		producers[count_producers++] = (pid_t)atoi(argv[i]);
	for (int i = 0; i < count_producers; i++)
		if (producers[i] <= 1)
			max = 0;
	if (max < 1 || samples < 1) {
		fprintf(stderr, "usage: helper-bound MAX SAMPLES PID...\n");
		return 2;
	}
	signal(SIGTERM, let_go);
	signal(SIGINT, let_go);
	for (int i = 0; i < samples && n >= 0; i++) {
		n = i % 2 ? count_running() : count_stopped();
		if (n < least)
			least = n;
		if (n > most)
			most = n;
		doze(1000000);
	}
	if (n < 0)
		printf("a producer has ended\n");
	printf("least=%d most=%d max=%d\n", least, most, max);
	return n < 0 || most > max;
}
