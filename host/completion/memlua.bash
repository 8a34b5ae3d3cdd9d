# SPDX-License-Identifier: GPL-2.0
# bash completion of memlua. memlua itself knows what fits (`memlua complete WORD...`), so this can't be out of date.

_memlua()
{
	local words=() word line i
	# bash makes three words of --accel=kvm
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -gt 1 && ($word == = || ${COMP_WORDS[i - 1]} == =) ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
		fi
	done
	local last=${words[${#words[@]} - 1]} cur=${COMP_WORDS[COMP_CWORD]}
	[[ $cur == = ]] && cur=
	local taken=${last%"$cur"}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:files) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur") ;;
		:folders) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$cur") ;;
		:*) ;;
		*) line=${line%%$'\t'*} && COMPREPLY+=("${line#"$taken"}") ;;
		esac
	done < <("${COMP_WORDS[0]/#\~\//$HOME/}" complete "${words[@]}" 2>/dev/null)
}

complete -o filenames -F _memlua memlua
