# SPDX-License-Identifier: GPL-2.0
# Sourced by the set-up scripts: folders in the cache that are worked in. Their owner holds a lock on them, so those
# that are not locked are what a killed script left.

# sweep_workdirs PARENT/NAME
sweep_workdirs()
{
	for left in "$1".??????; do
		[ -d "$left" ] && flock -n "$left" rm -rf "$left" && say "removed $left, which a killed memlua left"
	done
	return 0
}

# check_cache FOLDER: what is in it is built, loaded and booted, as root if root does it
check_cache()
{
	[ "$(id -u)" -ne 0 ] || [ -z "$(find "$1" -maxdepth 0 -perm -002)" ] ||
		fail "$1: others may write to it, and root builds and boots what is in it; chmod o-w, or set XDG_CACHE_HOME to a folder of root's"
}

# make_workdir PARENT/NAME: sets work to a new folder PARENT/NAME.XXXXXX, which goes at the end
make_workdir()
{
	sweep_workdirs "$1"
	work=$(mktemp -d "$1.XXXXXX") || return
	exec 9<"$work" || return
	flock -n 9 || return
	[ -d "$work" ] || return # taken for a leftover before it was locked
	trap 'stop_ticking; rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM HUP
}
