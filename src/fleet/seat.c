/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seat.c - see seat.h. Must not guess: what can't be known is said to be a
 * container, of which nothing is proven by another boot.
 *
 * Images are copied with their machine-id. So the machine is known by the
 * addresses of its network cards, too, which virtual machines do not share.
 */
#include <config.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "seat.h"

/* The inode of a machine's first PID namespace: PROC_PID_INIT_INO. */
#define FIRST_WORLD "pid:[4026531836]"
#define CARDS 16

static bool read_word(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	bool good = f && fgets(text, (int)size, f);

	if (f)
		fclose(f);
	if (!good)
		*text = '\0';
	text[strcspn(text, "\n")] = '\0';
	return *text != '\0';
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The cards that are devices: not bridges, tunnels and the like. */
static void add_cards(char *text, size_t size)
{
	char cards[CARDS][32], path[600];
	DIR *d = opendir("/sys/class/net");
	const struct dirent *e;
	size_t n = 0;

	while (d && n < CARDS && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/device",
			 e->d_name);
		if (e->d_name[0] == '.' || access(path, F_OK) < 0)
			continue;
		snprintf(path, sizeof(path), "/sys/class/net/%s/address",
			 e->d_name);
		if (read_word(path, cards[n], sizeof(cards[n])))
			n++;
	}
	if (d)
		closedir(d);
	qsort(cards, n, sizeof(cards[0]), compare);
	for (size_t i = 0; i < n && strlen(text) + 34 < size; i++) {
		strcat(text, " ");
		strcat(text, cards[i]);
	}
}

void seat_find(struct seat *s, const char *object, int64_t created)
{
	char host[128] = "";
	ssize_t n;

	memset(s, 0, sizeof(*s));
	gethostname(host, sizeof(host) - 1);
	/* The name is part of a name with a slash. */
	for (char *c = host; *c; c++)
		if (*c == '/' || (unsigned char)*c < ' ' || *c == 127)
			*c = '_';
	snprintf(s->name, sizeof(s->name), "%s%s", *host ? host : "localhost",
		 object);
	if (!read_word("/etc/machine-id", s->machine, 64))
		s->container = true;
	add_cards(s->machine, sizeof(s->machine));
	if (!read_word("/proc/sys/kernel/random/boot_id", s->boot,
		       sizeof(s->boot)))
		s->container = true;
	n = readlink("/proc/self/ns/pid", s->world, sizeof(s->world) - 1);
	if (n < 0 || strcmp(s->world, FIRST_WORLD) != 0)
		s->container = true;
	snprintf(s->life, sizeof(s->life), "%" PRId64, created);
}

int64_t seat_uptime(void)
{
	return procq_life() / 1000000;
}
