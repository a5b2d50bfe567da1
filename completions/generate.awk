# SPDX-License-Identifier: GPL-3.0-or-later
# generate.awk - of the rows in "options", what one shell's completion needs:
#
#	awk -f generate.awk -v shell=bash options
#	awk -f generate.awk -v shell=zsh options
#	awk -f generate.awk -v shell=fish -v program=producer options
#
# The functions that it names are in engine.bash and so on, which stands before
# it in what is installed.

BEGIN {
	FS = "|"
	signals = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 " \
		"PIPE ALRM TERM CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ " \
		"VTALRM PROF WINCH IO SYS"
	print "# Made of the table of options: see completions/ in the source" \
		" of procq."
	if (shell == "bash")
		begin_bash()
}

/^#/ || /^$/ { next }

NF != ($1 == "command" ? 4 : 5) || $NF ~ /['\[\]:\\]/ {
	print FILENAME ":" FNR ": not a row: " $0 > "/dev/stderr"
	bad = 1
	exit
}

$1 == "command" {
	command[++commands] = $2
	operands[$2] = $3
	about[$2] = $4
	next
}

{
	n = split($1, where, ",")
	for (i = 1; i <= n; i++) {
		if (!(where[i] in count))
			scope[++scopes] = where[i]
		row[where[i], ++count[where[i]]] = $2 FS $3 FS $4 FS $5
	}
}

END {
	if (bad)
		exit 1
	if (shell == "bash")
		end_bash()
	else if (shell == "zsh")
		end_zsh()
	else
		end_fish()
}

# The parts of row i of scope s.
function parts(s, i,	part)
{
	split(row[s, i], part, FS)
	letter = part[1]
	long = part[2]
	kind = part[3]
	text = part[4]
}

# Does the option need a word of its own, where it has no "="?
function takes(kind)
{
	return kind != "none" && kind != "optional-dir"
}

function words(kind)
{
	gsub(/,/, " ", kind)
	return kind
}

# ---- bash ----

function begin_bash()
{
	print "declare -gA _procq_kinds _procq_offers _procq_operands"
	print "_procq_signals='" signals "'"
}

function end_bash(	s, i, offers)
{
	for (s = 1; s <= scopes; s++) {
		offers = ""
		for (i = 1; i <= count[scope[s]]; i++) {
			parts(scope[s], i)
			kind = words(kind)
			printf "_procq_kinds[%s:--%s]='%s'\n", scope[s], long,
				kind
			if (letter != "")
				printf "_procq_kinds[%s:-%s]='%s'\n", scope[s],
					letter, kind
			offers = offers " --" long (takes(kind) ? "=" : "")
			if (letter != "")
				offers = offers " -" letter
		}
		printf "_procq_offers[%s]='%s'\n", scope[s], substr(offers, 2)
	}
	for (i = 1; i <= commands; i++) {
		printf "_procq_operands[%s]='%s'\n", command[i],
			operands[command[i]]
		s = s " " command[i]
	}
	sub(/^[0-9]* /, "", s)
	printf "_procq_commands='%s'\n", s
	print "complete -F _procq producer consumer procq procq-top procq-plot"
}

# ---- zsh ----

function zsh_action(kind, s)
{
	if (kind ~ /^(queue|seq|signal|sequence)$/)
		return kind ": _procq_" kind
	if (kind == "columns")
		return "columns: _procq_columns " s
	if (kind == "command")
		return "command: _procq_commands"
	if (kind == "file")
		return "file:_files"
	if (kind ~ /dir$/)
		return "folder:_files -/"
	if (kind ~ /^(number|time|delay|rate|size|text)$/)
		return kind ": "
	return "word:(" words(kind) ")"
}

function zsh_spec(s,	spec)
{
	spec = kind == "none" ? "" : kind == "optional-dir" ? "::" : ":"
	if (spec != "")
		spec = spec zsh_action(kind, s)
	spec = "'[" text "]" spec "'"
	long = "--" long (kind == "none" ? "" : takes(kind) ? "=" : "=-")
	if (letter == "")
		return "'" long "'" spec
	return "'(-" letter " " substr(long, 1, length(long) - takes(kind)) \
		")'{-" letter (takes(kind) ? "+" : "") "," long "}" spec
}

