# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of a program of procq for fish.

# __procq_operands PROGRAM: those before the cursor, one to a line; fails if
# there is none
function __procq_operands
	set -l takers __procq_takers_$argv[1]
	set -l words (commandline -opc)
	set -e words[1]
	set -l found
	set -l skip no
	set -l ended no
	for word in $words
		if test $skip = yes
			set skip no
		else if test $ended = no; and test "$word" = --
			set ended yes
		else if test $ended = no; and string match -q -- '--*=*' "$word"
			continue
		else if test $ended = no; and string match -q -- '--*' "$word"
			contains -- "$word" $$takers; and set skip yes
		else if test $ended = no; and string match -q -- '-?*' "$word"
			# The first letter that takes a word ends the letters.
			set -l letters (string split '' -- \
				(string sub -s 2 -- "$word"))
			while set -q letters[1]
				if contains -- -$letters[1] $$takers
					set -q letters[2]; or set skip yes
					break
				end
				set -e letters[1]
			end
		else
			set found $found "$word"
		end
	end
	set -q found[1]; or return 1
	# Of a condition nothing is to be seen.
	status is-command-substitution; or return 0
	printf '%s\n' $found
end

# __procq_in COMMAND: is this the command of procq?
function __procq_in
	set -l operands (__procq_operands procq)
	test "$operands[1]" = $argv[1]
end

# __procq_first COMMAND: the same, and it has no operand yet
function __procq_first
	set -l operands (__procq_operands procq)
	test "$operands" = $argv[1]
end

# The queue that the command line is about, as an option.
function __procq_chosen
	set -l words (commandline -opc)
	set -l operands (__procq_operands procq)
	set -l last
	for word in $words
		switch $word
			case '--queue=*'
				printf '%s\n' -q (string sub -s 9 -- $word)
				return
		end
		if contains -- "$last" -q --queue
			printf '%s\n' -q $word
			return
		end
		set last $word
	end
	if set -q operands[2]; and not string match -qr '^[0-9,]*$' -- $operands[2]
		printf '%s\n' -q $operands[2]
	end
end

function __procq_queue
	procq list -n -r -o name 2>/dev/null | string unescape
end

function __procq_seq
	set -l chosen (__procq_chosen)
	procq show -n -r -o seq,label,pid $chosen 2>/dev/null |
		string replace -r '^(\d+) (.*)$' '$1\t$2'
end

# Words with commas between them: what is there, and each of the others.
function __procq_listed
	set -l before (string replace -r '[^,+]*$' '' -- (commandline -ct))
	# Of --output=A,B the shell has already taken the option off.
	set before (string replace -r '^--[^=]*=' '' -- "$before")
	printf '%s\n' "$before"$argv
end

function __procq_columns
	set -l columns (env LC_ALL=C procq help $argv[1] 2>/dev/null |
		string match -gr '^  ([A-Z_]{2,})  ')
	set -q columns[1]; and __procq_listed $columns
end

function __procq_signal
	printf '%s\n' $__procq_signals
end

function __procq_sequence
	__procq_listed $__procq_signals
end

# The command of a producer, and its own arguments.
function __procq_subcommand
	set -l words (commandline -opc)
	set -l operands (__procq_operands producer)
	if set -q operands[1]
		# It ends the words, whatever stands before it.
		set -l rest $words[(math -(count $operands))..-1]
		complete -C (string join ' ' -- (string escape -- $rest) \
			(commandline -ct))
	else
		__fish_complete_command
	end
end

