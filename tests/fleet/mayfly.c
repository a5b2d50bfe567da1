/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mayfly.c - mayfly SOCKET HOST LIFE MILLISECONDS: a process of a fleet. It
 * connects to the oracle at its birth, and says so when it is ended by SIGTERM;
 * the kernel says when it is dead, whatever ended it. It lives for up to so
 * long. Must not fork: a child would hold the connection.
 */
#include <config.h>

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sky.h"

static struct word me;
static int line;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void ended(int sig)
{
	(void)sig;
	me.ended = now();
	(void)!write(line, &me, sizeof(me));
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timespec rest;
	unsigned long ms;

	if (argc != 5 || strlen(argv[1]) >= sizeof(to.sun_path))
		return 2;
	strcpy(to.sun_path, argv[1]);
	me.host = (uint32_t)atoi(argv[2]);
	me.life = (uint32_t)atoi(argv[3]);
	line = socket(AF_UNIX, SOCK_STREAM, 0);
	if (line < 0 ||
	    connect(line, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    write(line, &me, sizeof(me)) != sizeof(me))
		return 3;
	signal(SIGTERM, ended);
	ms = (unsigned long)((uint64_t)now() / 1000 * UINT64_C(2654435761) >>
			     8) % strtoul(argv[4], NULL, 10);
	rest.tv_sec = (time_t)(ms / 1000);
	rest.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&rest, NULL);
	return 0;
}