function zsh_specs(s,	i)
{
	for (i = 1; i <= count[s]; i++) {
		parts(s, i)
		print "\t\t" zsh_spec(s)
	}
}

function end_zsh(	s, i, n, each)
{
	print "_procq_signals='" signals "'"
	for (s = 1; s <= scopes; s++) {
		print "_procq_options_" scope[s] "()"
		print "{"
		print "\tspecs=("
		zsh_specs(scope[s])
		n = split(operands[scope[s]], each, " ")
		for (i = 1; i <= n; i++)
			print "\t\t'" (each[i] ~ /file|seq/ ? "*" : i) ":" \
				zsh_action(each[i], scope[s]) "'"
		print "\t)"
		print "}"
	}
	print "_procq_commands()"
	print "{"
	print "\tlocal -a all=("
	for (i = 1; i <= commands; i++)
		print "\t\t'" command[i] ":" about[command[i]] "'"
	print "\t)"
	print "\t_describe -t commands command all"
	print "}"
	print "_procq \"$@\""
}

# ---- fish ----

function fish_argument(kind, s)
{
	if (kind == "none")
		return ""
	if (kind == "optional-dir")
		return " -a '(__fish_complete_directories)'"
	if (kind == "file")
		return " -r -F"
	if (kind == "dir")
		return " -x -a '(__fish_complete_directories)'"
	if (kind ~ /^(queue|seq|columns|signal|sequence)$/)
		return " -x -a '(__procq_" kind " " s ")'"
	if (kind ~ /^(number|time|delay|rate|size|text)$/)
		return " -x"
	return " -x -a '" words(kind) "'"
}

function fish_option(name, condition, s)
{
	printf "complete -c %s -n '%s'%s -l %s%s -d '%s'\n", name, condition,
		(letter == "" ? "" : " -s " letter), long,
		fish_argument(kind, s), text
}

# The options of scope s, as options of the program called name.
function fish_options(name, condition, s,	i)
{
	for (i = 1; i <= count[s]; i++) {
		parts(s, i)
		fish_option(name, condition, s)
	}
}

function condition_first(name, s)
{
	return name == "procq" ? "__procq_first " s : \
		"not __procq_operands " s
}

function fish_operands(name, condition, s,	i, n, each)
{
	n = split(operands[s], each, " ")
	for (i = 1; i <= n; i++)
		if (each[i] == "file")
			printf "complete -c %s -n '%s' -F\n", name, condition
		else if (each[i] == "command")
			printf "complete -c %s -n '%s' -a '(__procq_%s)'\n",
				name, condition, "commands"
		else if (each[i] == "queue")
			printf "complete -c %s -n '%s' -a '(__procq_queue)'\n",
				name, condition_first(name, s)
		else if (each[i] != "number")
			printf "complete -c %s -n '%s' -a '(__procq_%s)'\n",
				name, condition, each[i]
}

# Those of its options that take a word: for __procq_operands.
function fish_takers(	s, i, seen)
{
	printf "set -g __procq_takers_%s", own
	for (s = 1; s <= scopes; s++) {
		if (own != (program == "procq" ? own : scope[s]) ||
		    (own == "procq" && scope[s] ~ /^(producer|consumer)$/))
			continue
		for (i = 1; i <= count[scope[s]]; i++) {
			parts(scope[s], i)
			if (!takes(kind) || seen[letter, long]++)
				continue
			printf " --%s%s", long,
				(letter == "" ? "" : " -" letter)
		}
	}
	print ""
}

function end_fish(	i, s)
{
	own = program
	sub(/^procq-/, "", own)
	print "set -g __procq_signals " signals
	fish_takers()
	print "complete -c " program " -f"
	if (program != "procq") {
		fish_options(program, "not __procq_operands " own, own)
		fish_operands(program, "true", own)
		if (program == "producer")
			print "complete -c producer -a '(__procq_subcommand)'"
		return
	}
	print "function __procq_commands"
	for (i = 1; i <= commands; i++)
		print "\techo " command[i] "\\t'" about[command[i]] "'"
	print "end"
	print "complete -c procq -n 'not __procq_operands procq'" \
		" -a '(__procq_commands)'"
	fish_options("procq", "not __procq_operands procq", "procq")
	for (i = 1; i <= commands; i++) {
		s = command[i]
		fish_options("procq", "__procq_in " s, s)
		fish_operands("procq", "__procq_in " s, s)
	}
}
