#compdef producer consumer procq procq-top procq-plot
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of producer, consumer, procq, procq-top and procq-plot for zsh.

# A name has its blanks as \x20, and may hold anything else: it goes to
# compadd, which quotes.
_procq_queue()
{
	local -a names
	names=(${(f)"$(_call_program queues procq list -n -r -o name \
		2>/dev/null)"})
	names=("${(@g::)names}")
	_wanted queues expl queue compadd -a names
}

_procq_seq()
{
	local -a seqs chosen
	local queue=${opt_args[-q]:-${opt_args[--queue]}}
	if [[ -z $queue && ${line[1]-} == *[^0-9,]* ]]; then
		queue=$line[1]
	fi
	[[ -z $queue ]] || chosen=(-q "$queue")
	compset -P '*,'
	seqs=(${(f)"$(procq show -n -r -o seq $chosen 2>/dev/null)"})
	_wanted seqs expl 'number of a process' compadd -a seqs
}

_procq_columns()
{
	local -a columns
	columns=(${(f)"$(LC_ALL=C procq help $1 2>/dev/null |
		sed -n 's/^  \([A-Z_]\{2,\}\)  .*/\1/p')"})
	compset -P '*[,+]'
	_wanted columns expl column \
		compadd -q -S , -M 'm:{a-z}={A-Z}' -a columns
}

_procq_signal()
{
	local -a names=($=_procq_signals)
	[[ $PREFIX != SIG* ]] || names=(SIG$^names)
	_wanted signals expl signal compadd "$@" -M 'm:{a-z}={A-Z}' -a names
}

_procq_sequence()
{
	compset -P '*,'
	_procq_signal -q -S ,
}

# The options and operands of what $1 names.
_procq_arguments()
{
	local -a specs
	(( $+functions[_procq_options_$1] )) || return 1
	_procq_options_$1
	_arguments -s -S "${specs[@]}"
}

_procq()
{
	local curcontext=$curcontext state state_descr
	local -a line specs
	typeset -A opt_args
	local name=${service#procq-}
	case $name in
	producer)
		_procq_options_producer
		# What stands behind the command is the command's.
		_arguments -s -S -A '-*' "${specs[@]}" \
			'(-)1:command: _command_names -e' \
			'*::arguments: _normal'
		;;
	procq)
		_procq_options_procq
		_arguments -C -s -S -A '-*' "${specs[@]}" \
			'1:command:_procq_commands' '*::argument:->argument' &&
			return
		[[ $state == argument ]] || return 1
		curcontext=${curcontext%:*:*}:procq-$words[1]:
		_procq_arguments $words[1]
		;;
	*)
		_procq_arguments $name
		;;
	esac
}

