# SPDX-License-Identifier: GPL-2.0
# bash completion of memlua. What it offers comes from memlua itself, so that it can't be out of date.

# The --options of a help text: "memlua --help", "memlua doctor --help".
_memlua_options()
{
	memlua "$@" --help 2>/dev/null | grep -oE '^ +(-[a-zA-Z], +)?--[a-z-]+|^ +-[a-zA-Z]\b' | grep -oE -- '--?[a-zA-Z][a-z-]*'
}

_memlua_commands()
{
	memlua --help 2>/dev/null | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

_memlua_runs()
{
	memlua runs -q 2>/dev/null | awk 'NR > 1 { print $1 } END { if (NR > 1) print "last" }'
}

# The alternatives that the help names for an option: "--accel auto|kvm|tcg".
_memlua_choices()
{
	memlua --help 2>/dev/null | sed -n "s/^ *$1 \([a-z]*|[a-z|]*\).*/\1/p" | tr '|' '\n'
}

# The script or command: the first word that is neither an option nor an option's value.
_memlua_script()
{
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-[erwokmp] | --runs | --warmup | --out | --seed | --cell | --json | --accel | --clock | --kernel | --memory | --cpus | --timeout | --color) ((i++)) ;;
		-*) ;;
		*) echo "${COMP_WORDS[i]}"; return ;;
		esac
	done
}

_memlua()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} script words choices
	script=$(_memlua_script)
	case $prev in
	--accel | --clock | --color)
		choices=$(_memlua_choices "$prev")
		mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
		return ;;
	-o | --out)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return ;;
	-e | -r | -w | -m | -p | --runs | --warmup | --seed | --cell | --memory | --cpus | --timeout)
		return ;;
	esac
	case $script,$cur in
	doctor,-* | runs,-* | show,-* | pack,-* | merge,-*) words=$(_memlua_options "$script") ;;
	*,-*) words=$(_memlua_options) ;;
	show,* | pack,*) words=$(_memlua_runs) ;;
	,*) words=$(_memlua_commands) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"; [[ $cur == -* ]] || compgen -f -- "$cur")
}

complete -o filenames -F _memlua memlua
