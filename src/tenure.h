/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tenure.h - what a run of producer or consumer does about the lease of its
 * queue: it says when that is over, when it is back, and when the slots were
 * taken back by somebody; and knows whether all processes are to be ended.
 *
 * Must not end one.
 */
#ifndef TENURE_H
#define TENURE_H

#include <stdbool.h>
#include <stdint.h>

struct run;

/** A policy by name, as --policy has it. Not translated. */
const char *tenure_policy(uint32_t policy);
/** The policy of that name, an enum procq_policy; 0: there is none. */
uint32_t tenure_policy_named(const char *name);

/** Look at the lease. A line goes out if it is over since the last look, or is
 * not any more.
 * @return are all processes to be ended now? */
bool tenure_look(struct run *r);

#endif
