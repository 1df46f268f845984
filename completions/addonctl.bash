# Completion of addonctl for bash, 3.2 and later.
# Written by `python -m addonctl.docgen` from the command tree. Do not edit.

_addonctl_command() {
    case $1 in
    'results payloads') _addonctl_enter 'payloads' ;;
    '')
        commands='results payloads recordings auth sandbox completion help'
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout --version -h --help'
        kind=''
        words=''
        ;;
    'results')
        commands='list get download delete wait payloads'
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'results list')
        commands=''
        options='--status --add-on --config --created-after --created-before --expiring-within --all --since --until --call --conference --limit --page-size --sort --from --workers --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE'
        ;;
    'results get')
        commands=''
        options='--ignore-not-found --from --workers --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR'
        ;;
    'results download')
        commands=''
        options='--status --add-on --config --label --content-type --created-after --created-before --expiring-within --to --name -o --output --clobber --delete-after -y --yes --ignore-not-found --from --workers --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR XH'
        ;;
    'results delete')
        commands=''
        options='--status --add-on --config --created-after --created-before --expiring-within -y --yes --dry-run --max-delete --ignore-not-found --from --workers --fields --no-header --query --bom --exact --all-results -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR'
        ;;
    'results wait')
        commands=''
        options='--ignore-not-found --from --workers --fields --no-header --query --bom --exact --timeout --interval --any-end -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries -h --help'
        kind='address'
        words='RE XR'
        ;;
    'payloads')
        commands='list get url show download delete'
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'payloads list')
        commands=''
        options='--label --content-type --created-after --created-before --expiring-within --limit --page-size --sort --from --workers --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR'
        ;;
    'payloads get')
        commands=''
        options='--ignore-not-found --from --workers --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR XH'
        ;;
    'payloads url')
        commands=''
        options='--from --workers -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR XH'
        ;;
    'payloads show')
        commands=''
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR XH'
        ;;
    'payloads download')
        commands=''
        options='--status --add-on --config --label --content-type --created-after --created-before --expiring-within --to --name -o --output --clobber --delete-after -y --yes --ignore-not-found --from --workers --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR XH'
        ;;
    'payloads delete')
        commands=''
        options='-y --yes --dry-run --max-delete --ignore-not-found --from --workers --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='address'
        words='RE XR XH'
        ;;
    'recordings')
        commands='list'
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'recordings list')
        commands=''
        options='--since --until --call --conference --limit --page-size --sort --fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'auth')
        commands='login status list use logout'
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'auth login')
        commands=''
        options='--fields --no-header --query --bom --exact --account --key --secret-stdin --no-verify --insecure-storage --from-twilio-cli -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --region --edge --retries --timeout -h --help'
        kind='profile'
        words=''
        ;;
    'auth status')
        commands=''
        options='--fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'auth list')
        commands=''
        options='--fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'auth use')
        commands=''
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='profile'
        words=''
        ;;
    'auth logout')
        commands=''
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='profile'
        words=''
        ;;
    'sandbox')
        commands='serve reset status'
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'sandbox serve')
        commands=''
        options='--port --latency --max-concurrent -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'sandbox reset')
        commands=''
        options='--recordings --results --payloads --payload-bytes -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'sandbox status')
        commands=''
        options='--fields --no-header --query --bom --exact -p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind=''
        words=''
        ;;
    'completion')
        commands=''
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='word'
        words='bash zsh fish powershell'
        ;;
    'help')
        commands=''
        options='-p --profile -f --format -v --verbose -q --quiet --no-color --no-input --account --region --edge --retries --timeout -h --help'
        kind='word'
        words='environment exit-codes formats addresses'
        ;;
    esac
}

