/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.h - cgroups (version 2, Linux): where they are, which one is a
 * command's own, and its end as a whole.
 *
 * producer --cgroup makes a directory for itself, which it locks as long as it
 * lives, and in that one for each command:
 *
 *	DIR/procq@OBJECT@PID-TIME/N		or …/procq@OBJECT@PID-TIME.keep/N
 *
 * OBJECT is the queue's, without its slash; PID and TIME tell this producer
 * from all others; .keep: its processes may outlive it. A name is never used
 * twice. So a process in such a directory is known to be of that producer.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CGROUP_PREFIX "procq@"
#define CGROUP_KEEP ".keep"
/* Bytes of an object's name in that of a directory. */
#define CGROUP_OBJECT_MAX 200

/** The directory of the calling process's own cgroup.
 * @retval 0
 * @retval -ENOENT there are no cgroups of version 2 here, or none is shown
 * @retval -ENAMETOOLONG */
int cgroup_self(char *path, size_t size);

/** Is this the directory of a cgroup (version 2)? */
bool cgroup_is(int fd);

/** The directory of the cgroup of a command of this queue, to which that
 * process belongs at the moment. Is it still the same process afterwards? The
 * caller has to know.
 * @retval false it is in none */
bool cgroup_of(const char *object, pid_t pid, char *path, size_t size);

/** Send KILL to all in it, and in those below. @retval 0, -errno */
int cgroup_kill(int fd);

/** Remove it, and those below, if nobody is in them.
 * @retval 0 it is gone
 * @retval -EBUSY somebody is in it */
int cgroup_remove(int parent, const char *name);

/** Both, of a command that is dead. For as long as others die in it, it stays:
 * its producer removes it, or the next one. */
void cgroup_finish(const char *path);

#endif
