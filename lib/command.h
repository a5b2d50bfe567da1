/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * command.h - from a caller's command to what a child needs to execute it.
 */
#ifndef PQ_COMMAND_H
#define PQ_COMMAND_H

#include "procq.h"
#include "child.h"

/* All that the child would otherwise have to work out or to allocate. */
struct pq_prepared {
	char *path;
	const char **shell_argv;
	char **envp;
	char *variables;
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
		       const char *const *argv, const char *queue,
		       struct pq_lookup *last);
void pq_command_release(struct pq_prepared *prepared);

void pq_lookup_forget(struct pq_lookup *last);

/** The label: as given, or the last component of argv[0], or
 * PROCQ_LABEL_IDLE. */
void pq_command_label(char label[PROCQ_LABEL_SIZE],
		      const struct procq_command *command);

#endif
