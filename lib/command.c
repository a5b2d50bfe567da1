/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * command.c - from a caller's command to what a child needs to execute it.
 * Must not start a process.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "fill.h"

extern char **environ;

/* Room for a number of 20 digits. */
#define DIGITS 21

static const char *const names[] = {
	"PROCQ_QUEUE=", "PROCQ_SEQ=", "PROCQ_SLOT=",
};

/* ---- where the command is ---- */

static int try_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return -EACCES;
	return 0;
}

static char *join(const char *dir, size_t len, const char *name)
{
	size_t size = len + strlen(name) + 2;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%.*s%s%s", (int)len, dir,
			 len ? "/" : "", name);
	return path;
}

/* The search of execvp(), but in the parent, which may allocate memory. */
static int find_in_path(const char *name, char **path)
{
	/* As with execvp(), the caller must not change its environment at the
	 * same time. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const char *dir = getenv("PATH");
	int rc = -ENOENT;

	if (!dir)
		dir = "/bin:/usr/bin";
	for (;;) {
		size_t len = strcspn(dir, ":");
		int tried;

		*path = join(dir, len, name);
		if (!*path)
			return -ENOMEM;
		tried = try_path(*path);
		if (tried == 0)
			return 0;
		free(*path);
		*path = NULL;
		/* It is there, or may be: report that rather than ENOENT. */
		if (tried != -ENOENT && tried != -ENOTDIR)
			rc = tried;
		if (dir[len] == '\0')
			return rc;
		dir += len + 1;
	}
}

void pq_lookup_forget(struct pq_lookup *last)
{
	free(last->name);
	free(last->dirs);
	free(last->path);
	memset(last, 0, sizeof(*last));
}

static void remember(struct pq_lookup *last, const char *name,
		     const char *dirs, const char *path)
{
	pq_lookup_forget(last);
	/* A relative path is another file in another working directory. */
	if (!dirs || *path != '/')
		return;
	last->name = strdup(name);
	last->dirs = strdup(dirs);
	last->path = strdup(path);
	if (!last->name || !last->dirs || !last->path)
		pq_lookup_forget(last);
}

/* As a shell does, search once for a command that is started again and again.
 */
static int find_again(struct pq_lookup *last, const char *name, char **path)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) see above */
	const char *dirs = getenv("PATH");
	int rc;

	if (last->path && dirs && strcmp(last->name, name) == 0 &&
	    strcmp(last->dirs, dirs) == 0 && try_path(last->path) == 0) {
		*path = strdup(last->path);
		return *path ? 0 : -ENOMEM;
	}
	rc = find_in_path(name, path);
	if (rc == 0)
		remember(last, name, dirs, *path);
	return rc;
}

static int find_command(struct pq_lookup *last, const char *name, char **path)
{
	if (*name == '\0')
		return -ENOENT;
	if (!strchr(name, '/'))
		return find_again(last, name, path);
	*path = strdup(name);
	return *path ? 0 : -ENOMEM;
}

/* ---- what the command sees ---- */

static int is_ours(const char *variable)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return 1;
	return 0;
}

/* Where the strings go, behind the pointers to them, in one allocation. */
static char *copy_string(char *at, const char *string)
{
	size_t size = strlen(string) + 1;

	memcpy(at, string, size);
	return at + size;
}

static size_t count(const char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	return n;
}

/* Copies, since the child may need them when the caller has gone on: see
 * pq_prepared. The output's name is behind the arguments. */
static int make_argv(struct pq_prepared *p, struct pq_start *start,
		     const struct procq_command *command)
{
	const char *const *argv = command->argv;
	bool fills = command->flags & PROCQ_SPAWN_FILL;
	char label[PROCQ_LABEL_SIZE];
	const struct pq_fields words = { .input = command->input,
					 .slot = start->slot };
	const struct pq_fields path = { .label = label, .pid = true,
					.slot = start->slot };
	size_t n = count(argv), size = 0, holes = 0;
	struct pq_hole *hole;
	char *at;

	pq_command_label(label, command);
	for (size_t i = 0; i < n; i++)
		size += i > 0 && fills ? pq_fill_size(argv[i], &words, &holes)
				       : strlen(argv[i]) + 1;
	if (command->output)
		size += pq_fill_size(command->output, &path, &holes);
	p->argv = malloc((n + 1) * sizeof(*p->argv) + size);
	p->holes = hole = malloc((holes + 1) * sizeof(*p->holes));
	if (!p->argv || !p->holes)
		return -ENOMEM;
	at = (char *)(p->argv + n + 1);
	for (size_t i = 0; i < n; i++) {
		p->argv[i] = at;
		at = i > 0 && fills ? pq_fill(at, argv[i], &words, &hole)
				    : copy_string(at, argv[i]);
	}
	p->argv[n] = NULL;
	if (command->output) {
		start->output = at;
		pq_fill(at, command->output, &path, &hole);
	}
	start->holes = p->holes;
	start->hole_count = (size_t)(hole - p->holes);
	return 0;
}

