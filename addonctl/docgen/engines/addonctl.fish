# Completion of addonctl for fish, 3.1 and later.
# Written by `python -m addonctl.docgen` from the command tree. Do not edit.

#TABLES#

# Set the path, and the rows of its commands, its options and its argument.
function __addonctl_enter
    set -g __addonctl_path $argv[1]
    set -g __addonctl_commands
    set -g __addonctl_options
    set -g __addonctl_kind
    set -g __addonctl_words
    __addonctl_command $argv[1]
end

# Whether the option $argv[1] takes a value; sets kind and words to what it may be.
function __addonctl_takes
    set -g __addonctl_kind
    set -g __addonctl_words
    __addonctl_value "$__addonctl_path $argv[1]"
    test -n "$__addonctl_kind"
end

# Take note of the option $argv[1] having the value $argv[2].
function __addonctl_note
    switch $argv[1]
        case #PROFILE#
            set -g __addonctl_profile $argv[2]
        case #ACCOUNT#
            set -g __addonctl_account $argv[2]
    end
end

# Read one word before the cursor.
function __addonctl_read --argument-names word
    if test -n "$__addonctl_pending"
        __addonctl_note $__addonctl_pending $word
        set -g __addonctl_pending
        return
    end
    if test -z "$__addonctl_plain"
        switch $word
            case --
                set -g __addonctl_plain yes
                return
            case '--*=*'
                __addonctl_note (string split -m 1 = -- $word)
                return
            case '--*'
                __addonctl_takes $word; and set -g __addonctl_pending $word
                return
            case '-?*'
                set -l first (string sub -l 2 -- $word)
                set -l last -(string sub -s -1 -- $word)
                if __addonctl_takes $first; and test (string length -- $word) -gt 2
                    __addonctl_note $first (string sub -s 3 -- $word)
                else if __addonctl_takes $last
                    set -g __addonctl_pending $last
                end
                return
        end
    end
    if test (count $__addonctl_commands) -gt 0
        if contains -- "$word" (string replace -r '\t.*' '' -- $__addonctl_commands)
            __addonctl_enter (string trim -- "$__addonctl_path $word")
        else
            __addonctl_enter '?'
        end
        return
    end
    set -ga __addonctl_given $word
    # Follow an address, so that the next one is looked for under it.
    for sid in (string split / -- $word)
        switch $sid
            case 'RE*'
                set -g __addonctl_recording $sid
                set -g __addonctl_result
                set -g __addonctl_depth 1
            case 'XR*'
                set -g __addonctl_result $sid
                set -g __addonctl_depth 2
            case 'XH*'
                set -g __addonctl_depth 3
        end
    end
end

# Print what a place takes; $argv[1] is what has been typed of it.
function __addonctl_offer
    set -l current $argv[1]
    switch "$__addonctl_kind"
        case word
            printf '%s\n' $__addonctl_words
        case sort
            if string match -q -- '-*' $current
                printf '%s\n' -$__addonctl_words
            else
                printf '%s\n' $__addonctl_words
            end
        case list
            set -l before (string match -r -- '^.*,' $current)
            printf '%s\n' "$before"$__addonctl_words
        case file
            __fish_complete_path $current
        case folder
            __fish_complete_directories $current
        case profile
            printf '%s\n' sandbox (__addonctl_profiles | string replace -r '\t.*' '')
        case address
            __addonctl_offer_addresses $current
    end
end

# Print config.toml, or nothing.
function __addonctl_config
    set -l folder $ADDONCTL_CONFIG_DIR
    if test -z "$folder"
        if test -n "$XDG_CONFIG_HOME"
            set folder $XDG_CONFIG_HOME/addonctl
        else if test -d $HOME/Library/Caches
            set folder "$HOME/Library/Application Support/addonctl"
        else
            set folder $HOME/.config/addonctl
        end
    end
    head -c 65536 -- (string replace -r '^~(?=/)' $HOME -- $folder)/config.toml 2>/dev/null
end

# Print the profiles as name, tab, account.
function __addonctl_profiles
    set -l name
    __addonctl_config | while read -l row
        set -l header (string match -r -- '^\s*\[\s*profiles\.(.*\S)\s*\]\s*(?:#.*)?$' $row)
        set -l account (string match -r -- '^\s*account\s*=\s*["\']([^"\']*)["\']' $row)
        if test (count $header) -gt 1
            test -n "$name"; and printf '%s\t\n' $name
            set name (string trim -c '"\'' -- $header[2])
        else if test (count $account) -gt 1; and test -n "$name"
            printf '%s\t%s\n' $name $account[2]
            set name
        end
    end
    test -n "$name"; and printf '%s\t\n' $name
    return 0
end

