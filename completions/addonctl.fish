# Completion of addonctl for fish, 3.1 and later: asks the program what can stand at the cursor.

function __addonctl_complete
    set -l words (commandline -opc) (commandline -ct | string collect)
    # Variables that are set for the command alone stand before it.
    while string match -qr -- '^\w+=' $words[1]
        set -e words[1]
    end
    set -l program (string replace -r -- '^~(?=/)' $HOME $words[1])
    command -sq -- $program; or return
    set -l answer (command $program __complete fish $words[2..-1] 2>/dev/null)
    set -l first (string split -- \t "$answer[1]")
    switch $first[1]
        case file
            __fish_complete_path $first[3] | string replace -r -- '^' $first[2]
        case folder
            __fish_complete_directories $first[3] | string replace -r -- '^' $first[2]
        case '*'
            printf '%s\n' $answer[2..-1]
    end
end

complete -c addonctl -e
complete -c addonctl -f -k -a '(__addonctl_complete)'