_addonctl_value() {
    case "$1 $2" in
    *' -p' | *' --profile')
        kind='profile' words='' ;;
    *' -f' | *' --format')
        kind='word' words='table csv json jsonl markdown sids tsv xml' ;;
    *' --account' | *' --region' | *' --edge' | *' --retries' | *' --timeout' | *' --add-on' | *' --config' | *' --created-after' | *' --created-before' | *' --expiring-within' | *' --since' | *' --until' | *' --call' | *' --conference' | *' --limit' | *' --page-size' | *' --workers' | *' --query' | *' --label' | *' --content-type' | *' --name' | *' --max-delete' | *' --interval' | *' --key' | *' --port' | *' --latency' | *' --max-concurrent' | *' --recordings' | *' --results' | *' --payloads' | *' --payload-bytes')
        kind='any' words='' ;;
    *' --status')
        kind='list' words='canceled completed deleted failed in-progress init processing queued' ;;
    'results list --sort')
        kind='sort' words='sid account_sid reference_sid status add_on_sid add_on_configuration_sid date_created date_updated date_completed subresource_uris expires' ;;
    'payloads list --sort')
        kind='sort' words='sid account_sid reference_sid add_on_result_sid label content_type add_on_sid add_on_configuration_sid date_created date_updated subresource_uris expires' ;;
    'recordings list --sort')
        kind='sort' words='sid account_sid call_sid conference_sid status source channels duration start_time date_created date_updated price price_unit error_code api_version uri encryption_details media_url subresource_uris' ;;
    *' --from' | *' -o' | *' --output')
        kind='file' words='' ;;
    'results list --fields' | 'results get --fields' | 'results wait --fields')
        kind='list' words='sid account_sid reference_sid status add_on_sid add_on_configuration_sid date_created date_updated date_completed subresource_uris expires' ;;
    'results download --fields' | 'results delete --fields' | 'payloads download --fields' | 'payloads delete --fields')
        kind='list' words='sid outcome detail' ;;
    'payloads list --fields' | 'payloads get --fields')
        kind='list' words='sid account_sid reference_sid add_on_result_sid label content_type add_on_sid add_on_configuration_sid date_created date_updated subresource_uris expires' ;;
    'recordings list --fields')
        kind='list' words='sid account_sid call_sid conference_sid status source channels duration start_time date_created date_updated price price_unit error_code api_version uri encryption_details media_url subresource_uris' ;;
    'auth login --fields')
        kind='list' words='profile account_sid outcome detail' ;;
    'auth status --fields')
        kind='list' words='profile in_use source keyring account_sid key_sid secret api_url status detail' ;;
    'auth list --fields')
        kind='list' words='profile in_use account_sid key_sid region edge storage' ;;
    'sandbox status --fields')
        kind='list' words='path recordings results payloads next_expiry' ;;
    *' --to')
        kind='folder' words='' ;;
    esac
}

# Set `commands`, `options`, `kind` and `words` to what can follow the command $1.
_addonctl_enter() {
    path=$1
    commands='' options='' kind='' words=''
    _addonctl_command "$path"
}

# Take note of the option $1 having the value $2.
_addonctl_note() {
    local value=${2#[\"\']}
    value=${value%[\"\']}
    case $1 in
    --profile | -p) profile=$value ;;
    --account) account=$value ;;
    esac
}

# Whether the option $1 takes a value; sets `kind` and `words` to what it may be.
_addonctl_takes() {
    kind='' words=''
    _addonctl_value "$path" "$1"
    [[ -n $kind ]]
}

# Read one word before the cursor.
_addonctl_read() {
    local word=$1
    if [[ -n $pending ]]; then
        _addonctl_note "$pending" "$word"
        pending=''
    elif [[ -z $plain && $word == -- ]]; then
        plain=yes
    elif [[ -z $plain && $word == --*=* ]]; then
        _addonctl_note "${word%%=*}" "${word#*=}"
    elif [[ -z $plain && $word == --* ]]; then
        _addonctl_takes "$word" && pending=$word
    elif [[ -z $plain && $word == -?* ]]; then
        if _addonctl_takes "${word:0:2}" && [[ ${#word} -gt 2 ]]; then
            _addonctl_note "${word:0:2}" "${word:2}"
        elif _addonctl_takes "-${word#"${word%?}"}"; then
            pending=-${word#"${word%?}"}
        fi
    elif [[ -n $commands ]]; then
        if [[ " $commands " == *" $word "* ]]; then
            _addonctl_enter "${path:+$path }$word"
        else
            _addonctl_enter '?'
        fi
    else
        given+="$word "
        _addonctl_step "$word"
    fi
}

# Follow an address, so that the next one is looked for under it.
_addonctl_step() {
    local IFS=/ sid
    for sid in $1; do
        case $sid in
        RE*) recording=$sid result='' depth=1 ;;
        XR*) result=$sid depth=2 ;;
        XH*) depth=3 ;;
        esac
    done
}

# Offer $1 if it begins as what was typed; bash wants no more than it split off itself.
_addonctl_offer() {
    local reply
    if [[ $1 == "$current"* ]]; then
        reply=$prefix$1
        reply=${reply#"$split"}
        if [[ -z $quote && $reply == *[!A-Za-z0-9_.,:=+/@-]* ]]; then
            printf -v reply '%q' "$reply"
        fi
        COMPREPLY+=("$reply")
    fi
}

_addonctl_offer_words() {
    local word
    for word in $1; do
        _addonctl_offer "$word"
    done
}

# Offer what a place takes, by `kind` and `words`.
_addonctl_offer_values() {
    local word name
    case $kind in
    word) _addonctl_offer_words "$words" ;;
    sort)
        if [[ $current == -* ]]; then
            prefix+=- current=${current#-}
        fi
        _addonctl_offer_words "$words"
        ;;
    list)
        if [[ $current == *,* ]]; then
            prefix+=${current%,*}, current=${current##*,}
        fi
        _addonctl_offer_words "$words"
        compopt -o nospace 2>/dev/null
        ;;
    file) _addonctl_offer_paths default -f ;;
    folder) _addonctl_offer_paths dirnames -d ;;
    profile)
        _addonctl_profiles
        _addonctl_offer sandbox
        # An empty array is an unset variable to bash 3.2 under `set -u`.
        for name in ${names[@]+"${names[@]}"}; do
            _addonctl_offer "$name"
        done
        ;;
    address) _addonctl_offer_addresses ;;
    esac
}

