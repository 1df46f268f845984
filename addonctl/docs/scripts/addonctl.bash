# Completion of addonctl for bash, 3.2 and later: asks the program what can stand at the cursor.

_addonctl() {
    local IFS=$'\n' options=$- kind before paths='' reply answer first
    answer=$("${1/#~\//${HOME-}/}" __complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    first=${answer%%$'\n'*}
    IFS=$'\t' read -r kind before <<<"$first"
    # Split at once, as patterns of files they are not: reading line by line is slow.
    set -f
    COMPREPLY=(${answer:${#first}})
    [[ $options == *f* ]] || set +f
    # Paths are best left to readline, which knows about quotes. But bash 3.2 has no compopt, and
    # where `=` breaks no words readline would take `--from=` for a part of the name.
    case $kind in
    words) compopt -o nosort 2>/dev/null ;;
    list) compopt -o nospace 2>/dev/null ;;
    file) [[ -z $before ]] && compopt -o default 2>/dev/null || paths=-f ;;
    folder) [[ -z $before ]] && compopt -o dirnames 2>/dev/null || paths=-d ;;
    esac
    if [[ -n $paths ]]; then
        while read -r reply; do
            printf -v reply '%q' "$reply"
            COMPREPLY+=("$before$reply")
        done < <(compgen "$paths" -- "${2#"$before"}" 2>/dev/null)
    fi
    return 0
}

complete -F _addonctl addonctl
