/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-cgroup.c - a cgroup for each command; see cgroup.h.
 *
 * Must not kill what is in a cgroup while its command lives, nor what a
 * producer that lives has in its own, nor what was to outlive one.
 *
 * A lock on its directory shows that a producer lives: the kernel unlocks it
 * when the producer is dead. What it had in there is then killed by the next
 * producer with the same DIR, and removed.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procq.h"

#include "cgroup.h"
#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "producer.h"

/* How long those that were killed are awaited at the end. */
#define DEATH_MAX (2 * NS_PER_S)
/* Another producer may take its directory for a dead one's before it is
 * locked; so often is hardly chance. */
#define OWN_TRIES 100

static int open_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
				      O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* NULL: it can't be read. */
static DIR *list(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir && copy >= 0)
		close(copy);
	return dir;
}

/* ---- what dead producers have left ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Remove what is empty below it; what may outlive a producer stays. */
static void remove_empty(int fd)
{
	DIR *dir = list(fd);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			cgroup_remove(fd, entry->d_name);
	closedir(dir);
}

static void clear_one(int parent, const char *name)
{
	int fd = open_dir(parent, name);

	if (fd < 0)
		return;
	/* Its holder is alive. */
	if (cgroup_is(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (ends_with(name, CGROUP_KEEP))
			remove_empty(fd);
		else
			cgroup_kill(fd);
		for (int i = 0; i < 20 && cgroup_remove(parent, name) < 0 &&
				!ends_with(name, CGROUP_KEEP); i++)
			time_sleep(5 * NS_PER_MS);
	}
	close(fd);
}

static void clear_dead(int parent)
{
	DIR *dir = list(parent);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, CGROUP_PREFIX,
			    strlen(CGROUP_PREFIX)) == 0)
			clear_one(parent, entry->d_name);
	closedir(dir);
}

/* ---- this producer's own ---- */

/* Make and lock it. -ENOENT: another took it for a dead one's before it was
 * locked. */
static int make_own(struct cgroups *g)
{
	struct stat mine, there;
	int fd;

	if (mkdirat(g->parent, g->name, 0755) < 0)
		return -errno;
	fd = open_dir(g->parent, g->name);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 &&
	    fstatat(g->parent, g->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_ino == there.st_ino)
		return fd;
	close(fd);
	return -ENOENT;
}

static int find_parent(struct cgroups *g, const char *given)
{
	int rc = 0;

#if !PQ_USE_LINUX
	return -EOPNOTSUPP;
#endif
	if (given)
		rc = snprintf(g->path, sizeof(g->path), "%s", given) <
				     (int)sizeof(g->path)
			     ? 0 : -ENAMETOOLONG;
	else
		rc = cgroup_self(g->path, sizeof(g->path));
	if (rc < 0)
		return rc;
	g->parent = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->parent < 0)
		return -errno;
	return cgroup_is(g->parent) ? 0 : -ENOTTY;
}

static void complain_cgroup(const struct cgroups *g, int err)
{
	switch (err) {
	case -ENOENT:
		if (!*g->path) {
			complain(_("--cgroup: no cgroups of version 2 are "
				   "mounted here"));
			break;
		}
		complain(_("--cgroup: there is no cgroup '%s'"), g->path);
		break;
	case -EOPNOTSUPP:
		complain(_("--cgroup: this program is built without cgroups"));
		break;
	case -ENOTTY:
		complain(_("--cgroup: '%s' is no cgroup of version 2"),
			 g->path);
		break;
	case -EACCES:
	case -EPERM:
	case -EROFS:
		complain(_("--cgroup: cgroup '%s' is not delegated to this "
			   "user: %s; 'systemd-run --user --scope -p "
			   "Delegate=yes producer ...' gives it one that is"),
			 g->path, strerror(-err));
		break;
	case -ENOSYS:
		complain(_("--cgroup: a cgroup can't be killed as a whole "
			   "here: that needs Linux 5.14"));
		break;
	default:
		complain(_("--cgroup: cgroup '%s': %s"), g->path,
			 strerror(-err));
	}
}

