/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.h - a host of a fleet, made of namespaces: network, mounts (so an own
 * /dev/shm), processes, time, name; with a machine-id and a boot-id.
 */
#ifndef HOST_H
#define HOST_H

#include <sys/types.h>

/** Boot it. What runs there is started, and disturbed, by its first process,
 * until the phase is PHASE_END; then that says farewell, and ends.
 * @param end set to the descriptor of its end of the wire
 * @return its first process, -1: it can't be had */
pid_t host_boot(unsigned host, int *end);
/** Its name, and that of its queue. */
void host_name(unsigned host, char name[16]);
void host_queue(unsigned host, char name[64]);

#endif
