/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * i18n.h - the marks of strings that are translated.
 *
 * Include it after <config.h>. Must not be used on a string that programs
 * read, such as the name of a field.
 */
#ifndef I18N_H
#define I18N_H

#if defined ENABLE_NLS && ENABLE_NLS
# include <libintl.h>
# define _(s) gettext(s)
# define P_(one, many, n) ngettext(one, many, n)
#else
# define _(s) (s)
# define P_(one, many, n) ((n) == 1 ? (one) : (many))
#endif

/* Marks a string that is translated later, by _() where it is printed. */
#define N_(s) s

#endif
