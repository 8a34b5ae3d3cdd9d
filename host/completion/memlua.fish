# SPDX-License-Identifier: GPL-2.0
# fish completion of memlua. memlua itself knows what fits (`memlua complete WORD...`), so this can't be out of date.

function __memlua_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l memlua (string replace -r '^~/' $HOME/ -- $words[1])
    for line in ($memlua complete $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$word"
            case :folders
                __fish_complete_directories "$word" ''
            case ':*'
            case '*'
                echo $line
        end
    end
end

complete -c memlua -f -a '(__memlua_complete)'
