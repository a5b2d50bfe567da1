/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/command.c - lib/command.c: where a command is found, what it sees, and
 * that nothing of it is the caller's.
 */
#include <config.h>

#include "command.h"
#include "fill.h"

#include "../kit/tap.h"
#include "../kit/machine.h"

extern char **environ;

static struct pq_lookup last;
static struct pq_start start;
static struct pq_prepared prepared;

static void make(const char *name, mode_t mode)
{
	put(name, "");
	if (chmod(path_of(name), mode) < 0)
		fail(name);
}

/* The PATH: up to three folders; one of them may be missing. */
static void set_path(const char *one, const char *two, const char *three)
{
	char value[3 * PATH_SIZE];

	snprintf(value, sizeof(value), "%s:%s", path_of(one), path_of(two));
	if (three) {
		strcat(value, ":");
		strcat(value, path_of(three));
	}
	setenv("PATH", value, 1);
}

static int prepare(const struct procq_command *command)
{
	start = (struct pq_start){ .slot = 3 };
	return pq_command_prepare(&prepared, &start, command, "the queue",
				  &last);
}

static int find(const char *name)
{
	const char *argv[] = { name, NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;

	command.argv = argv;
	return prepare(&command);
}

static void finds(const char *name, const char *path, const char *what)
{
	int rc = find(name);

	is_str(rc == 0 ? start.path : "nothing", path, what);
	pq_command_release(&prepared);
}

/* ---- where it is ---- */

static void test_found(void)
{
	set_path("nosuch", "b", "a");
	finds("both", path_of("b/both"), "the first that is found");
	finds("one", path_of("a/one"), "one behind a folder without it");
	finds("plain", path_of("a/plain"),
	      "what is not executable is passed over");
	finds("folder", path_of("a/folder"), "so is a folder");
	finds("./any", "./any", "a path is taken as it is");
	is_int(find("none"), -ENOENT, "one that is nowhere");
	is_int(find(""), -ENOENT, "one without a name");
	set_path("b", "nosuch", NULL);
	is_int(find("plain"), -EACCES,
	       "it is there, which is told rather than that it is not");
	set_path("a/one", "b", NULL);
	finds("both", path_of("b/both"), "a file is no folder of the PATH");
	is_int(find("none"), -ENOENT, "which is no error of its own");
}

static void test_remembered(void)
{
	set_path("b", "a", NULL);
	finds("both", path_of("b/both"), "searched for");
	ok(last.name && strcmp(last.name, "both") == 0 &&
	   strcmp(last.path, path_of("b/both")) == 0, "and remembered");
	make("c/both", 0755);
	finds("both", path_of("b/both"), "found again");
	finds("one", path_of("a/one"), "another is searched for");
	finds("both", path_of("b/both"), "and the first once more");
	set_path("c", "a", NULL);
	finds("both", path_of("c/both"), "on another PATH, too");
	drop("c/both");
	finds("both", path_of("a/both"),
	      "also if it is not where it was any more");
	/* The present folder. */
	setenv("PATH", "", 1);
	if (chdir(path_of("a")) < 0)
		exit(99);
	finds("one", "one", "an empty PATH is the present folder");
	ok(!last.path, "what is relative to it is not remembered");
	unsetenv("PATH");
	finds("sh", access("/bin/sh", X_OK) == 0 ? "/bin/sh" : "/usr/bin/sh",
	      "without a PATH, where the system's are");
	ok(!last.path, "nor is that");
}

/* ---- what it sees ---- */

static const char *seen(const char *name)
{
	size_t n = strlen(name);
	const char *found = NULL;

	for (char *const *e = start.envp; *e; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			found = found ? "twice" : *e + n + 1;
	return found ? found : "nowhere";
}

static void test_environment(void)
{
	char **kept, *none[] = { NULL };

	setenv("PROCQ_QUEUE", "another", 1);
	setenv("PROCQ_SLOT", "77", 1);
	setenv("PROCQ_SEQ", "78", 1);
	setenv("PROCQ_SEQUEL", "theirs", 1);
	if (find("/x") != 0)
		exit(99);
	is_str(seen("PROCQ_QUEUE"), "the queue", "the queue is its own");
	is_str(seen("PROCQ_SLOT"), "3", "as is its record");
	is_str(seen("PROCQ_SEQ"), "", "the child fills in the seq,");
	ok(start.seq_digits == seen("PROCQ_SEQ"), "there");
	is_str(seen("PROCQ_SEQUEL"), "theirs", "all others are the caller's");
	setenv("PROCQ_SEQUEL", "changed", 1);
	is_str(seen("PROCQ_SEQUEL"), "theirs", "as they were");
	pq_command_release(&prepared);
	ok(!prepared.path && !prepared.envp && !prepared.holes,
	   "nothing is left behind");
	kept = environ;
	environ = none;
	if (find("/x") != 0)
		exit(99);
	ok(start.envp[3] == NULL, "three variables, if the caller has none");
	pq_command_release(&prepared);
	environ = NULL;
	is_int(find("/x"), 0, "or no list of them");
	ok(start.envp[3] == NULL, "which makes no difference");
	pq_command_release(&prepared);
	environ = kept;
}

static void test_arguments(void)
{
	char word[] = "w{slot}";
	const char *argv[] = { "/{slot}", word, "{}", "{seq}", NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;

	command.argv = argv + 4;
	is_int(prepare(&command), -EINVAL, "no command at all");
	command.argv = argv;
	command.input = "an input";
	is_int(prepare(&command), 0, "a command");
	word[0] = 'W';
	is_str(start.argv[1], "w{slot}", "nothing is filled unasked");
	is_int((intmax_t)start.hole_count, 0, "and nothing left to the child");
	ok(!start.output && start.argv[4] == NULL, "no output");
	is_str(start.shell_argv[0], "/bin/sh", "a script is the shell's:");
	is_str(start.shell_argv[1], "/{slot}", "by its path,");
	is_str(start.shell_argv[2], "w{slot}", "with its arguments");
	ok(start.shell_argv[5] == NULL, "no more");
	pq_command_release(&prepared);
	command.flags = PROCQ_SPAWN_FILL;
	command.label = "a/label";
	command.output = "{label}.{pid}";
	is_int(prepare(&command), 0, "one to be filled");
	is_str(start.argv[0], "/{slot}", "its name is not");
	is_str(start.argv[1], "W3", "its arguments are");
	is_str(start.argv[2], "an input", "with the input, too");
	is_int((intmax_t)start.hole_count, 2, "the child fills two:");
	ok(start.holes[0].at == start.argv[3] && !start.holes[0].pid,
	   "an argument");
	ok(strncmp(start.output, "a_label.", 8) == 0 && start.holes[1].pid &&
	   start.holes[1].at == start.output + 8, "and the output's name");
	pq_command_release(&prepared);
}

/* ---- its label ---- */

static void labels(const char *label, const char *name, const char *want)
{
	const char *argv[] = { name, NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	char got[PROCQ_LABEL_SIZE];

	command.label = label;
	command.argv = argv;
	memset(got, '#', sizeof(got));
	pq_command_label(got, &command);
	got[PROCQ_LABEL_SIZE - 1] = '\0';
	is_str(got, want, "a label");
}

static void test_label(void)
{
	struct procq_command idle = PROCQ_COMMAND_INIT;
	char got[PROCQ_LABEL_SIZE], want[PROCQ_LABEL_SIZE], text[200];

	labels("given", "/bin/x", "given");
	labels(NULL, "/usr/bin/x", "x");
	labels(NULL, "x", "x");
	labels(NULL, "dir/", "dir/");
	labels(NULL, NULL, PROCQ_LABEL_IDLE);
	pq_command_label(got, &idle);
	is_str(got, PROCQ_LABEL_IDLE, "that of an idle process");
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memset(want, 'y', sizeof(want) - 1);
	want[sizeof(want) - 1] = '\0';
	labels(text, NULL, want);
}

/* ---- what is needed for longer ---- */

static void test_late(void)
{
	static _Atomic uint32_t busy[2] = { 1, 1 };
	struct pq_late *list = NULL;

	for (int i = 0; i < 2; i++) {
		if (find("/x") != 0)
			exit(99);
		pq_late_add(&list, &prepared, &busy[i]);
	}
	pq_late_release(&list);
	ok(list && list->next, "both are needed still");
	atomic_store(&busy[0], 0);
	pq_late_release(&list);
	ok(list && list->busy == &busy[1] && !list->next,
	   "the older one is not any more");
	is_str(list->prepared.path, "/x", "the other one is whole");
	atomic_store(&busy[1], 0);
	pq_late_release(&list);
	ok(!list, "nor is that");
}

int main(void)
{
	begin_machine("command");
	path_of("b/folder/");
	make("a/both", 0755);
	make("b/both", 0755);
	make("a/one", 0755);
	make("a/plain", 0755);
	make("b/plain", 0644);
	make("a/folder", 0755);
	test_found();
	test_remembered();
	test_environment();
	test_arguments();
	test_label();
	test_late();
	pq_lookup_forget(&last);
	return done();
}
