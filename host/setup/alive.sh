# SPDX-License-Identifier: GPL-2.0
# Sourced by the set-up scripts: a long step shows on a terminal that it lives and, where progress() tells, how far
# it is.

# The width of the terminal that standard error is; wide where it doesn't tell.
columns()
{
	set -- $(stty size <&2 2>/dev/null)
	[ "${2:-0}" -gt 0 ] && echo "$2" || echo 1000
}

# How far the step is, after the time, beginning with a comma; a script may define its own.
progress() { :; }

can_redraw() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${MEMLUA_QUIET:-}" ]; }

# tick TEXT COLUMNS: one line, drawn over: the figures first, so that a narrow terminal cuts off none of them.
tick()
{
	began=$(date +%s)
	while kill -0 $$ 2>/dev/null; do
		line="memlua: $(($(date +%s) - began)) s$(progress): $1"
		printf '\r\033[K%.*s' $(($2 - 4)) "$line" # room for ^C
		sleep 1
	done
}

stop_ticking()
{
	[ -n "${ticker:-}" ] || return 0
	kill "$ticker" 2>/dev/null || :
	wait "$ticker" 2>/dev/null || :
	ticker=
	printf '\r\033[K' >&2
	cat <&7 >&2
	exec 7<&- 8>&-
}

say()
{
	stop_ticking
	[ -n "${MEMLUA_QUIET:-}" ] || echo "memlua: $*" | fold -s -w "$(columns)" >&2
}

# A file without a name, written at 8 and read at 7: a killed script leaves nothing.
open_complaints()
{
	complaints=$(mktemp) || return
	exec 8>"$complaints" 7<"$complaints"
	rm -f "$complaints"
}

# alive TEXT COMMAND...: run the command while that is shown; the text stays, and what the command complained of. A
# caller that traps EXIT stops the ticking there.
alive()
{
	text=$1
	shift
	{ can_redraw && open_complaints; } || { say "$text"; "$@"; return; }
	# killed in the middle of a command, it leaves a pipe without a reader, of which the command would complain
	tick "$text" "$(columns)" >&2 2>/dev/null </dev/null &
	ticker=$!
	ended=0
	"$@" 2>&8 || ended=$?
	say "$text"
	return $ended
}
