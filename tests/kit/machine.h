/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine.h - files that a test makes up, as of a machine: in a folder of its
 * own, which goes with all that is in it when the test ends.
 *
 * After tap.h. Must not touch a file outside of that folder.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 160

static char root[64];
static char made[400][PATH_SIZE];
static int makes;

TAP_UNUSED static _Noreturn void fail(const char *path)
{
	printf("Bail out! %s: %s\n", path, strerror(errno));
	exit(99);
}

static void keep(const char *path)
{
	for (int i = 0; i < makes; i++)
		if (strcmp(made[i], path) == 0)
			return;
	snprintf(made[makes++], sizeof(*made), "%s", path);
}

static void clean_up(void)
{
	while (makes > 0)
		remove(made[--makes]);
	remove(root);
}

/* Make the folder, which has the name of the test in its own. */
static void begin_machine(const char *test)
{
	snprintf(root, sizeof(root), "/tmp/procq-%s.XXXXXX", test);
	if (!mkdtemp(root))
		fail(root);
	atexit(clean_up);
}

/* Where a file is. Its folders are there after that. Valid until the next but
 * one. */
static char *path_of(const char *file)
{
	static char paths[2][PATH_SIZE];
	static int turn;
	char *path = paths[turn = !turn];

	snprintf(path, PATH_SIZE, "%s/%s", root, file);
	for (char *slash = path + strlen(root) + 1;
	     (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) == 0)
			keep(path);
		*slash = '/';
	}
	return path;
}

TAP_UNUSED static void put(const char *file, const char *text)
{
	const char *path = path_of(file);
	FILE *f = fopen(path, "w");

	if (!f)
		fail(path);
	keep(path);
	fputs(text, f);
	fclose(f);
}

TAP_UNUSED static void drop(const char *file)
{
	unlink(path_of(file));
}

TAP_UNUSED static void put_link(const char *file, const char *text)
{
	const char *path = path_of(file);

	unlink(path);
	if (symlink(text, path) < 0)
		fail(path);
	keep(path);
}

#endif
