/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * openmetrics.h - what the text for Prometheus is made of: OpenMetrics, version
 * 1.0. On standard output; nothing is translated, as it is compared between
 * machines.
 */
#ifndef OPENMETRICS_H
#define OPENMETRICS_H

/** The lines before the samples of procq_NAME. @param unit NULL: none */
void openmetrics_head(const char *name, const char *type, const char *unit,
		      const char *help);
/** The value of a label: UTF-8, with what could harm a terminal made safe. */
void openmetrics_label(const char *text);

#endif