/* May a process be moved into it? Only one that tries knows. */
static int try_enter(int leaf)
{
	int status, file;
	pid_t pid;

	if (faccessat(leaf, "cgroup.kill", W_OK, 0) < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		file = openat(leaf, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		_exit(file < 0 || write(file, "0", 1) < 0 ? errno : 0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/* The cgroup of the next command. Returns its descriptor. */
static int make_leaf(struct cgroups *g)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "%" PRIu64, g->count + 1);
	if (mkdirat(g->own, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open_dir(g->own, name);
	if (fd >= 0)
		g->count++;
	return fd;
}

bool cgroups_open(struct cgroups *g, const char *given, const char *object,
		  bool keep)
{
	int rc;

	*g = (struct cgroups){ .wanted = true, .parent = -1, .own = -1,
			       .next = -1 };
	rc = find_parent(g, given);
	snprintf(g->name, sizeof(g->name), "%s%.*s@%ld-%" PRIx64 "%s",
		 CGROUP_PREFIX, CGROUP_OBJECT_MAX, object + (*object == '/'),
		 (long)getpid(), (uint64_t)procq_now(),
		 keep ? CGROUP_KEEP : "");
	if (rc == 0) {
		clear_dead(g->parent);
		for (int i = 0; i < OWN_TRIES; i++)
			if ((rc = make_own(g)) != -ENOENT)
				break;
		g->own = rc;
	}
	if (rc >= 0) {
		rc = g->next = make_leaf(g);
		if (rc >= 0)
			rc = try_enter(g->next);
	}
	if (rc >= 0)
		return true;
	complain_cgroup(g, rc);
	cgroups_close(g);
	return false;
}

int cgroups_next(struct cgroups *g)
{
	if (g->wanted && g->next < 0)
		g->next = make_leaf(g);
	return g->wanted ? g->next : 0;
}

/* ---- commands ---- */

static bool more_leaves(struct cgroups *g)
{
	size_t room = g->room > 0 ? 2 * g->room : 16;
	struct leaf *leaves = realloc(g->leaves, room * sizeof(*leaves));

	if (!leaves)
		return false;
	g->leaves = leaves;
	g->room = room;
	return true;
}

void cgroups_started(struct cgroups *g, int pid)
{
	/* Without memory, its cgroup is left to the end. */
	if (!g->wanted || pid <= 0)
		return;
	close(g->next);
	g->next = -1;
	if (g->used < g->room || more_leaves(g))
		g->leaves[g->used++] = (struct leaf){ pid, g->count, false };
}

/* Returns false if somebody is still in it. */
static bool end_leaf(struct cgroups *g, const struct leaf *leaf)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "%" PRIu64, leaf->number);
	if (cgroup_remove(g->own, name) == 0)
		return true;
	fd = open_dir(g->own, name);
	if (fd >= 0) {
		cgroup_kill(fd);
		close(fd);
	}
	return cgroup_remove(g->own, name) == 0;
}

void cgroups_over(struct cgroups *g, int pid)
{
	for (size_t i = 0; i < g->used; i++) {
		if (g->leaves[i].pid != pid || g->leaves[i].over)
			continue;
		g->leaves[i].over = true;
		g->ending++;
		break;
	}
}

void cgroups_tidy(struct cgroups *g)
{
	for (size_t i = 0; g->ending > 0 && i < g->used; ) {
		if (!g->leaves[i].over || !end_leaf(g, &g->leaves[i])) {
			i++;
			continue;
		}
		g->leaves[i] = g->leaves[--g->used];
		g->ending--;
	}
}

void cgroups_close(struct cgroups *g)
{
	int64_t end = time_after(procq_now(), DEATH_MAX);

	if (!g->wanted)
		return;
	if (g->next >= 0)
		close(g->next);
	for (;;) {
		cgroups_tidy(g);
		if (g->ending == 0 || procq_now() >= end)
			break;
		time_sleep(2 * NS_PER_MS);
	}
	/* What is left lives, and was to outlive this producer, or its death is
	 * not confirmed. */
	if (g->own >= 0) {
		remove_empty(g->own);
		cgroup_remove(g->parent, g->name);
		close(g->own);
	}
	if (g->ending > 0)
		complain(_("--cgroup: processes in cgroup '%s/%s' have "
			   "outlived KILL"), g->path, g->name);
	if (g->parent >= 0)
		close(g->parent);
	free(g->leaves);
	g->wanted = false;
}
