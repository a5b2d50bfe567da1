/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.c - see notify.h. Must not wait for the manager: what it does not take
 * is lost.
 */
#include <config.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "procq.h"

#include "duration.h"

#include "notify.h"

static struct sockaddr_un manager;
static socklen_t manager_size;		/* 0: there is none */
static int64_t every, next;

static bool is_for_this(const char *pid)
{
	return !pid || strtol(pid, NULL, 10) == (long)getpid();
}

void notify_begin(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *usec = getenv("WATCHDOG_USEC");
	size_t len = path ? strlen(path) : 0;

	manager_size = 0;
	every = 0;
	if (len < 2 || len >= sizeof(manager.sun_path) ||
	    (*path != '/' && *path != '@'))
		return;
	memset(&manager, 0, sizeof(manager));
	manager.sun_family = AF_UNIX;
	memcpy(manager.sun_path, path, len);
	/* An abstract name begins with a NUL, and has none at its end. */
	if (*path == '@')
		manager.sun_path[0] = '\0';
	manager_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				   len);
	if (usec && is_for_this(getenv("WATCHDOG_PID")))
		every = strtoll(usec, NULL, 10) * NS_PER_US / 4;
}

void notify(const char *text)
{
	int fd;

	if (manager_size == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (sendto(fd, text, strlen(text), 0,
		   (const struct sockaddr *)&manager, manager_size) < 0)
		next = 0;
	close(fd);
}

void notify_alive(void)
{
	int64_t now;

	if (every <= 0)
		return;
	now = procq_now();
	if (now < next)
		return;
	next = time_after(now, every);
	notify("WATCHDOG=1");
}
