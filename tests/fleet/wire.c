/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.c - see wire.h. Must not change a packet, nor make one.
 *
 * Each end is a TUN device in a network namespace of its own, so nothing of the
 * machine's network is touched, and no module of the kernel is needed for
 * delay and loss.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#if PQ_USE_LINUX
# include <arpa/inet.h>
# include <linux/if_tun.h>
# include <net/if.h>
# include <netinet/in.h>
#endif

#include "procq.h"

#include "../storm/chance.h"

#include "sky.h"
#include "wire.h"

#if PQ_USE_LINUX

#define PACKET_MAX 2048
#define PENDING_MAX 4096
#define PORTS 65536
#define HOST_FIRST 10		/* host 0 is 10.77.0.10 */

struct link {
	int fd;
	struct weather way[WIRE_WAYS];
	int64_t hold_since, hold_until;
	int64_t born[PORTS];	/* when a connection from there began */
};

struct pending {
	int64_t due;		/* 0: none */
	unsigned host;
	int way;
	size_t size;
	unsigned char *data;
};

static struct link links[HOSTS_MAX];
static struct pending pending[PENDING_MAX];
static size_t pending_end;
static int server_fd = -1;

static bool set_address(int s, unsigned number)
{
	struct ifreq r = { .ifr_name = "wire" };
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = htonl(0x0a4d0000 + number);
	memcpy(&r.ifr_addr, &a, sizeof(a));
	if (ioctl(s, SIOCSIFADDR, &r) < 0)
		return false;
	a.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&r.ifr_netmask, &a, sizeof(a));
	if (ioctl(s, SIOCSIFNETMASK, &r) < 0)
		return false;
	r.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT | IFF_NOARP;
	return ioctl(s, SIOCSIFFLAGS, &r) == 0;
}

int wire_end(unsigned number)
{
	struct ifreq r = { .ifr_name = "wire" };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	r.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (fd >= 0 && (s < 0 || ioctl(fd, TUNSETIFF, &r) < 0 ||
			!set_address(s, number))) {
		close(fd);
		fd = -1;
	}
	if (s >= 0)
		close(s);
	return fd;
}

void wire_begin(int server, uint64_t seed)
{
	chance_begin(seed);
	server_fd = server;
	for (size_t i = 0; i < HOSTS_MAX; i++)
		links[i].fd = -1;
}

static void forget(struct pending *p)
{
	free(p->data);
	p->due = 0;
	p->data = NULL;
}

void wire_plug(unsigned host, int fd)
{
	struct link *l = &links[host];

	if (l->fd >= 0)
		close(l->fd);
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	for (size_t i = 0; i < pending_end; i++)
		if (pending[i].due > 0 && pending[i].host == host)
			forget(&pending[i]);
}

void wire_set(unsigned host, int way, const struct weather *w)
{
	links[host].way[way] = *w;
}

void wire_hold(unsigned host, int64_t until)
{
	links[host].hold_since = procq_now();
	links[host].hold_until = until;
}

void wire_release(unsigned host)
{
	links[host].hold_until = 0;
	for (size_t i = 0; i < pending_end; i++)
		if (pending[i].due > 0 && pending[i].host == host)
			pending[i].due = procq_now();
}

bool wire_is_fine(unsigned host)
{
	const struct link *l = &links[host];
	int64_t now = procq_now();

	return l->way[WIRE_UP].until < now && l->way[WIRE_DOWN].until < now &&
	       l->hold_until < now;
}

void wire_heal(void)
{
	for (size_t i = 0; i < HOSTS_MAX; i++) {
		memset(links[i].way, 0, sizeof(links[i].way));
		links[i].hold_until = 0;
	}
}

/* When it is to arrive; -1: never. */
static int64_t arrival(struct link *l, int way, const unsigned char *data,
		       size_t size, int64_t now)
{
	const struct weather *w = &l->way[way];
	size_t head = (size_t)(data[0] & 15) * 4;
	unsigned port;

	if (data[9] == 6 && way == WIRE_UP && size >= head + 14) {
		port = (unsigned)data[head] << 8 | data[head + 1];
		if ((data[head + 13] & 0x12) == 2)
			l->born[port] = now;
		if (l->hold_until > now && l->born[port] <= l->hold_since)
			return l->hold_until;
	}
	if (w->until <= now)
		return now;
	if (w->cut || draw(1000) < w->loss)
		return -1;
	return w->delay > 0 ? now + (int64_t)draw((uint64_t)w->delay) : now;
}

static void deliver(unsigned host, int way, const void *data, size_t size)
{
	int fd = way == WIRE_UP ? server_fd : links[host].fd;

	if (fd >= 0)
		(void)!write(fd, data, size);
}

static void put_off(unsigned host, int way, const void *data, size_t size,
		    int64_t due)
{
	size_t i = 0;

	while (i < pending_end && pending[i].due > 0)
		i++;
	if (i == PENDING_MAX)
		return;
	pending[i].data = malloc(size);
	if (!pending[i].data)
		return;
	memcpy(pending[i].data, data, size);
	pending[i].size = size;
	pending[i].host = host;
	pending[i].way = way;
	pending[i].due = due;
	if (i == pending_end)
		pending_end++;
}

static void pass(int fd, int way, unsigned host)
{
	unsigned char data[PACKET_MAX];
	int64_t due, now = procq_now();
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) >= 20) {
		if (data[0] >> 4 != 4)
			continue;
		if (way == WIRE_DOWN)
			host = data[19] - (unsigned)HOST_FIRST;
		if (host >= HOSTS_MAX || links[host].fd < 0)
			continue;
		due = arrival(&links[host], way, data, (size_t)n, now);
		if (due > now)
			put_off(host, way, data, (size_t)n, due);
		else if (due == now)
			deliver(host, way, data, (size_t)n);
	}
}

/* @return when the next one is due */
static int64_t deliver_due(int64_t next)
{
	int64_t now = procq_now();

	for (size_t i = 0; i < pending_end; i++) {
		struct pending *p = &pending[i];

		if (p->due > now && p->due < next)
			next = p->due;
		if (p->due == 0 || p->due > now)
			continue;
		deliver(p->host, p->way, p->data, p->size);
		forget(p);
	}
	while (pending_end > 0 && pending[pending_end - 1].due == 0)
		pending_end--;
	return next;
}

void wire_turn(int64_t deadline)
{
	struct pollfd p[HOSTS_MAX + 1];
	int64_t wait = deliver_due(deadline) - procq_now();

	p[HOSTS_MAX].fd = server_fd;
	for (size_t i = 0; i < HOSTS_MAX; i++)
		p[i].fd = links[i].fd;
	for (size_t i = 0; i <= HOSTS_MAX; i++)
		p[i].events = POLLIN;
	if (poll(p, HOSTS_MAX + 1, wait > 0 ? (int)(wait / MS) + 1 : 0) <= 0)
		return;
	for (unsigned i = 0; i < HOSTS_MAX; i++)
		if (p[i].revents & POLLIN)
			pass(p[i].fd, WIRE_UP, i);
	if (p[HOSTS_MAX].revents & POLLIN)
		pass(server_fd, WIRE_DOWN, 0);
}

#else

int wire_end(unsigned number)
{
	(void)number;
	errno = ENOSYS;
	return -1;
}

#endif
