/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.c - procq in a program that has an event loop of its own, here poll().
 * Each line of standard input is a command, which sh executes; at most N are
 * alive at once, and each end is reported at once.
 *
 *	cc -pthread loop.c $(pkg-config --cflags --libs libprocq) -o loop
 *	printf 'sleep 1\nfalse\n' | ./loop jobs 2
 *
 * A queue has no descriptor to poll, since a semaphore in shared memory wakes
 * its sleepers. So one thread owns the handle and sleeps in procq_wait(). The
 * loop and the thread write to each other through two pipes: the loop polls
 * the one, and calls procq_wake() after it has written to the other. The
 * thread lives as long as its processes: they die with it.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <procq.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the thread says; less than PIPE_BUF, so a write is whole or fails. */
struct message {
	enum { STARTED, ENDED, FAILED } what;
	int pid;		/* STARTED, ENDED */
	int cause, code;	/* ENDED: as in struct procq_event */
	int error;		/* FAILED: a negative errno value */
};

static struct procq *q;
static int lines[2];		/* to the thread: pointers from strdup() */
static int messages[2];		/* from it; its end ends the loop */

static void child_died(int signo)
{
	(void)signo;
	procq_wake(q);
}

/* ---- the thread ---- */

static void say(struct message m)
{
	while (write(messages[1], &m, sizeof(m)) < 0 && errno == EINTR)
		continue;
}

/* Returns -EAGAIN if there is no room. */
static int start(const char *line)
{
	const char *argv[] = { "sh", "-c", line, NULL };
	struct procq_command c = PROCQ_COMMAND_INIT;
	struct procq_process p;
	int rc;

	c.argv = argv;
	c.flags = PROCQ_SPAWN_GROUP;
	rc = procq_spawn(q, &c, &p);
	if (rc == 0)
		say((struct message){ .what = STARTED, .pid = p.pid });
	else if (rc != -EAGAIN)
		say((struct message){ .what = FAILED, .error = rc });
	return rc;
}

static void report(void)
{
	struct procq_process p;
	struct procq_event e;

	procq_reap(q);
	while (procq_take_exited(q, &p) == 0)
		continue;
	while (procq_collect(q, &e) > 0)
		say((struct message){ .what = ENDED, .pid = e.process.pid,
				      .cause = (int)e.cause, .code = e.code });
}

/* Start the lines that have come. Returns those that wait: at most one. */
static char *start_all(char *line, int *more)
{
	ssize_t n;

	for (;;) {
		if (line && start(line) == -EAGAIN)
			return line;
		free(line);
		line = NULL;
		n = read(lines[0], &line, sizeof(line));
		if (n == 0)
			*more = 0;
		if (n <= 0)
			return NULL;
	}
}

static void *own_the_queue(void *arg)
{
	char *line = NULL;
	int more = 1, rc = 0;

	while (rc != -ESTALE) {
		line = start_all(line, &more);
		report();
		if (!more && !line && procq_children(q) == 0)
			break;
		rc = procq_wait(q, PROCQ_WAIT_CHILD | PROCQ_WAIT_EXITS |
				(line ? PROCQ_WAIT_ROOM : 0), PROCQ_FOREVER);
	}
	free(line);
	close(messages[1]);
	return arg;
}

/* ---- the loop ---- */

static void show(const struct message *m)
{
	if (m->what == STARTED)
		printf("%d started\n", m->pid);
	else if (m->what == ENDED)
		printf("%d %s %d\n", m->pid, m->cause == PROCQ_CAUSE_EXIT
		       ? "exit" : "signal", m->code);
	else
		printf("not started: %s\n", strerror(-m->error));
	fflush(stdout);
}

/* Read some of standard input, hand over its whole lines. Returns 0 at the
 * end, which also a line that is too long is. */
static int read_lines(void)
{
	static char buffer[4096];
	static size_t filled;
	ssize_t n = read(STDIN_FILENO, buffer + filled,
			 sizeof(buffer) - filled);
	char *newline, *line;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	filled += (size_t)n;
	while ((newline = memchr(buffer, '\n', filled))) {
		*newline = '\0';
		line = strdup(buffer);
		if (!line || write(lines[1], &line, sizeof(line)) < 0)
			return 0;
		filled -= (size_t)(newline + 1 - buffer);
		memmove(buffer, newline + 1, filled);
		procq_wake(q);
	}
	return filled < sizeof(buffer);
}

static void loop(void)
{
	struct pollfd fds[2] = { { .fd = messages[0], .events = POLLIN },
				 { .fd = STDIN_FILENO, .events = POLLIN } };
	struct message m;
	ssize_t n;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents) {
			n = read(messages[0], &m, sizeof(m));
			if (n == 0)
				return;
			if (n > 0)
				show(&m);
		} else if (fds[1].revents && !read_lines()) {
			fds[1].fd = -1;
			close(lines[1]);
			procq_wake(q);
		}
	}
}

int main(int argc, char **argv)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct sigaction sa = { .sa_handler = child_died };
	pthread_t owner;
	int rc;

	if (argc != 3 || atoi(argv[2]) < 1) {
		fprintf(stderr, "usage: loop QUEUE N\n");
		return 2;
	}
	/* The thread must not wait for a line: it has children to look after.
	 * No command needs the pipes. */
	if (pipe(lines) < 0 || pipe(messages) < 0 ||
	    fcntl(lines[0], F_SETFL, O_NONBLOCK) < 0)
		return 1;
	for (int i = 0; i < 2; i++) {
		fcntl(lines[i], F_SETFD, FD_CLOEXEC);
		fcntl(messages[i], F_SETFD, FD_CLOEXEC);
	}
	o.role = PROCQ_ROLE_PRODUCER;
	o.capacity = (uint32_t)atoi(argv[2]);
	rc = procq_open(&q, argv[1], &o);
	if (rc < 0) {
		fprintf(stderr, "loop: %s: %s\n", argv[1], procq_strerror(rc));
		return 1;
	}
	sigaction(SIGCHLD, &sa, NULL);
	if (pthread_create(&owner, NULL, own_the_queue, NULL) != 0)
		return 1;
	loop();
	pthread_join(owner, NULL);
	signal(SIGCHLD, SIG_DFL);
	procq_close(q);
	return 0;
}
