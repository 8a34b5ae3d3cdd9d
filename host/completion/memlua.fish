# SPDX-License-Identifier: GPL-2.0
# fish completion of memlua.

function __memlua_commands
    memlua --help 2>/dev/null | sed -n '/^Commands/,/^$/s/^  \([a-z]*\)\( [^ ]*\)\{0,1\}  *\([^ ].*\)/\1\t\3/p'
end

function __memlua_runs
    memlua runs -q 2>/dev/null | awk 'NR > 1 { print $1 } END { if (NR > 1) print "last" }'
end

# Whether a script or command was given yet.
function __memlua_bare
    set -l words (commandline -opc)
    for word in $words[2..-1]
        string match -q -- '-*' $word; or return 1
    end
end

complete -c memlua -n __memlua_bare -a '(__memlua_commands)'
complete -c memlua -n '__fish_seen_subcommand_from show pack' -a '(__memlua_runs)'
complete -c memlua -n '__fish_seen_subcommand_from doctor' -l probe -d 'boot to find out whether KVM works'
complete -c memlua -n '__fish_seen_subcommand_from show' -l html -r -d 'write one HTML file'
complete -c memlua -s e -x -d 'run Lua code'
complete -c memlua -s i -d 'read Lua interactively'
complete -c memlua -s h -l help -d 'show the help'
complete -c memlua -s V -l version -d 'show the version'
complete -c memlua -s v -l verbose -d 'say more on standard error'
complete -c memlua -s q -l quiet -d 'say nothing but errors on standard error'
complete -c memlua -s r -l runs -x -d 'measured runs of each strategy'
complete -c memlua -s w -l warmup -x -d 'unmeasured runs before them'
complete -c memlua -s o -l out -r -a '(__fish_complete_directories)' -d 'the run\'s folder'
complete -c memlua -l seed -x -d 'of everything random'
complete -c memlua -l cell -x -d 'run only this one of the runs'
complete -c memlua -l json -r -d 'write the summary there too'
complete -c memlua -l vm -d 'run in the microVM even where this machine could'
complete -c memlua -l host -d 'run on this machine\'s kernel or not at all'
complete -c memlua -l accel -x -a 'auto kvm tcg' -d 'how the microVM runs'
complete -c memlua -l clock -x -a 'auto real virtual' -d 'the microVM\'s clock'
complete -c memlua -s k -l kernel -r -d 'the microVM\'s kernel: an image or a release'
complete -c memlua -s m -l memory -x -d 'the microVM\'s memory'
complete -c memlua -s p -l cpus -x -d 'the microVM\'s CPUs'
complete -c memlua -l timeout -x -d 'give up after that long'
complete -c memlua -l dry-run -d 'check everything, run nothing'
complete -c memlua -l color -x -a 'auto never always' -d 'coloured output'
