/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * groups.c - what the control groups of this process say of their limits; see
 * groups.h. There are none but on Linux.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "groups.h"

#if PQ_USE_LINUX

#define PATH_SIZE 1100
#define LINE_SIZE 1024

static FILE *open_in(const char *dir, const char *file)
{
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, file);

	return n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;
}

bool groups_number(const char *dir, const char *file, uint64_t *out)
{
	FILE *f = open_in(dir, file);
	bool good;

	if (!f)
		return false;
	/* A number of the kernel fits. NOLINTNEXTLINE(cert-err34-c) */
	good = fscanf(f, "%" SCNu64, out) == 1;
	fclose(f);
	return good;
}

bool groups_member(const char *dir, const char *file, const char *word,
		   uint64_t *out)
{
	FILE *f = open_in(dir, file);
	size_t length = strlen(word);
	char line[256];
	bool good = false;

	if (!f)
		return false;
	while (!good && fgets(line, sizeof(line), f))
		good = strncmp(line, word, length) == 0 &&
		       /* As above. NOLINTNEXTLINE(cert-err34-c) */
		       sscanf(line + length, " %" SCNu64, out) == 1;
	fclose(f);
	return good;
}

/* This control group, and those above it. */
static bool visit_up(const char *root, const char *mount, const char *group,
		     groups_visit *visit, void *arg)
{
	char dir[LINE_SIZE];
	int n = snprintf(dir, sizeof(dir), "%s/sys/fs/cgroup%s%s", root, mount,
			 group);
	size_t top = strlen(root) + strlen("/sys/fs/cgroup") + strlen(mount);

	if (n < 0 || (size_t)n >= sizeof(dir))
		return false;
	while (strlen(dir) >= top) {
		char *slash;

		if (visit(dir, arg))
			return true;
		slash = strrchr(dir, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return false;
}

/* Is a word in a list that commas separate? */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == length &&
		    strncmp(list, word, length) == 0)
			return true;
	return false;
}

/* One line of /proc/self/cgroup: ID:CONTROLLERS:PATH. */
static bool visit_line(const char *root, char *line, const char *controller,
		       groups_visit *visit, void *arg)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	char mount[64];

	if (!path)
		return false;
	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	controllers++;
	if (*controllers == '\0')
		return visit_up(root, "", path, visit, arg) ||
		       visit_up(root, "/unified", path, visit, arg);
	if (!has_word(controllers, controller))
		return false;
	snprintf(mount, sizeof(mount), "/%s", controller);
	return visit_up(root, mount, path, visit, arg);
}

bool groups_each(const char *root, const char *controller, groups_visit *visit,
		 void *arg)
{
	FILE *f = open_in(root, "proc/self/cgroup");
	char line[LINE_SIZE];
	bool ended = false;

	if (!f)
		return false;
	while (!ended && fgets(line, sizeof(line), f))
		ended = visit_line(root, line, controller, visit, arg);
	fclose(f);
	return ended;
}

#else

bool groups_number(const char *dir, const char *file, uint64_t *out)
{
	(void)dir, (void)file, (void)out;
	return false;
}

bool groups_member(const char *dir, const char *file, const char *word,
		   uint64_t *out)
{
	(void)dir, (void)file, (void)word, (void)out;
	return false;
}

bool groups_each(const char *root, const char *controller, groups_visit *visit,
		 void *arg)
{
	(void)root, (void)controller, (void)visit, (void)arg;
	return false;
}

#endif
