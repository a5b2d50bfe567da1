# SPDX-License-Identifier: GPL-3.0-or-later
# example.awk - print an example of procq.h's opening comment as a program.
# Variables: n, which one, from 1; queue, the name to use for "demo".

BEGIN {
	print "#include <stdio.h>\n#include <procq.h>\n"
	print "int main(void)\n{"
}
/^ \*\// {
	exit
}
/^ \*\t/ {
	if (!inside)
		block++
	inside = 1
	if (block == n) {
		sub(/^ \*/, "")
		sub(/"demo"/, "\"" queue "\"")
		print
	}
	next
}
/^ \* [^ ]/ {
	inside = 0
}
END {
	print "}"
}
