# SPDX-License-Identifier: MIT
# Completion of holdfast(1) for bash.

# Ids of the sessions of the store that the line names, or of the default one.
_holdfast_sessions() {
    local -a store=()
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --store) store=(--store "${COMP_WORDS[i + 1]}") ;;
        --store=*) store=("${COMP_WORDS[i]}") ;;
        esac
    done
    holdfast list --ids --quiet "${store[@]}" 2>/dev/null | cut -f 1
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
    show) echo --last --no-pager ;;
    log) echo --from --last ;;
    list) echo --ids ;;
    save) echo --create --wait --record-size ;;
    verify) echo --all ;;
    repair) echo --accept --dry-run ;;
    rm) echo --yes --force ;;
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

_holdfast() {
    local cur=${COMP_WORDS[COMP_CWORD]}
    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands='new append attach show log list save load verify repair rm key doctor help'
    local command
    command=$(_holdfast_command)
    COMPREPLY=()
    # "=" breaks words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
    --store | --project) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    --durability) _holdfast_words 'sync os strict' ;;
    --type) _holdfast_words 'message todos config rename x-' ;;
    --role) _holdfast_words 'user assistant system tool' ;;
    --accept) _holdfast_words 'gap head-missing gap,head-missing' ;;
    --id | --name | --config | --record-id | --expect | --text | --wait | --record-size | \
        --id-member | --last | --from) ;;
    *)
        if [[ $cur == -* ]]; then
            _holdfast_words "$(_holdfast_options "$command")"
        elif [[ -z $command || $command == help ]]; then
            _holdfast_words "$commands"
        elif [[ $command == key ]]; then
            _holdfast_words 'list prepare drop'
        elif [[ $command != new && $command != doctor ]]; then
            _holdfast_words "$(_holdfast_sessions)"
        fi
        ;;
    esac
}

complete -F _holdfast holdfast
