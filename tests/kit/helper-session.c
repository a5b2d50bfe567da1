/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper-session.c - play the sessions that a page shows, and compare.
 *
 *	helper-session PAGE WORD REPLACEMENT
 *
 * A session is a block that begins with ```console, in Markdown. ```console 2
 * is the second terminal, and so on; each is a shell of its own, and lives
 * until the end of the page. A line after "$ " is typed when the shell has
 * prompted; <Enter> or <Intro>, a key. Any other line must come from that
 * terminal, one after the other, nothing left out and nothing else there,
 * as alike.h has it. There is one exception: producer and consumer report what
 * they wait for, if that takes a second, which it may do anywhere. And each
 * shell has words of its own for a process that was killed.
 *
 * WORD of the page is REPLACEMENT in the run: the name of a queue. A terminal
 * is as wide as lines of retired processes have to be, for the same members to
 * be in them whatever the size of a process number.
 *
 * Exit status 0 if all is as the page shows it, 1 if not, 77 without ptys.
 */
#include <config.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "alike.h"

#define TERMINALS 4
#define PROMPT "lab$ "
#define PATIENCE 30
#define COLUMNS 84
#define LINE 1024

static struct terminal {
	int master;
	pid_t shell;
	char screen[1 << 16];
	size_t filled;
	size_t seen; /* up to here it has been compared */
} terminals[TERMINALS];

static struct alike known;
static const char *page, *word, *replacement;
static unsigned line_number;

/* Without what a terminal has beside text. */
static void report_screens(void)
{
	for (int i = 0; i < TERMINALS; i++) {
		struct terminal *t = &terminals[i];

		if (t->shell <= 0)
			continue;
		printf("terminal %d:\n", i + 1);
		for (size_t at = 0; at < t->filled; at++)
			if (t->screen[at] != '\r')
				putchar(t->screen[at]);
		putchar('\n');
	}
}

static void close_terminals(void)
{
	for (int i = 0; i < TERMINALS; i++) {
		struct terminal *t = &terminals[i];

		if (t->shell <= 0)
			continue;
		/* What runs there hangs up. */
		close(t->master);
		kill(t->shell, SIGHUP);
		kill(t->shell, SIGKILL);
		waitpid(t->shell, NULL, 0);
	}
}

_Noreturn static void fail(const char *what, const char *wanted,
			   const char *came)
{
	printf("%s:%u: %s\nthe page: %s\nthe run:  %s\n", page, line_number,
	       what, wanted, came);
	report_screens();
	close_terminals();
	exit(1);
}

static void run_shell(const char *name)
{
	struct winsize size = { .ws_row = 24, .ws_col = COLUMNS };
	int slave;

	setsid();
	slave = open(name, O_RDWR);
	if (slave < 0)
		_exit(99);
	ioctl(slave, TIOCSCTTY, 0);
	ioctl(slave, TIOCSWINSZ, &size);
	for (int fd = 0; fd <= 2; fd++)
		dup2(slave, fd);
	if (slave > 2)
		close(slave);
	setenv("PS1", PROMPT, 1);
	setenv("TERM", "dumb", 1);
	unsetenv("ENV");
	execlp("sh", "sh", "-i", (char *)NULL);
	_exit(99);
}

static void open_terminal(struct terminal *t)
{
	const char *name;

	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master < 0 || grantpt(t->master) < 0 || unlockpt(t->master) < 0)
		exit(77);
	name = ptsname(t->master);
	fflush(NULL);
	t->shell = name ? fork() : -1;
	if (t->shell < 0)
		exit(77);
	if (t->shell == 0)
		run_shell(name);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* What has come to any of them, within a tenth of a second. */
static void listen(void)
{
	struct pollfd fds[TERMINALS];

	for (int i = 0; i < TERMINALS; i++)
		fds[i] = (struct pollfd){
			.fd = terminals[i].shell > 0 ? terminals[i].master : -1,
			.events = POLLIN,
		};
	if (poll(fds, TERMINALS, 100) <= 0)
		return;
	for (int i = 0; i < TERMINALS; i++) {
		struct terminal *t = &terminals[i];
		ssize_t n = 0;

		if (fds[i].revents)
			n = read(t->master, t->screen + t->filled,
				 sizeof(t->screen) - 1 - t->filled);
		if (n > 0)
			t->filled += (size_t)n;
		t->screen[t->filled] = '\0';
	}
}

static const char *unseen(const struct terminal *t)
{
	return t->screen + t->seen;
}

