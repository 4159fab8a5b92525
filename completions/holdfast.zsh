#compdef holdfast
# SPDX-License-Identifier: MIT
# Completion of holdfast(1) for zsh.

# Ids of the sessions, with their names, of the store that the line names or the default one.
# Arguments are options of list.
_holdfast_sessions() {
    local -a store sessions which
    local line tab=$'\t'
    [[ $1 == --* ]] && which=($1)
    [[ -n ${opt_args[--store]} ]] && store=(--store ${(Q)opt_args[--store]})
    for line in ${(f)"$(holdfast list --ids --quiet $which $store 2>/dev/null)"}; do
        sessions+=("${line%%$tab*}:${${line#*$tab}//:/\\:}")
    done
    _describe -t sessions session sessions
}

_holdfast_commands() {
    local -a commands=(
        'new:make a session and print its id'
        'append:append one record to a session'
        'attach:append JSON Lines from standard input as they come'
        'resume:check a session and take it up again'
        'close:end sessions with a seal'
        'save:replace a session by a document from standard input'
        'show:show a session to read'
        'log:print the records as they are stored'
        'load:print a session as one JSON document'
        'list:list the sessions, newest first'
        'who:say which program holds a session for writing'
        'rename:give a session another name'
        'tag:give a session tags, or print those it has'
        'pin:keep sessions from every clean-up'
        'unpin:let clean-ups have pinned sessions again'
        'rm:move sessions to the trash'
        'restore:bring sessions back from the trash'
        'purge:remove sessions of the trash for good'
        'cleanup:move sessions to the trash that nobody used for long'
        'import:take in sessions of other agents'
        'export:give a session to another agent, or to read'
        'scan:look for secrets in sessions'
        'bundle:write sessions into an archive, to move them'
        'unbundle:take in the sessions of an archive'
        'verify:check sessions from the first byte to the last'
        'repair:mend a session after a crash'
        'key:show the keys, or wipe them from memory'
        'doctor:look for trouble'
        'config:show the settings and where each comes from'
        'help:say more about a command'
    )
    _describe -t commands command commands
}

_holdfast_trash() { _holdfast_sessions --trash; }

