#compdef holdfast
# SPDX-License-Identifier: MIT
# Completion of holdfast(1) for zsh.

# Ids of the sessions, with their names, of the store that the line names or the default one.
_holdfast_sessions() {
    local -a store sessions
    local line tab=$'\t'
    [[ -n ${opt_args[--store]} ]] && store=(--store ${(Q)opt_args[--store]})
    for line in ${(f)"$(holdfast list --ids --quiet $store 2>/dev/null)"}; do
        sessions+=("${line%%$tab*}:${${line#*$tab}//:/\\:}")
    done
    _describe -t sessions session sessions
}

_holdfast_commands() {
    local -a commands=(
        'new:make a session and print its id'
        'append:append one record to a session'
        'attach:append JSON Lines from standard input as they come'
        'show:show a session to read'
        'log:print the records as they are stored'
        'list:list the sessions, newest first'
        'save:replace a session by a document from standard input'
        'load:print a session as one JSON document'
        'verify:check sessions from the first byte to the last'
        'repair:mend a session after a crash'
        'rm:remove sessions for good'
        'key:show the keys, or wipe them from memory'
        'doctor:look for trouble'
        'help:say more about a command'
    )
    _describe -t commands command commands
}

_holdfast() {
    local -a common=(
        '--store=[the directory of the store]:directory:_directories'
        '--json[output for programs]'
        '(-q --quiet)'{-q,--quiet}'[no notes, no progress, no confirmations]'
        '(-v --verbose)'{-v,--verbose}'[details of failures, and the log]'
        '(-h --help)'{-h,--help}'[say more]'
    )
    local -a writing=(
        '--wait=[how long to wait for another writer]:milliseconds'
        '--record-size=[largest record to accept]:bytes'
    )
    local -a durability=('--durability=[when a record counts as kept]:level:(sync os strict)')
    local -a making=(
        '--id=[the id of the session]:uuid'
        '--name=[a name for people]:name'
        '--project=[its project]:directory:_directories'
    )
    local curcontext=$curcontext state
    local -A opt_args

    _arguments -C $common '--version[the version]' '1:command:_holdfast_commands' '*::argument:->rest'
    [[ $state == rest ]] || return
    case $words[1] in
    new) _arguments $common $making '--config=[its configuration]:json' ;;
    append)
        _arguments $common $writing $durability \
            '--type=[the type of the record]:type:(message todos config rename x-)' \
            '--record-id=[an id, so that it is written once]:id' \
            '--expect=[only if the session has this many records]:number' \
            '--text=[a message with this text]:text' \
            '--role=[whose text it is]:role:(user assistant system tool)' \
            '1:session:_holdfast_sessions' '2:json'
        ;;
    attach)
        _arguments $common $writing $durability $making \
            '--new[make the session]' \
            '--type=[the type of the records]:type:(message todos config x-)' \
            '--records[lines have a type, an id and data]' \
            '--id-member=[take record ids from this member]:name' \
            '--no-seal[leave the session open at the end]' \
            '1:session:_holdfast_sessions'
        ;;
    show)
        _arguments $common '--last=[only the last messages]:number' \
            '--no-pager[write straight to the terminal]' '1:session:_holdfast_sessions'
        ;;
    log)
        _arguments $common '(--last)--from=[begin with this record]:number' \
            '(--from)--last=[only the last records]:number' '1:session:_holdfast_sessions'
        ;;
    list) _arguments $common '--ids[only ids and names]' '1:prefix' ;;
    save)
        _arguments $common $writing '--create[make the session if it is not there]' \
            '1:session:_holdfast_sessions'
        ;;
    load) _arguments $common '1:session:_holdfast_sessions' ;;
    verify) _arguments $common '(-a --all)'{-a,--all}'[all sessions]' '*:session:_holdfast_sessions' ;;
    repair)
        _arguments $common '--accept=[repair these too]:list:(gap head-missing gap,head-missing)' \
            '(-n --dry-run)'{-n,--dry-run}'[say what would be done]' '1:session:_holdfast_sessions'
        ;;
    rm)
        _arguments $common '(-y --yes -f --force)'{-y,--yes,-f,--force}'[do not ask]' \
            '*:session:_holdfast_sessions'
        ;;
    key) _arguments $common '1:action:(list prepare drop)' ;;
    help) _arguments '1:command:_holdfast_commands' ;;
    *) _arguments $common ;;
    esac
}

_holdfast "$@"
