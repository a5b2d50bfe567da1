# SPDX-License-Identifier: GPL-3.0-or-later
# tidy.awk - of a page that help2man has made, what manual page checkers find:
# a date has to be one, so the page is of the first day of its month. Must not
# change a word.

BEGIN {
	split("January February March April May June July August September " \
		"October November December", months, " ")
	for (i in months)
		number[months[i]] = i
}

/^\.TH / && match($0, /"[A-Z][a-z]+ [0-9][0-9][0-9][0-9]"/) {
	date = substr($0, RSTART + 1, RLENGTH - 2)
	split(date, part, " ")
	$0 = substr($0, 1, RSTART - 1) \
		sprintf("%s-%02d-01", part[2], number[part[1]]) \
		substr($0, RSTART + RLENGTH)
}

{ print }
