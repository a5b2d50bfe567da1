/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - what a service tells the manager that has started it, systemd or
 * one that does the same. Without one, nothing.
 */
#ifndef FLEET_NOTIFY_H
#define FLEET_NOTIFY_H

/** Find the manager, by $NOTIFY_SOCKET, and how often it wants to hear that
 * this is alive, by $WATCHDOG_USEC. */
void notify_begin(void);
/** Tell it, say, "READY=1". */
void notify(const char *text);
/** It is alive; told as often as the manager wants. */
void notify_alive(void);

#endif
