# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Completion of producer, consumer, procq, procq-top and procq-plot for bash.
#
# It must not let the shell expand what others have named: a queue may be
# called $(reboot), so no such word goes through compgen -W.

# _procq_offer WORD...: those that begin with $cur, quoted where they have to be
_procq_offer()
{
	local word
	for word do
		[[ $word == "$cur"* ]] || continue
		[[ $word != *[!-[:alnum:]_,.:=+/@%]* ]] ||
			printf -v word %q "$word"
		COMPREPLY+=("$word")
	done
}

# _procq_listed WORD...: for the last of the words with commas between them
_procq_listed()
{
	local before=${cur%"${cur##*[,+]}"}
	_procq_offer "${@/#/$before}"
	compopt -o nospace
}

# _procq_lines COMMAND...: its lines into the array lines, escapes undone
_procq_lines()
{
	local i
	mapfile -t lines < <(LC_ALL=C.UTF-8 "$@" 2>/dev/null)
	for i in "${!lines[@]}"; do
		printf -v "lines[i]" %b "${lines[i]}"
	done
}

# _procq_path DIR_OR_FILE: a letter of compgen
_procq_path()
{
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen "-$1" -- "$cur")
}

_procq_seqs()
{
	local lines
	_procq_lines procq show -n -r -o seq ${queue:+-q "$queue"}
	if [[ $1 == listed ]]; then
		_procq_listed "${lines[@]}"
	else
		_procq_offer "${lines[@]}"
	fi
}

_procq_columns()
{
	local lines
	mapfile -t lines < <(LC_ALL=C procq help "$1" 2>/dev/null |
		sed -n 's/^  \([A-Z_]\{2,\}\)  .*/\1/p')
	[[ $cur != *[a-z]* ]] || lines=("${lines[@],,}")
	_procq_listed "${lines[@]}"
}

# _procq_kind KIND SCOPE: complete what is one of these
_procq_kind()
{
	local lines
	case $1 in
	queue)
		_procq_lines procq list -n -r -o name
		_procq_offer "${lines[@]}"
		;;
	seq) _procq_seqs listed ;;
	columns) _procq_columns "$2" ;;
	signal)
		read -ra lines <<<"$_procq_signals"
		[[ $cur != SIG* ]] || lines=("${lines[@]/#/SIG}")
		_procq_offer "${lines[@]}"
		;;
	sequence)
		read -ra lines <<<"$_procq_signals"
		_procq_listed "${lines[@]}"
		;;
	file) _procq_path f ;;
	dir | optional-dir) _procq_path d ;;
	none | number | time | delay | rate | size | text | '') ;;
	*)
		read -ra lines <<<"$1"
		_procq_offer "${lines[@]}"
		;;
	esac
}

# _procq_option WORD: what its argument is, if the next word is that: in kind.
# One word may hold several letters, and the argument of the last.
_procq_option()
{
	local word=$1 i
	kind=
	case $word in
	--*=*) ;;
	--*) kind=${_procq_kinds[$scope:$word]-} ;;
	*)
		for ((i = 1; i < ${#word}; i++)); do
			kind=${_procq_kinds[$scope:-${word:i:1}]-}
			case $kind in
			none | '') continue ;;
			esac
			((i + 1 == ${#word})) || kind=
			break
		done
		;;
	esac
	case $kind in
	none | optional-dir) kind= ;;
	esac
}

# What is the word at the cursor an argument of? Sets scope, kind, queue,
# operands, ended and first, from the words before it.
_procq_look()
{
	local i word
	for ((i = 1; i < last; i++)); do
		word=${words[i]}
		if [[ -n $kind ]]; then
			[[ $kind != queue ]] || queue=$word
			kind=
		elif [[ $ended == no && $word == -- ]]; then
			ended=yes
		elif [[ $ended == no && $word == -?* ]]; then
			[[ $word != --queue=* ]] || queue=${word#*=}
			_procq_option "$word"
		elif [[ $scope == procq ]]; then
			scope=$word
			ended=no
		else
			operands+=("$word")
			((first)) || first=$i
			[[ $scope != producer ]] || return
		fi
	done
}

_procq_operand()
{
	local each lines
	if [[ $scope == procq || $scope == help ]]; then
		read -ra lines <<<"$_procq_commands"
		_procq_offer "${lines[@]}"
		return
	fi
	read -ra each <<<"${_procq_operands[$scope]-}"
	case ${each[*]} in
	file) _procq_path f ;;
	*seq)
		[[ ${operands[0]-} != *[!0-9,]* ]] ||
			queue=${queue:-${operands[0]}}
		((${#operands[@]})) || _procq_kind queue "$scope"
		_procq_seqs
		;;
	queue*) ((${#operands[@]})) || _procq_kind queue "$scope" ;;
	esac
}

# The command of a producer, and its own arguments.
_procq_command()
{
	if ((first)) && declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$first"
	elif ((first)) && declare -F _command_offset >/dev/null; then
		_command_offset "$first"
	elif ((first)); then
		_procq_path f
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	fi
}

_procq()
{
	local cur scope=${1##*/} kind='' queue='' ended=no first=0 last i
	local line=${COMP_LINE:0:COMP_POINT} offers
	local -a words operands=()
	COMPREPLY=()
	scope=${scope#procq-}
	read -ra words <<<"$line"
	[[ $line != *[[:blank:]] ]] || words+=('')
	last=$((${#words[@]} - 1))
	cur=${words[last]}
	_procq_look
	if [[ $scope == producer && $first -gt 0 ]]; then
		_procq_command
		return
	elif [[ -n $kind ]]; then
		_procq_kind "$kind" "$scope"
	elif [[ $ended == no && $cur == --*=* ]]; then
		kind=${_procq_kinds[$scope:${cur%%=*}]-}
		i=${cur%%=*}=
		cur=${cur#*=}
		_procq_kind "$kind" "$scope"
		# The shell replaces what stands behind the last =, as a rule.
		[[ $COMP_WORDBREAKS == *=* ]] ||
			COMPREPLY=("${COMPREPLY[@]/#/$i}")
	elif [[ $ended == no && $cur == -* ]]; then
		read -ra offers <<<"${_procq_offers[$scope]-}"
		_procq_offer "${offers[@]}"
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] ||
			compopt -o nospace
	elif [[ $scope == producer ]]; then
		_procq_command
	else
		_procq_operand
	fi
	# Likewise behind the last colon.
	if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
		i=${cur%"${cur##*:}"}
		COMPREPLY=("${COMPREPLY[@]#"$i"}")
	fi
}

