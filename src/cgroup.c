/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.c - cgroups (version 2, Linux); see cgroup.h.
 *
 * Must not kill what is in a directory that is not named as a command's own.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if PQ_USE_LINUX
# include <sys/vfs.h>
#endif

#include "cgroup.h"

#define CGROUP2_MAGIC 0x63677270
/* So deep may a command have nested cgroups below its own. */
#define DEPTH_MAX 16

#if PQ_USE_LINUX

/* Where they are mounted, and what of the whole is shown there. */
struct mount {
	char point[PATH_MAX];
	char root[PATH_MAX];
};

/* In /proc, blanks and so on are \NNN. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') * 64 +
				       (text[2] - '0') * 8 + text[3] - '0');
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static bool find_mount(struct mount *m)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0)
		found = strstr(line, " - cgroup2 ") &&
			sscanf(line, "%*s %*s %*s %4095s %4095s", m->root,
			       m->point) == 2;
	free(line);
	fclose(f);
	if (found) {
		unescape(m->root);
		unescape(m->point);
	}
	return found;
}

/* The path of a process's cgroup, from the root of the caller's namespace of
 * cgroups. */
static bool read_path(pid_t pid, char *path, size_t size)
{
	char name[64];
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%ld/cgroup", (long)pid);
	f = fopen(name, "re");
	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, "0::/", 4) == 0 &&
			snprintf(path, size, "%s", line + 3) < (int)size;
	}
	free(line);
	fclose(f);
	return found;
}

/* Where such a path is to be seen. */
static int place(const char *path, char *out, size_t size)
{
	struct mount m;
	size_t n;

	if (!find_mount(&m))
		return -ENOENT;
	n = strcmp(m.root, "/") == 0 ? 0 : strlen(m.root);
	if (strncmp(path, m.root, n) != 0 ||
	    (path[n] != '/' && path[n] != '\0') || strstr(path, "/../"))
		return -ENOENT;
	return snprintf(out, size, "%s%s", m.point, path + n) < (int)size
		       ? 0 : -ENAMETOOLONG;
}

int cgroup_self(char *path, size_t size)
{
	char mine[PATH_MAX];

	if (!read_path(getpid(), mine, sizeof(mine)))
		return -ENOENT;
	return place(mine, path, size);
}

bool cgroup_is(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (unsigned long)fs.f_type == CGROUP2_MAGIC;
}

/* Is it PREFIX OBJECT @ … / N? */
static bool is_own(const char *object, const char *path)
{
	char prefix[CGROUP_OBJECT_MAX + sizeof("/" CGROUP_PREFIX "@")];
	const char *number = strrchr(path, '/'), *at = number;

	snprintf(prefix, sizeof(prefix), "/%s%.*s@", CGROUP_PREFIX,
		 CGROUP_OBJECT_MAX, object + (*object == '/'));
	if (!number || !number[1] ||
	    number[1 + strspn(number + 1, "0123456789")] != '\0')
		return false;
	while (at > path && at[-1] != '/')
		at--;
	return at > path && strncmp(at - 1, prefix, strlen(prefix)) == 0;
}

bool cgroup_of(const char *object, pid_t pid, char *path, size_t size)
{
	char its[PATH_MAX];

	return pid > 0 && read_path(pid, its, sizeof(its)) &&
	       is_own(object, its) && place(its, path, size) == 0;
}

#else

int cgroup_self(char *path, size_t size)
{
	(void)path, (void)size;
	return -ENOENT;
}

bool cgroup_is(int fd)
{
	(void)fd;
	return false;
}

bool cgroup_of(const char *object, pid_t pid, char *path, size_t size)
{
	(void)object, (void)pid, (void)path, (void)size;
	return false;
}

#endif

int cgroup_kill(int fd)
{
	int file = openat(fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	int rc = 0;

	if (file < 0)
		return -errno;
	if (write(file, "1", 1) < 0)
		rc = -errno;
	close(file);
	return rc;
}

static int remove_below(int parent, const char *name, int depth)
{
	const struct dirent *entry;
	DIR *dir;
	int fd;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (depth == DEPTH_MAX)
		return -EBUSY;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
				  O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -EBUSY;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			remove_below(fd, entry->d_name, depth + 1);
	closedir(dir);
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT
		       ? 0 : -EBUSY;
}

int cgroup_remove(int parent, const char *name)
{
	return remove_below(parent, name, 0);
}

void cgroup_finish(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (cgroup_is(fd))
		cgroup_kill(fd);
	close(fd);
	cgroup_remove(AT_FDCWD, path);
}