# Leave paths to readline, which knows about quotes, where this bash has compopt.
_addonctl_offer_paths() {
    local found
    if [[ -z $prefix || $split == *"$prefix" ]] && compopt -o "$1" 2>/dev/null; then
        return
    fi
    while IFS= read -r found; do
        _addonctl_offer "$found"
    done < <(compgen "$2" -- "$current" 2>/dev/null)
}

# Set `names`, `accounts` and `active` from config.toml.
_addonctl_profiles() {
    local folder=${ADDONCTL_CONFIG_DIR-} row name=''
    local header='^[[:space:]]*\[[[:space:]]*profiles\.(.*[^[:space:]])[[:space:]]*\][[:space:]]*(#.*)?$'
    local setting='^[[:space:]]*(active|account)[[:space:]]*=[[:space:]]*["'\'']([^"'\'']*)["'\'']'
    names=() accounts=() active=''
    if [[ -z $folder ]]; then
        case ${OSTYPE-} in
        darwin*) folder=${XDG_CONFIG_HOME:-${HOME-}/Library/Application Support}/addonctl ;;
        msys* | cygwin*) folder=${LOCALAPPDATA-}/addonctl ;;
        *) folder=${XDG_CONFIG_HOME:-${HOME-}/.config}/addonctl ;;
        esac
    fi
    while IFS= read -r row || [[ -n $row ]]; do
        row=${row%$'\r'}
        if [[ $row =~ $header ]]; then
            name=${BASH_REMATCH[1]}
            name=${name#[\"\']}
            name=${name%[\"\']}
            names+=("$name") accounts+=('')
        elif [[ $row =~ $setting ]]; then
            if [[ ${BASH_REMATCH[1]} == account && -n $name ]]; then
                accounts[${#names[@]} - 1]=${BASH_REMATCH[2]}
            elif [[ ${BASH_REMATCH[1]} == active && -z $name ]]; then
                active=${BASH_REMATCH[2]}
            fi
        fi
    done < <(head -c 65536 -- "${folder/#~\//${HOME-}/}/config.toml" 2>/dev/null)
}

# Set `account` to the one whose lists count, as the program itself would choose it.
_addonctl_account() {
    local names accounts active i
    [[ -z $account ]] || return
    profile=${profile:-${ADDONCTL_PROFILE-}}
    if [[ -z $profile && -n ${TWILIO_ACCOUNT_SID-} ]]; then
        account=$TWILIO_ACCOUNT_SID
        return
    fi
    if [[ $profile != sandbox ]]; then
        _addonctl_profiles
        profile=${profile:-$active}
        for ((i = 0; i < ${#names[@]}; i++)); do
            [[ ${names[i]} == "$profile" ]] && account=${accounts[i]}
        done
    fi
    [[ $profile == sandbox ]] && account=AC5a9d3c1e7b2f48069c1d0e4f7a8b3c65
}

# Offer the SIDs that the last lists showed, each under its parent.
_addonctl_offer_addresses() {
    local folder found want most=0 word
    [[ -z ${ADDONCTL_NO_HISTORY-} ]] || return
    for word in $words; do
        most=$((most + 1))
    done
    case $current in
    */*/*) want=path3 ;;
    */*) want=path2 ;;
    RE*) want=1 ;;
    XR*) want=2 ;;
    XH*) want=3 ;;
    ?*) return ;;
    *) want=$((depth < most ? depth + 1 : most)) ;;
    esac
    [[ ${want#path} -le $most ]] || return
    _addonctl_account
    [[ $account == AC* && $account != *[!A-Za-z0-9]* ]] || return
    case ${OSTYPE-} in
    darwin*) folder=${XDG_CACHE_HOME:-${HOME-}/Library/Caches}/addonctl ;;
    msys* | cygwin*) folder=${LOCALAPPDATA-}/addonctl/Cache ;;
    *) folder=${XDG_CACHE_HOME:-${HOME-}/.cache}/addonctl ;;
    esac
    # Not in bash: it would read a pipe byte by byte.
    for found in $(
        head -c 131072 -- "$folder/history/$account.txt" 2>/dev/null |
            LC_ALL=C awk -F '\t' -v "want=$want" -v "first=$recording" -v "second=$result" '
                $1 !~ "^RE[A-Za-z0-9]+(/[A-Za-z0-9]+)*$" || (length($1) + 1) % 35 { next }
                { most = split($1, sid, "/"); found = "" }
                want == 1 { found = sid[1] }
                want == 2 && sid[1] == first { found = sid[2] }
                want == 3 && sid[1] == first && sid[2] == second { found = sid[3] }
                want == "path2" && most > 1 { found = sid[1] "/" sid[2] }
                want == "path3" && most > 2 { found = $1 }
                found != "" && !seen[found]++ { print found }
            ' 2>/dev/null
    ); do
        [[ $given == *" $found "* ]] || _addonctl_offer "$found"
    done
    compopt -o nosort 2>/dev/null
}

_addonctl() {
    local IFS=$' \t\n' path='' commands='' options='' kind='' words=''
    local pending='' plain='' profile='' account='' given=' ' recording='' result='' depth=0
    local line word raw current split prefix='' quote='' joined='' before i
    local names accounts active
    COMPREPLY=()

    # Bash splits words at the characters of COMP_WORDBREAKS: put --format=json together again.
    line=()
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]-}
        if [[ ${#line[@]} -gt 0 && (-n $joined || $word == [=:]*) ]]; then
            line[${#line[@]} - 1]+=$word
        else
            line+=("$word")
        fi
        joined=''
        [[ -n $word && $word != *[!=:]* ]] && joined=yes
    done
    [[ ${#line[@]} -gt 0 ]] || return 0
    current=${line[${#line[@]} - 1]}
    raw=$word
    [[ -n $joined ]] && raw=''
    # What stands behind the cursor does not count.
    before=${COMP_LINE:0:COMP_POINT}
    while [[ -n $raw && $before != *"$raw" ]]; do
        raw=${raw%?} current=${current%?}
    done
    split=${current%"$raw"}
    if [[ $raw == [\"\']* ]]; then
        quote=${raw:0:1}
        current=$split${raw:1}
    fi

    _addonctl_enter ''
    for ((i = 0; i < ${#line[@]} - 1; i++)); do
        _addonctl_read "${line[i]}"
    done

    if [[ -n $pending ]]; then
        _addonctl_takes "$pending"
        _addonctl_offer_values
    elif [[ -z $plain && $current == --*=* ]]; then
        prefix=${current%%=*}=
        if _addonctl_takes "${current%%=*}"; then
            current=${current#*=}
            _addonctl_offer_values
        fi
    elif [[ -z $plain && $current == -* ]]; then
        _addonctl_offer_words "$options"
    elif [[ -n $commands ]]; then
        _addonctl_offer_words "$commands"
    else
        _addonctl_enter "$path"
        _addonctl_offer_values
    fi
    return 0
}

complete -F _addonctl addonctl
