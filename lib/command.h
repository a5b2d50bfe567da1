/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * command.h - from a caller's command to what a child needs to execute it.
 */
#ifndef PQ_COMMAND_H
#define PQ_COMMAND_H

#include <stdatomic.h>

#include "procq.h"
#include "child.h"

/* All that the child would otherwise have to work out or to allocate. It points
 * to nothing of the caller's: if exec takes long, the child needs it when
 * procq_spawn() has returned. */
struct pq_prepared {
	char *path;
	const char **argv;
	const char **shell_argv;
	char **envp;
	char *variables;
	struct pq_hole *holes;
};

/* The last command that was found on the PATH. All NULL: none. */
struct pq_lookup {
	char *name;		/* as it was searched for */
	char *dirs;		/* the PATH then */
	char *path;		/* where it was found */
};

/**
 * Look the command up, and make its environment. start then points into
 * *prepared, until pq_command_release().
 * @param queue the value of PROCQ_QUEUE
 * @param last where the last command was found; updated
 * @retval 0
 * @retval -ENOENT, -EACCES it was not found, or is not executable
 * @retval -EINVAL, -ENOMEM
 */
int pq_command_prepare(struct pq_prepared *prepared, struct pq_start *start,
		       const struct procq_command *command, const char *queue,
		       struct pq_lookup *last);
void pq_command_release(struct pq_prepared *prepared);

/* What a child still needs, whose exec takes long. */
struct pq_late {
	struct pq_prepared prepared;
	const _Atomic uint32_t *busy;	/* 0: it needs it no more */
	struct pq_late *next;
};

/** Keep *prepared until *busy is 0; for ever if there is no memory to note it
 * in. */
void pq_late_add(struct pq_late **list, const struct pq_prepared *prepared,
		 const _Atomic uint32_t *busy);
/** Release what is needed no more. */
void pq_late_release(struct pq_late **list);

void pq_lookup_forget(struct pq_lookup *last);

/** The label: as given, or the last component of argv[0], or
 * PROCQ_LABEL_IDLE. */
void pq_command_label(char label[PROCQ_LABEL_SIZE],
		      const struct procq_command *command);

#endif
