# SPDX-License-Identifier: GPL-3.0-or-later
# generate.awk - the mutants of the library that need no hand.
#
#	awk -f generate.awk lib/FILE...
#		a line for each mutant: FILE IDENTITY
#	WANT=IDENTITY awk -f generate.awk lib/FILE
#		FILE with this mutant in it. Exit status 3: it has no such one
#
# IDENTITY is FUNCTION:OPERATOR:CODE: the function that changes, how, and what
# of it: the beginning of the code, without white space and comments. The
# second of the same name has @2 after it, and so on. So an identity outlives
# a new layout, new comments, and a move of the function to another file.
#
#	drop		a statement goes; or an else with what belongs to it
#	swap		a statement and the next one change places
#	true, false	what a condition, a return or an assignment has as value
#	yes, no		the same; but what it was is worked out before
#	not		a condition is negated
#	flip		< becomes <=, == becomes !=, and the other way round
#	lose		an operand of && || & | + - goes
#	more, less	a number is one more, one less
#	forget		what a call returns is not assigned
#	store		a compare-and-swap becomes a store, and succeeds
#	relax		a memory order becomes relaxed
#
# It knows of C what lib/ needs: a brace after a parenthesis, outside of all
# others, begins a function. A mutant may fail to compile, or change nothing.

BEGIN {
	want = ENVIRON["WANT"]
	LONGEST = 40
	# How strongly an operator binds; 0 is where an expression ends.
	ranks = "0 = 0 += 0 -= 0 *= 0 /= 0 |= 0 &= 0 ^= 0 <<= 0 >>= 0 , 0 ; " \
		"0 return 0 case 1 ? 1 : 2 || 3 && 4 | 5 ^ 6 & 7 == 7 != " \
		"8 < 8 > 8 <= 8 >= 9 << 9 >> 10 + 10 - 11 * 11 / 11 %"
	for (n = split(ranks, word, " "); n > 0; n -= 2)
		rank[word[n]] = word[n - 1]
	n = split("< <= > >= == !=", word, " ")
	for (i = 1; i <= n; i += 2) {
		flip[word[i]] = word[i + 1]
		flip[word[i + 1]] = word[i]
	}
	n = 0
	token = "^([ \t]+|/[*]|[A-Za-z_0-9]+|\"([^\"\\\\]|\\\\.)*\"|" \
		"'([^'\\\\]|\\\\.)*'|(<<|>>)=|->|[+][+]|--|<<|>>|&&|[|][|]|" \
		"[-+*/%&|^<>=!]=|.)"
}

# ---- tokens: t[1] to t[n], in the text from[] to upto[] ----

FNR == 1 && n {
	file_done()
}

{
	scan($0, length(text))
	text = text $0 "\n"
	file = FILENAME
}

END {
	if (!found)
		file_done()
	if (want != "" && !found)
		exit 3
}

