# SPDX-License-Identifier: MIT
# Completion of holdfast(1) for bash.

# Ids of the sessions of the store that the line names, or of the default one. Arguments are
# options of list.
_holdfast_sessions() {
    local -a store=()
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --store) store=(--store "${COMP_WORDS[i + 1]}") ;;
        --store=*) store=("${COMP_WORDS[i]}") ;;
        esac
    done
    holdfast list --ids --quiet "$@" "${store[@]}" 2>/dev/null | cut -f 1
}

# The formats that sessions are imported from or exported to.
_holdfast_formats() {
    holdfast import --formats 2>/dev/null | grep -w "$1" | cut -d ' ' -f 1
}

_holdfast_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_holdfast_options() {
    case $1 in
    new) echo --id --name --project --config ;;
    append) echo --type --record-id --expect --text --role --wait --durability --record-size ;;
    attach) echo --new --type --records --id-member --id --name --project --no-seal --wait \
        --durability --record-size ;;
    show) echo --last --all --no-pager ;;
    import) echo --dry-run --allow-unsigned --secret --hostname --salt --formats ;;
    export) echo --to --output --force --convert --redact --pattern --pattern-file --secret \
        --hostname --salt ;;
    scan) echo --pattern --pattern-file ;;
    bundle) echo --all ;;
    unbundle) echo --key --dry-run ;;
    log) echo --from --last ;;
    list) echo --project --name --tag --state --since --before --newer-than --older-than \
        --limit --resumable --trash --verify --ids ;;
    resume) echo --last --here --project --accept --one-per-project --wait --attach --type \
        --records --id-member --no-seal --durability --record-size ;;
    close | rename | pin | unpin) echo --wait ;;
    tag) echo --remove --clear --wait ;;
    save) echo --create --wait --record-size ;;
    verify) echo --all ;;
    repair) echo --accept --dry-run ;;
    rm) echo --purge --yes --force ;;
    purge) echo --all --yes --force ;;
    cleanup) echo --older-than --dry-run --purge --trash ;;
    esac
    echo --store --json --quiet --verbose --help
}

# The command on the line, or nothing.
_holdfast_command() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --store) ((i++)) ;;
        -*) ;;
        *)
            echo "${COMP_WORDS[i]}"
            return
            ;;
        esac
    done
}

_holdfast_operands() {
    case $1 in
    key) _holdfast_words 'list prepare drop' ;;
    config) _holdfast_words "$(holdfast config --quiet 2>/dev/null | sed '1d; s/ .*//')" ;;
    restore | purge) _holdfast_words "$(_holdfast_sessions --trash)" ;;
    new | doctor | cleanup | unbundle) ;;
    import)
        _holdfast_words "$(_holdfast_formats import)"
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
        ;;
    *) _holdfast_words "$(_holdfast_sessions)" ;;
    esac
}

_holdfast() {
    local cur=${COMP_WORDS[COMP_CWORD]}
    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands='new append attach resume close save show log load list who rename tag pin'
    commands+=' unpin rm restore purge cleanup import export scan bundle unbundle verify repair key'
    commands+=' doctor config help'
    local command
    command=$(_holdfast_command)
    COMPREPLY=()
    # "=" breaks words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $previous == --last && $command != resume ]]; then
        return
    fi
    case $previous in
    --store | --project) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    --to) _holdfast_words "original $(_holdfast_formats export)" ;;
    --output | -o | --secret | --key | --pattern-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    --durability) _holdfast_words 'sync os strict' ;;
    --type) _holdfast_words 'message todos config rename x-' ;;
    --role) _holdfast_words 'user assistant system tool' ;;
    --accept) _holdfast_words 'head-missing gap truncated rolled-back tampered' ;;
    --state) _holdfast_words 'active interrupted closed trashed unknown' ;;
    --since | --before | --newer-than | --older-than) _holdfast_words '1h 1d 7d 30d 90d' ;;
    --id | --name | --config | --record-id | --expect | --text | --wait | --record-size | \
        --id-member | --from | --tag | --limit | --remove | --hostname | --salt | --pattern) ;;
    *)
        if [[ $cur == -* ]]; then
            _holdfast_words "$(_holdfast_options "$command")"
        elif [[ -z $command || $command == help ]]; then
            _holdfast_words "$commands"
        else
            _holdfast_operands "$command"
        fi
        ;;
    esac
}

complete -F _holdfast holdfast
