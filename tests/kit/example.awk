# SPDX-License-Identifier: GPL-3.0-or-later
# example.awk - print an example of procq.h's opening comment.
# Variables: n, which one, from 1; queue, the name to use for "demo".

/^ \*\// {
	exit
}
/^ \*\t/ {
	if (!inside)
		block++
	inside = 1
}
/^ \* [^ ]/ {
	inside = 0
}
inside && block == n {
	sub(/^ \*\t?/, "")
	sub(/"demo"/, "\"" queue "\"")
	print
}
