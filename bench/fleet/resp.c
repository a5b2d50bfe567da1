/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resp.c - a client of Redis; see resp.h. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "resp.h"

int resp_open(struct resp *r, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	r->in = fdopen(fd, "r");
	r->out = fdopen(dup(fd), "w");
	return r->in && r->out ? 0 : -1;
}

void resp_close(struct resp *r)
{
	if (r->in)
		fclose(r->in);
	if (r->out)
		fclose(r->out);
}

/* A string's bytes follow the line that says how many they are. */
static int read_string(struct resp *r, long length, char text[256])
{
	char all[1024];

	if (length < 0)
		return 0;
	if ((size_t)length + 2 > sizeof(all) ||
	    fread(all, 1, (size_t)length + 2, r->in) != (size_t)length + 2)
		return -1;
	snprintf(text, 256, "%.*s", (int)length, all);
	return 0;
}

long resp_ask(struct resp *r, int words, const char *const *command,
	      char text[256])
{
	char line[256];

	fprintf(r->out, "*%d\r\n", words);
	for (int i = 0; i < words; i++)
		fprintf(r->out, "$%zu\r\n%s\r\n", strlen(command[i]),
			command[i]);
	if (fflush(r->out) != 0 || !fgets(line, sizeof(line), r->in)) {
		snprintf(text, 256, "no answer");
		return -1;
	}
	line[strcspn(line, "\r\n")] = '\0';
	snprintf(text, 256, "%s", line + 1);
	if (*line == ':')
		return strtol(line + 1, NULL, 10);
	if (*line == '$')
		return read_string(r, strtol(line + 1, NULL, 10), text);
	return *line == '+' ? 0 : -1;
}
