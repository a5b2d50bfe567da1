/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seat.c - see seat.h. Must not guess: what can't be known is said to be a
 * container, of which nothing is proven by another boot.
 *
 * Images are copied with their machine-id. So the machine is known by the
 * addresses of its network cards, too, which virtual machines do not share; and
 * if it has none, a copy would look the same.
 *
 * A container may have the host's name and its PID namespace, but shared memory
 * of its own, and so another queue of the same name. The world is both.
 */
#include <config.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seat.h"

#define SEAT_PATH 600
/* The inode of a machine's first PID namespace: PROC_PID_INIT_INO. */
#define FIRST_WORLD "pid:[4026531836]"
#define MACHINE_ID 32
#define CARDS 64
#define CARD 32

/* A line of a file below root. */
static bool read_line(const char *root, const char *file, char *text,
		      size_t size)
{
	char path[SEAT_PATH];
	FILE *f;
	bool good;

	if (snprintf(path, sizeof(path), "%s%s", root, file) >=
	    (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	good = f && fgets(text, (int)size, f);
	if (f)
		fclose(f);
	if (!good)
		*text = '\0';
	text[strcspn(text, "\n")] = '\0';
	return *text != '\0';
}

/* Not one that is still to be made, of which an image says so in words. */
static bool find_machine(struct seat *s, const char *root)
{
	char id[64];

	if (!read_line(root, "/etc/machine-id", id, sizeof(id)) ||
	    strlen(id) != MACHINE_ID ||
	    strspn(id, "0123456789abcdef") != MACHINE_ID ||
	    strspn(id, "0") == MACHINE_ID)
		return false;
	snprintf(s->machine, sizeof(s->machine), "%s", id);
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The address of a card that is a device: no bridge, tunnel and the like. */
static bool read_card(const char *root, const char *name, char card[CARD])
{
	char path[SEAT_PATH];
	struct stat st;

	if (name[0] == '.' ||
	    snprintf(path, sizeof(path), "%s/sys/class/net/%s/device", root,
		     name) >= (int)sizeof(path) || stat(path, &st) < 0)
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	return read_line(root, path, card, CARD);
}

/* The first ones in their order, whatever that of the folder is. */
static bool add_cards(struct seat *s, const char *root)
{
	char cards[CARDS][CARD], path[SEAT_PATH];
	const struct dirent *e;
	size_t n = 0, len = strlen(s->machine);
	DIR *d;

	snprintf(path, sizeof(path), "%s/sys/class/net", root);
	d = opendir(path);
	while (d && n < CARDS && (e = readdir(d)))
		if (read_card(root, e->d_name, cards[n]))
			n++;
	if (d)
		closedir(d);
	qsort(cards, n, sizeof(cards[0]), compare);
	for (size_t i = 0; i < n && len + CARD < sizeof(s->machine); i++)
		len += (size_t)snprintf(s->machine + len,
					sizeof(s->machine) - len, " %s",
					cards[i]);
	return n > 0;
}

/* Which processes there may be, and which shared memory.
 * @retval false it is not the machine's own */
static bool find_world(struct seat *s, const char *root)
{
	char path[SEAT_PATH], name[32];
	struct stat st;
	ssize_t n;
	bool first;

	snprintf(path, sizeof(path), "%s/proc/self/ns/pid", root);
	n = readlink(path, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	first = strcmp(name, FIRST_WORLD) == 0;
	snprintf(path, sizeof(path), "%s/dev/shm", root);
	if (stat(path, &st) < 0) {
		first = false;
		st.st_dev = 0;
	}
	snprintf(s->world, sizeof(s->world), "%s shm:%ju", name,
		 (uintmax_t)st.st_dev);
	return first;
}

static void find_name(struct seat *s, const char *object)
{
	char host[128] = "";

	gethostname(host, sizeof(host) - 1);
	/* The name is part of a name with a slash. */
	for (char *c = host; *c; c++)
		if (*c == '/' || (unsigned char)*c < ' ' || *c == 127)
			*c = '_';
	snprintf(s->name, sizeof(s->name), "%s%s", *host ? host : "localhost",
		 object);
}

void seat_find_at(struct seat *s, const char *root, const char *object,
		  int64_t created)
{
	bool known;

	memset(s, 0, sizeof(*s));
	find_name(s, object);
	known = find_machine(s, root);
	known &= add_cards(s, root);
	known &= read_line(root, "/proc/sys/kernel/random/boot_id", s->boot,
			   sizeof(s->boot));
	known &= find_world(s, root);
	s->container = !known;
	snprintf(s->life, sizeof(s->life), "%" PRId64, created);
}

void seat_find(struct seat *s, const char *object, int64_t created)
{
	seat_find_at(s, "", object, created);
}

int64_t seat_uptime(void)
{
	return procq_life() / 1000000;
}