_holdfast() {
    local -a common=(
        '--store=[the directory of the store]:directory:_directories'
        '--json[output for programs]'
        '(-q --quiet)'{-q,--quiet}'[no notes, no progress, no confirmations]'
        '(-v --verbose)'{-v,--verbose}'[details of failures, and the log]'
        '(-h --help)'{-h,--help}'[say more]'
    )
    local -a waiting=('--wait=[how long to wait for another writer]:milliseconds')
    local -a writing=(
        $waiting
        '--record-size=[largest record to accept]:bytes'
    )
    local -a durability=('--durability=[when a record counts as kept]:level:(sync os strict)')
    local -a making=(
        '--id=[the id of the session]:uuid'
        '--name=[a name for people]:name'
        '--project=[its project]:directory:_directories'
    )
    local -a feeding=(
        '--type=[the type of the records]:type:(message todos config x-)'
        '--records[lines have a type, an id and data]'
        '--id-member=[take record ids from this member]:name'
        '--no-seal[do not close the session at the end]'
    )
    local -a accept=('--accept=[go on from these verdicts]:list:(head-missing gap truncated rolled-back tampered)')
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
        _arguments $common $writing $durability $making $feeding '--new[make the session]' \
            '1:session:_holdfast_sessions'
        ;;
    resume)
        _arguments $common $writing $durability $feeding $accept \
            '(--here 1)--last[the newest that is not active]' \
            '(--last 1)--here[the newest of the current directory]' \
            '--project=[the project has moved here]:directory:_directories' \
            '--one-per-project[not beside an active one of its project]' \
            '--attach[then go on as attach does]' '1:session:_holdfast_sessions'
        ;;
    show)
        _arguments $common '--last=[only the last messages]:number' \
            '--no-pager[write straight to the terminal]' '1:session:_holdfast_sessions'
        ;;
    log)
        _arguments $common '(--last)--from=[begin with this record]:number' \
            '(--from)--last=[only the last records]:number' '1:session:_holdfast_sessions'
        ;;
    list)
        _arguments $common '--project=[of this project]:directory:_directories' \
            '--name=[with this text in the name]:text' '--tag=[with this tag]:tag' \
            '--state=[in these states]:list:(active interrupted closed trashed unknown)' \
            '--since=[with a record since then]:time' '--before=[with no record since then]:time' \
            '--newer-than=[the same as --since]:age' '--older-than=[the same as --before]:age' \
            '--limit=[so many at most]:number' \
            '--resumable[none that is active, or whose project is]' '--trash[the trash]' \
            '--verify[check each, and say the verdict]' '--ids[only ids and names]' '1:prefix'
        ;;
    close | pin | unpin) _arguments $common $waiting '*:session:_holdfast_sessions' ;;
    who) _arguments $common '1:session:_holdfast_sessions' ;;
    rename) _arguments $common $waiting '1:session:_holdfast_sessions' '2:name' ;;
    tag)
        _arguments $common $waiting '--remove=[take these tags away]:list' \
            '--clear[take all tags away first]' '1:session:_holdfast_sessions' '*:tag'
        ;;
    save)
        _arguments $common $writing '--create[make the session if it is not there]' \
            '1:session:_holdfast_sessions'
        ;;
    load) _arguments $common '1:session:_holdfast_sessions' ;;
    verify) _arguments $common '(-a --all)'{-a,--all}'[all sessions]' '*:session:_holdfast_sessions' ;;
    repair)
        _arguments $common $accept \
            '(-n --dry-run)'{-n,--dry-run}'[say what would be done]' '1:session:_holdfast_sessions'
        ;;
    rm)
        _arguments $common '--purge[for good]' '(-y --yes)'{-y,--yes}'[do not ask]' \
            '(-f --force)'{-f,--force}'[what is not there is no error]' \
            '*:session:_holdfast_sessions'
        ;;
    restore) _arguments $common '*:session:_holdfast_trash' ;;
    purge)
        _arguments $common '(-a --all)'{-a,--all}'[all sessions of the trash]' \
            '(-y --yes)'{-y,--yes}'[do not ask]' \
            '(-f --force)'{-f,--force}'[what is not there is no error]' \
            '*:session:_holdfast_trash'
        ;;
    import)
        _arguments $common '(-n --dry-run)'{-n,--dry-run}'[say what would be done]' \
            '--allow-unsigned[JidoCode: take sessions without a signature]' \
            '--secret=[JidoCode: the machine_secret that signed]:file:_files' \
            '--hostname=[JidoCode: the name of the host at that time]:name' \
            "--salt=[JidoCode: the application's salt]:text" \
            '--formats[list the formats]' '*:path:_files'
        ;;
    scan)
        _arguments $common '*--pattern=[what is a secret, too]:expression' \
            '--pattern-file=[the same, one in a line]:file:_files' '*:session:_holdfast_sessions'
        ;;
    export)
        _arguments $common "--to=[the format]:format:(original $(
            holdfast import --formats 2>/dev/null | grep -w export | cut -d ' ' -f 1 | tr '\n' ' '))" \
            '(-o --output)'{-o,--output=}'[a file or directory]:path:_files' \
            '(-f --force)'{-f,--force}'[replace what is there]' \
            '--convert[write anew what was imported as it is]' \
            '--redact[replace secrets by markers]' '--pattern=[what is a secret, too]:regex' \
            '--pattern-file=[the same, one in a line]:file:_files' \
            '--secret=[JidoCode: the machine_secret to sign with]:file:_files' \
            '--hostname=[JidoCode: the name of the host to sign for]:name' \
            "--salt=[JidoCode: the application's salt]:text" '1:session:_holdfast_sessions'
        ;;
    bundle)
        _arguments $common '(-a --all)'{-a,--all}'[all sessions outside the trash]' \
            '*:session:_holdfast_sessions'
        ;;
    unbundle)
        _arguments $common '--key=[the machine_secret of the store it comes from]:file:_files' \
            '(-n --dry-run)'{-n,--dry-run}'[check the archive and list what is in it]'
        ;;
    cleanup)
        _arguments $common '--older-than=[without a record for so long]:age' \
            '(-n --dry-run)'{-n,--dry-run}'[say what would be done]' \
            '--purge[for good, instead of into the trash]' '--trash[clean up the trash, for good]'
        ;;
    config)
        _arguments $common \
            "1:setting:($(holdfast config --quiet 2>/dev/null | sed '1d; s/ .*//' | tr '\n' ' '))"
        ;;
    key) _arguments $common '1:action:(list prepare drop)' ;;
    help) _arguments '1:command:_holdfast_commands' ;;
    *) _arguments $common ;;
    esac
}

_holdfast "$@"