/* The next line, without its end; NULL if there is no whole one in time. */
static char *next_line(struct terminal *t, char *line, size_t size)
{
	time_t end = now() + PATIENCE;
	const char *newline;
	size_t length;

	while (!(newline = strchr(unseen(t), '\n'))) {
		if (strcmp(unseen(t), PROMPT) == 0 || now() > end)
			return NULL;
		listen();
	}
	length = (size_t)(newline - unseen(t));
	snprintf(line, size, "%.*s", (int)length, unseen(t));
	line[strcspn(line, "\r")] = '\0';
	t->seen += length + 1;
	return line;
}

/* A message; a row of the summary is none. */
static bool is_wait(const char *line)
{
	return (strncmp(line, "producer: ", 10) == 0 ||
		strncmp(line, "consumer: ", 10) == 0) && !strchr(line, '=');
}

/* Each shell has a line of its own for this, and translates it. */
static bool is_kill(const char *line)
{
	return strcmp(line, "Killed") == 0 ||
	       strstr(line, "(killed)") != NULL;
}

static void expect(struct terminal *t, const char *wanted)
{
	char line[LINE];

	for (;;) {
		if (!next_line(t, line, sizeof(line)))
			fail("this line does not come", wanted, unseen(t));
		if (alike(&known, wanted, line) ||
		    (is_kill(wanted) && is_kill(line)))
			return;
		if (!is_wait(line))
			fail("another line comes", wanted, line);
	}
}

static void expect_prompt(struct terminal *t, const char *wanted)
{
	time_t end = now() + PATIENCE;
	char line[LINE];

	while (strcmp(unseen(t), PROMPT) != 0) {
		if (strchr(unseen(t), '\n')) {
			if (!is_wait(next_line(t, line, sizeof(line))))
				fail("a line that the page has not", wanted,
				     line);
		} else if (now() > end) {
			fail("no prompt comes", wanted, unseen(t));
		} else {
			listen();
		}
	}
}

static void type(struct terminal *t, const char *keys)
{
	char line[LINE];
	size_t length = strlen(keys);

	if (write(t->master, keys, length) != (ssize_t)length ||
	    write(t->master, "\n", 1) != 1)
		fail("can't be typed", keys, "");
	/* The terminal shows what is typed. */
	t->seen += strncmp(unseen(t), PROMPT, strlen(PROMPT)) ? 0 :
		   strlen(PROMPT);
	if (!next_line(t, line, sizeof(line)))
		fail("a terminal without echo", keys, "");
}

/* The line, with each WORD of it replaced. */
static void replace(const char *line, char *out, size_t size)
{
	size_t length = strlen(word), filled = 0;
	const char *hit;

	for (; (hit = strstr(line, word)) && filled < size; line = hit + length)
		filled += (size_t)snprintf(out + filled, size - filled,
					   "%.*s%s", (int)(hit - line), line,
					   replacement);
	if (filled >= size || strlen(line) >= size - filled)
		fail("a line that is too long", line, "");
	memcpy(out + filled, line, strlen(line) + 1);
}

static void play(struct terminal *t, const char *shown)
{
	char typed[LINE], line[LINE];

	replace(shown, line, sizeof(line));
	if (strcmp(line, "<Enter>") == 0 || strcmp(line, "<Intro>") == 0) {
		type(t, "");
	} else if (strncmp(line, "$ ", 2) == 0) {
		expect_prompt(t, line);
		if (!alike_typed(&known, line + 2, typed, sizeof(typed)))
			fail("a command that is too long", line, "");
		type(t, typed);
	} else {
		expect(t, line);
	}
}

/* The terminal of a block that begins here; NULL if none does. */
static struct terminal *block(const char *line)
{
	static const char fence[] = "```console";
	int number = 1;

	if (strncmp(line, fence, strlen(fence)) != 0)
		return NULL;
	if (line[strlen(fence)] != '\0')
		number = atoi(line + strlen(fence));
	if (number < 1 || number > TERMINALS)
		fail("no such terminal", line, "");
	return &terminals[number - 1];
}

int main(int argc, char **argv)
{
	struct terminal *t = NULL;
	char line[LINE];
	FILE *file;

	if (argc != 4)
		return 99;
	page = argv[1];
	word = argv[2];
	replacement = argv[3];
	file = fopen(page, "re");
	if (!file) {
		perror(page);
		return 99;
	}
	while (fgets(line, sizeof(line), file)) {
		line_number++;
		line[strcspn(line, "\n")] = '\0';
		if (!t) {
			t = block(line);
			if (t && t->shell <= 0)
				open_terminal(t);
		} else if (strncmp(line, "```", 3) == 0) {
			t = NULL;
		} else {
			play(t, line);
		}
	}
	for (int i = 0; i < TERMINALS; i++)
		if (terminals[i].shell > 0)
			expect_prompt(&terminals[i], "(its end)");
	fclose(file);
	close_terminals();
	return 0;
}