function scan(line, base,	at, rest)
{
	for (at = 1; (rest = substr(line, at)) != ""; at += RLENGTH) {
		if (comment) {
			comment = !match(rest, /[*]\//)
			RLENGTH = comment ? length(rest) : RSTART + 1
			continue
		}
		match(rest, token)
		if (rest ~ /^\/[*]/)
			comment = 1
		else if (rest ~ /^#/ && substr(line, 1, at - 1) !~ /[^ \t]/)
			directive = 1
		else if (rest !~ /^[ \t]/ && !directive) {
			t[++n] = substr(rest, 1, RLENGTH)
			from[n] = base + at
			upto[n] = base + at + RLENGTH - 1
		}
	}
	directive = directive && line ~ /\\$/
}

# ---- functions and statements ----

function file_done(	i, top, name, open)
{
	for (i = 1; i <= n; i++)
		if (t[i] ~ /^[[({]$/)
			open[++top] = i
		else if (t[i] ~ /^[])}]$/) {
			mate[i] = open[top]
			mate[open[top--]] = i
		}
	for (i = 1; i <= n && !found; i++) {
		if (t[i] == "(" && name == "")
			name = t[i - 1]
		else if (t[i] ~ /^[;=]$/)
			name = ""
		if (t[i] == "{" && t[i - 1] == ")") {
			fn = name
			end = mate[i]
			block(i)
		}
		if (t[i] == "{")
			name = ""
		if (t[i] ~ /^[[({]$/)
			i = mate[i]
	}
	text = ""
	n = comment = directive = 0
	split("", seen)
}

function block(i,	j, last, was, was_last)
{
	for (j = i + 1; j < mate[i]; j = last + 1) {
		fixed = 0
		last = statement(j, "")
		if (fixed) {
			was = 0
			continue
		}
		if (was && source(was_last + 1, j - 1) !~ /\n[ \t]*#/)
			mutant("swap", was, last,
			       source(j, last) "\n" source(was, was_last))
		was = j
		was_last = last
	}
}

# The statement at i: where it ends. What stands in its place if it goes; and
# fixed: it can't change places with another.
function statement(i, instead,	j, other)
{
	if (t[i] == "{") {
		block(i)
		fixed = 0
		return mate[i]
	}
	if (t[i] ~ /^(case|default)$/ || t[i + 1] == ":") {
		for (j = i; t[j] != ":"; j++)
			;
		fixed = 1
		return j
	}
	if (t[i] ~ /^(if|while|switch|for)$/) {
		header(i + 1)
		j = statement(mate[i + 1] + 1, ";")
		if (t[i] == "if" && t[j + 1] == "else") {
			other = j + 1
			j = statement(other + 1, ";")
			mutant("drop", other, j, "")
		}
		fixed = 0
	} else if (t[i] == "do") {
		j = statement(i + 1, ";")
		header(j + 2)
		j = mate[j + 2] + 1
		fixed = 0
	} else {
		j = right(i - 1, -1, n) + 1
		if (!simple(i, j))
			return j
	}
	if (j > i)
		mutant("drop", i, j, instead)
	return j
}

# What stands in the parentheses of a statement.
function header(i,	a, b)
{
	expression(i + 1, mate[i] - 1)
	if (t[i - 1] == "switch")
		return
	a = i + 1
	b = mate[i] - 1
	if (t[i - 1] == "for") {
		a = right(i, -1, b) + 2
		b = right(a - 1, -1, b)
		if (b + 2 < mate[i])
			mutant("drop", b + 2, mate[i] - 1, "")
	}
	if (b >= a && value(a, b))
		mutant("not", a, b, "!(" source(a, b) ")")
}

# False: it can't be dropped.
function simple(i, j,	is_declaration)
{
	fixed = t[i] ~ /^(return|break|continue|goto)$/
	if (t[i] ~ /^__asm/)
		return 0
	is_declaration = !fixed && declares(i)
	fixed = fixed || is_declaration
	if (t[i] == "return" && j > i + 1)
		value(i + 1, j - 1)
	expression(i, j - 1)
	return !is_declaration && !(t[i] == "return" && j + 1 == end)
}

function declares(i)
{
	return t[i] ~ /^[A-Za-z_]/ &&
	       (t[i + 1] ~ /^[A-Za-z_]/ ||
		t[i + 1] == "*" && t[i + 2] ~ /^[A-Za-z_*]/)
}

# ---- expressions ----

function binary(i)
{
	return t[i] in rank && (t[i] !~ /^[-+&*]$/ ||
	       t[i - 1] ~ /[])A-Za-z_0-9"']$/ && !(t[i - 1] in rank) &&
	       !(t[i - 1] == ")" && t[i - 2] ~ /(_t|long|int|char|[*])$/))
}

# The operand before i: where it begins. Operators from this rank on belong
# to it.
function left(i, least)
{
	while (--i >= first)
		if (t[i] ~ /^[])}]$/)
			i = mate[i]
		else if (t[i] ~ /^[[({]$/ || binary(i) && rank[t[i]] <= least)
			break
	return i + 1
}

# The operand after i: where it ends. Of rank -1: at a semicolon.
function right(i, least, last)
{
	while (++i <= last)
		if (t[i] ~ /^[[({]$/)
			i = mate[i]
		else if (t[i] ~ /^[])}]$/ || t[i] == ";" ||
			 binary(i) && rank[t[i]] <= least)
			break
	return i - 1
}

function expression(a, b,	i)
{
	first = a
	for (i = a; i <= b; i++)
		if (t[i] == "?")
			value(left(i, 1), i - 1)
		else if (t[i] == "=")
			assignment(i, left(i, 0), right(i, 0, b))
		else if (t[i] in rank)
			operator(i, b)
		else if (t[i] ~ /^[0-9]/) {
			mutant("more", i, i, "(" t[i] " + 1)", i - 1, i + 1)
			mutant("less", i, i, "(" t[i] " - 1)", i - 1, i + 1)
		} else if (t[i] ~ /^(true|false)$/)
			mutant("not", i, i, "!" t[i], i - 1, i + 1)
		else if (t[i] ~ /^atomic_/ && t[i + 1] == "(")
			atomic(i, mate[i + 1])
}

function operator(i, last,	a, b)
{
	if (!binary(i) || rank[t[i]] < 2)
		return
	a = left(i, rank[t[i]])
	b = right(i, rank[t[i]], last)
	if (t[i] in flip)
		mutant("flip", i, i, flip[t[i]], a, b)
	else if (t[i] ~ /^(&&|[|][|]|[-+&|])$/) {
		mutant("lose", i, b, "")
		if (a == first || rank[t[a - 1]] != rank[t[i]])
			mutant("lose", a, i, "")
	}
}

function assignment(i, a, b)
{
	if (t[i + 1] == "{")
		return
	if (declares(a))
		a = i - 1
	else if (calls(i + 1, b))
		mutant("forget", a, i, "", a, b)
	value(i + 1, b, a)
}

# False: a constant. The identity names the code from c on.
function value(a, b, c)
{
	c = c ? c : a
	if (a == b && t[a] ~ /^([01]|NULL|true|false)$/)
		return 0
	mutant("true", a, b, "true", c, b)
	mutant("false", a, b, "false", c, b)
	if (calls(a, b)) {
		mutant("yes", a, b, "((" source(a, b) "), true)", c, b)
		mutant("no", a, b, "((" source(a, b) "), false)", c, b)
	}
	return 1
}

function calls(a, b)
{
	for (; a < b; a++)
		if (t[a] ~ /^[A-Za-z_]/ && t[a + 1] == "(")
			return 1
	return 0
}

function atomic(i, last,	j, name)
{
	name = t[i]
	for (j = i + 2; j < last; j++)
		if (t[j] ~ /^memory_order_/ && t[j] !~ /relaxed/)
			mutant("relax", j, j, "memory_order_relaxed", i, last)
	if (name ~ /^atomic_(load|store|exchange|fetch_[a-z]+)$/)
		mutant("relax", i, last, name "_explicit(" \
		       source(i + 2, last - 1) ", memory_order_relaxed)")
	if (name !~ /^atomic_compare_exchange/)
		return
	if (name !~ /explicit/)
		mutant("relax", i, last, name "_explicit(" \
		       source(i + 2, last - 1) \
		       ", memory_order_relaxed, memory_order_relaxed)")
	j = right(i + 1, 0, last)
	from_third = right(j + 1, 0, last) + 2
	mutant("store", i, last, "(atomic_store(" source(i + 2, j) ", " \
	       source(from_third, right(from_third - 1, 0, last)) "), true)")
}

# ---- mutants ----

function source(a, b)
{
	return substr(text, from[a], upto[b] - from[a] + 1)
}

# In place of the tokens a to b: instead. The identity names those of c to d,
# if it is not these.
function mutant(how, a, b, instead, c, d,	code, identity)
{
	if (!c) {
		c = a
		d = b
	}
	while (c <= d && length(code) < LONGEST)
		code = code t[c++]
	code = substr(code, 1, LONGEST)
	gsub(/[ \t]/, "_", code)
	identity = fn ":" how ":" code
	if (++seen[identity] > 1)
		identity = identity "@" seen[identity]
	if (want == "")
		print file, identity
	else if (identity == want && !found) {
		found = 1
		printf "%s%s%s", substr(text, 1, from[a] - 1), instead,
			substr(text, upto[b] + 1)
	}
}
