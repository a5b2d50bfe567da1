/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet-lock.h - whether a queue has a helper that speaks to its fleet.
 */
#ifndef FLEET_LOCK_H
#define FLEET_LOCK_H

#include <stdbool.h>

/** Become the helper of this object, until fleet_unlock() or the end of the
 * process.
 * @return a descriptor
 * @retval -EBUSY there is one
 * @return else -errno */
int fleet_lock(const char *object);
void fleet_unlock(const char *object, int fd);
/** Is there one? */
bool fleet_is_locked(const char *object);

#endif