static size_t copy_environment(struct pq_prepared *p)
{
	size_t n = 0, kept = 0, size = 0;
	char *at;

	for (; environ && environ[n]; n++)
		size += strlen(environ[n]) + 1;
	p->envp = malloc((n + 4) * sizeof(*p->envp) + size);
	if (!p->envp)
		return 0;
	at = (char *)(p->envp + n + 4);
	for (size_t i = 0; i < n; i++)
		if (!is_ours(environ[i])) {
			p->envp[kept++] = at;
			at = copy_string(at, environ[i]);
		}
	return kept;
}

static int make_environment(struct pq_prepared *p, struct pq_start *start,
			    const char *queue)
{
	size_t size = strlen(queue) + 64 + 2 * DIGITS;
	size_t n = copy_environment(p);
	char *at, *end;

	p->variables = malloc(size);
	if (!p->envp || !p->variables)
		return -ENOMEM;
	at = p->variables;
	end = at + size;
	p->envp[n++] = at;
	at += snprintf(at, (size_t)(end - at), "%s%s", names[0], queue) + 1;
	p->envp[n++] = at;
	at += snprintf(at, (size_t)(end - at), "%s", names[1]);
	start->seq_digits = at;		/* filled in by the child */
	memset(at, 0, DIGITS);
	at += DIGITS;
	p->envp[n++] = at;
	snprintf(at, (size_t)(end - at), "%s%u", names[2],
		 (unsigned)start->slot);
	p->envp[n] = NULL;
	return 0;
}

/* A script without #! is executed by the shell: sh PATH ARG... */
static int make_shell_argv(struct pq_prepared *p)
{
	size_t n = count(p->argv);

	p->shell_argv = calloc(n + 2, sizeof(*p->shell_argv));
	if (!p->shell_argv)
		return -ENOMEM;
	p->shell_argv[0] = "/bin/sh";
	p->shell_argv[1] = p->path;
	for (size_t i = 1; i < n; i++)
		p->shell_argv[i + 1] = p->argv[i];
	return 0;
}

int pq_command_prepare(struct pq_prepared *prepared, struct pq_start *start,
		       const struct procq_command *command, const char *queue,
		       struct pq_lookup *last)
{
	int rc;

	memset(prepared, 0, sizeof(*prepared));
	if (!command->argv[0])
		return -EINVAL;
	rc = find_command(last, command->argv[0], &prepared->path);
	if (rc == 0)
		rc = make_argv(prepared, start, command);
	if (rc == 0)
		rc = make_shell_argv(prepared);
	if (rc == 0)
		rc = make_environment(prepared, start, queue);
	if (rc < 0) {
		pq_command_release(prepared);
		return rc;
	}
	start->path = prepared->path;
	start->argv = prepared->argv;
	start->shell_argv = prepared->shell_argv;
	start->envp = prepared->envp;
	return 0;
}

void pq_command_release(struct pq_prepared *prepared)
{
	free(prepared->path);
	free(prepared->argv);
	free(prepared->shell_argv);
	free(prepared->envp);
	free(prepared->variables);
	free(prepared->holes);
	memset(prepared, 0, sizeof(*prepared));
}

void pq_late_add(struct pq_late **list, const struct pq_prepared *prepared,
		 const _Atomic uint32_t *busy)
{
	struct pq_late *late = malloc(sizeof(*late));

	if (!late)
		return;
	*late = (struct pq_late){ *prepared, busy, *list };
	*list = late;
}

void pq_late_release(struct pq_late **list)
{
	struct pq_late *late;

	while ((late = *list)) {
		if (atomic_load_explicit(late->busy, memory_order_relaxed)) {
			list = &late->next;
			continue;
		}
		*list = late->next;
		pq_command_release(&late->prepared);
		free(late);
	}
}

void pq_command_label(char label[PROCQ_LABEL_SIZE],
		      const struct procq_command *command)
{
	const char *text = command->label, *slash;

	if (!text && command->argv && command->argv[0]) {
		text = command->argv[0];
		slash = strrchr(text, '/');
		if (slash && slash[1])
			text = slash + 1;
	}
	if (!text)
		text = PROCQ_LABEL_IDLE;
	memset(label, 0, PROCQ_LABEL_SIZE);
	memcpy(label, text, strnlen(text, PROCQ_LABEL_SIZE - 1));
}