# Print the account whose lists count, as the program itself would choose it.
function __addonctl_whose
    if test -n "$__addonctl_account"
        echo $__addonctl_account
        return
    end
    set -l profile $__addonctl_profile
    test -n "$profile"; or set profile $ADDONCTL_PROFILE
    if test -z "$profile"; and test -n "$TWILIO_ACCOUNT_SID"
        echo $TWILIO_ACCOUNT_SID
        return
    end
    if test -z "$profile"
        set -l pattern '^\s*active\s*=\s*["\']([^"\']*)["\']'
        set profile (__addonctl_config | string replace -rf -- "$pattern.*" '$1')[1]
    end
    if test "$profile" = sandbox
        echo #SANDBOX#
        return
    end
    for row in (__addonctl_profiles)
        set -l parts (string split \t -- $row)
        test "$parts[1]" = "$profile"; and echo $parts[2]
    end
end

# Offer the SIDs that the last lists showed, each under its parent.
function __addonctl_offer_addresses
    test -z "$ADDONCTL_NO_HISTORY"; or return
    set -l most (count $__addonctl_words)
    set -l want
    set -l depth
    switch "$argv[1]"
        case '*/*/*'
            set want path
            set depth 3
        case '*/*'
            set want path
            set depth 2
        case 'RE*'
            set depth 1
        case 'XR*'
            set depth 2
        case 'XH*'
            set depth 3
        case '?*'
            return
        case '*'
            set depth (math "min($__addonctl_depth + 1, $most)")
    end
    test $depth -le $most; or return
    set -l account (__addonctl_whose)
    string match -qr '^AC[A-Za-z0-9]+$' -- "$account"; or return
    set -l folder
    if test -n "$XDG_CACHE_HOME"
        set folder $XDG_CACHE_HOME/addonctl
    else if test -d $HOME/Library/Caches
        set folder $HOME/Library/Caches/addonctl
    else
        set folder $HOME/.cache/addonctl
    end
    # One pattern for all lines: fish is slow at loops, and quick at this.
    set -l sid '[A-Za-z0-9]+'
    set -l parent
    set -l kinds RE XR XH
    if test "$want" != path
        test $depth -ge 2; and set parent "$__addonctl_recording/"
        test $depth -ge 3; and set parent "$parent$__addonctl_result/"
        set -l own "$kinds[$depth]$sid"
        head -c #BYTES# -- $folder/history/$account.txt 2>/dev/null |
            string match -r -- "^$parent$own(?:[/\t].*)?\$" |
            string replace -r -- "^$parent($own)(?:/.*)?" '$1' |
            __addonctl_unseen
    else
        set -l own "RE$sid/XR$sid"
        test $depth -ge 3; and set own "$own/XH$sid"
        head -c #BYTES# -- $folder/history/$account.txt 2>/dev/null |
            string match -r -- "^$own(?:[/\t].*)?\$" |
            string replace -r -- "^($own)(?:/.*)?" '$1' |
            __addonctl_unseen
    end
end

# Pass on the rows whose first part has neither been passed on nor typed.
function __addonctl_unseen
    set -l seen $__addonctl_given
    while read -l row
        set -l word (string split -m 1 \t -- $row)[1]
        contains -- $word $seen; and continue
        set -a seen $word
        printf '%s\n' $row
    end
end

# Print those rows after $argv[1] whose word has its letters in it; fish would look for them in the
# descriptions, too, and take a mistyped option for another one.
function __addonctl_like
    set -l letters (string split '' -- $argv[1] | string escape --style=regex)
    string match -r -- (string join '[^\t]*' '^' $letters)'.*' $argv[2..-1]
end

function __addonctl_complete
    # Of a word in quotes, or with escapes, what it says.
    set -l current (commandline -ct | string collect | string replace -r -- '(^|=)["\']' '$1')
    set current (string unescape -- "$current"; or printf '%s\n' "$current")
    set -l notes path commands options kind words pending plain profile account given
    set -a notes recording result depth
    for note in $notes
        set -g __addonctl_$note
    end
    set -g __addonctl_depth 0
    __addonctl_enter ''
    for word in (commandline -opc)[2..-1]
        __addonctl_read $word
    end
    if test -n "$__addonctl_pending"
        __addonctl_takes $__addonctl_pending
        __addonctl_offer "$current"
    else if test -z "$__addonctl_plain"; and string match -q -- '--*=*' $current
        set -l parts (string split -m 1 = -- $current)
        if __addonctl_takes $parts[1]
            __addonctl_offer "$parts[2]" | string replace -r -- '^' "$parts[1]="
        end
    else if test -z "$__addonctl_plain"; and string match -q -- '-*' $current
        __addonctl_like "$current" $__addonctl_options
    else if test (count $__addonctl_commands) -gt 0
        __addonctl_like "$current" $__addonctl_commands
    else
        __addonctl_enter "$__addonctl_path"
        __addonctl_offer "$current"
    end
    for note in $notes
        set -e __addonctl_$note
    end
end

complete -c addonctl -e
complete -c addonctl -f -k -a '(__addonctl_complete)'
