/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle.c - see oracle.h. Must ask nothing of procq, nor of the server.
 *
 * A process connects after its entry, and the kernel closes its connection
 * before it is a zombie. So whoever frees a slot does that after the end of the
 * connection, and whoever gets it connects later than that. After new
 * connections all ends that are pending are read: those left are alive at once,
 * and if they are more than the limit, the bound is broken; it is never said to
 * be when it is not. What lasts for microseconds may be missed.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#if PQ_USE_LINUX
# include <sys/epoll.h>
#endif

#include "oracle.h"
#include "sky.h"

#if PQ_USE_LINUX

#define EVENTS 64

static int events, door;
static uint64_t alive;
static int64_t over_since, last_ending;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void count(void)
{
	if (alive > sky->most)
		sky->most = alive;
	if (alive > course.limit && over_since == 0)
		over_since = now();
	if (alive <= course.limit && over_since > 0) {
		sky->over_ns += (uint64_t)(now() - over_since);
		over_since = 0;
	}
}

/* The next ending begins at the gap's end or later, after the death of the one
 * before it, which is after it heard of its own. At last it is the producers
 * that end what they have: no consumer, so no gap. */
static void note_ending(int64_t at)
{
	if (sky->phase == PHASE_END)
		return;
	sky->endings++;
	if (last_ending > 0 && course.gap > 0 &&
	    at - last_ending < (int64_t)course.gap * 1000000)
		sky->too_early++;
	if (at > last_ending)
		last_ending = at;
}

static void hear(int line)
{
	struct word w;
	ssize_t n;

	while ((n = recv(line, &w, sizeof(w), MSG_DONTWAIT)) == sizeof(w)) {
		if (w.ended > 0)
			note_ending(w.ended);
		else if (w.host < HOSTS_MAX && w.life == sky->life[w.host])
			sky->born[w.host]++;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(line);
	alive--;
	sky->deaths++;
}

/* @return how many have come */
static uint64_t let_in(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	uint64_t n = 0;
	int line;

	while ((line = accept(door, NULL, NULL)) >= 0) {
		e.data.fd = line;
		epoll_ctl(events, EPOLL_CTL_ADD, line, &e);
		n++;
	}
	alive += n;
	sky->births += n;
	return n;
}

/* @return how many have come to the door; -1: nothing has happened */
static int64_t look(int timeout, bool open)
{
	struct epoll_event e[EVENTS];
	int n = epoll_wait(events, e, EVENTS, timeout);
	int64_t come = 0, heard = 0;

	for (int i = 0; i < n; i++) {
		if (e[i].data.fd != door) {
			hear(e[i].data.fd);
			heard++;
		} else if (open) {
			come += (int64_t)let_in();
			heard++;
		}
	}
	return heard > 0 ? come : -1;
}

static _Noreturn void watch(void)
{
	int64_t come;

	for (;;) {
		come = look(-1, true);
		if (come > 0) {
			while (look(0, false) >= 0)
				;
			if (alive > course.limit)
				sky->beyond += (uint64_t)come;
		}
		count();
	}
}

pid_t oracle_begin(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct epoll_event e = { .events = EPOLLIN };
	pid_t pid;

	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	door = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (door < 0 || bind(door, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(door, 4096) < 0)
		return -1;
	pid = fork();
	if (pid != 0) {
		close(door);
		return pid;
	}
	events = epoll_create1(EPOLL_CLOEXEC);
	e.data.fd = door;
	if (events < 0 || epoll_ctl(events, EPOLL_CTL_ADD, door, &e) < 0)
		_exit(1);
	watch();
}

#else

pid_t oracle_begin(const char *path)
{
	(void)path;
	errno = ENOSYS;
	return -1;
}

#endif
