/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * harness.c - see harness.h.
 */
#include <config.h>

#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OPTIONS_MAX 16

/* ---- what went wrong ---- */

char trouble[TROUBLE_SIZE];

void keep_first(char *text, const char *format, va_list args)
{
	if (!*text)
		vsnprintf(text, TROUBLE_SIZE, format, args);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_first(trouble, format, args);
	va_end(args);
}

/* ---- options ---- */

static const struct harness *harness;

void usage(int status)
{
	FILE *f = status ? stderr : stdout;
	char left[40];

	fprintf(f, "Usage: %s [OPTION]...\n", harness->name);
	for (const struct harness_option *o = harness->options; o->name; o++) {
		snprintf(left, sizeof(left), "%s%s%s", o->name,
			 o->value ? "=" : "", o->value ? o->value : "");
		fprintf(f, "  --%-15s  %s\n", left, o->help);
	}
	if (harness->more)
		fprintf(f, "%s\n", harness->more);
	exit(status);
}

static size_t read_count(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (n == 0 || *end)
		usage(2);
	return n;
}

static void take_option(const struct harness_option *o, const char *value)
{
	if (o->flag)
		*o->flag = true;
	else if (o->text)
		*o->text = value;
	else if (o->read)
		o->read(value);
	else
		*o->count = read_count(value);
}

void read_options(const struct harness *h, int argc, char **argv)
{
	struct option longs[OPTIONS_MAX + 2] = { { .name = "help" } };
	int index, c;

	harness = h;
	for (int i = 0; i < OPTIONS_MAX && h->options[i].name; i++) {
		longs[i + 1].name = h->options[i].name;
		if (h->options[i].value)
			longs[i + 1].has_arg = required_argument;
	}
	while ((c = getopt_long(argc, argv, "", longs, &index)) != -1) {
		if (c != 0 || index == 0)
			usage(c == 0 ? 0 : 2);
		take_option(&h->options[index - 1], optarg);
	}
	if (optind < argc)
		usage(2);
}

/* ---- what is open and locked ---- */

int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* The kernel names one stretch of them, then those on both sides are asked
 * for. */
int64_t bytes_held(int fd, int64_t begin, int64_t end)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int64_t from, to, below, above;

	if (begin >= end)
		return 0;
	fl.l_start = (off_t)begin;
	fl.l_len = (off_t)(end - begin);
	if (fcntl(fd, F_GETLK, &fl) < 0)
		return -1;
	if (fl.l_type == F_UNLCK)
		return 0;
	from = fl.l_start > begin ? fl.l_start : begin;
	to = fl.l_len && fl.l_start + fl.l_len < end ? fl.l_start + fl.l_len
						     : end;
	below = bytes_held(fd, begin, from);
	above = bytes_held(fd, to, end);
	return below < 0 || above < 0 ? -1 : to - from + below + above;
}
