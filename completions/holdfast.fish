# SPDX-License-Identifier: MIT
# Completion of holdfast(1) for fish.

# Ids of the sessions, with their names, of the store that the line names or the default one.
function __holdfast_sessions
    set -l words (commandline -opc)
    set -l store
    for i in (seq (count $words))
        switch $words[$i]
            case --store
                set -l next (math $i + 1)
                set -q words[$next]; and set store --store $words[$next]
            case '--store=*'
                set store $words[$i]
        end
    end
    holdfast list --ids --quiet $store 2>/dev/null
end

set -l commands new append attach show log list save load verify repair rm key doctor help
set -l with_session append attach show log list save load verify repair rm

complete -c holdfast -f
complete -c holdfast -l store -r -a '(__fish_complete_directories)' -d 'The directory of the store'
complete -c holdfast -l json -d 'Output for programs'
complete -c holdfast -s q -l quiet -d 'No notes, no progress, no confirmations'
complete -c holdfast -s v -l verbose -d 'Details of failures, and the log'
complete -c holdfast -s h -l help -d 'Say more'
complete -c holdfast -n "not __fish_seen_subcommand_from $commands" -l version -d 'The version'

set -l first "not __fish_seen_subcommand_from $commands"
complete -c holdfast -n "$first" -a new -d 'Make a session and print its id'
complete -c holdfast -n "$first" -a append -d 'Append one record to a session'
complete -c holdfast -n "$first" -a attach -d 'Append JSON Lines as they come'
complete -c holdfast -n "$first" -a show -d 'Show a session to read'
complete -c holdfast -n "$first" -a log -d 'Print the records as they are stored'
complete -c holdfast -n "$first" -a list -d 'List the sessions, newest first'
complete -c holdfast -n "$first" -a save -d 'Replace a session by a document'
complete -c holdfast -n "$first" -a load -d 'Print a session as one JSON document'
complete -c holdfast -n "$first" -a verify -d 'Check sessions from first byte to last'
complete -c holdfast -n "$first" -a repair -d 'Mend a session after a crash'
complete -c holdfast -n "$first" -a rm -d 'Remove sessions for good'
complete -c holdfast -n "$first" -a key -d 'Show the keys, or wipe them'
complete -c holdfast -n "$first" -a doctor -d 'Look for trouble'
complete -c holdfast -n "$first" -a help -d 'Say more about a command'
complete -c holdfast -n "__fish_seen_subcommand_from help" -a "$commands"
complete -c holdfast -n "__fish_seen_subcommand_from key" -a 'list prepare drop'
complete -c holdfast -n "__fish_seen_subcommand_from $with_session" -a '(__holdfast_sessions)'

set -l making '__fish_seen_subcommand_from new attach'
complete -c holdfast -n "$making" -l id -x -d 'The id of the session'
complete -c holdfast -n "$making" -l name -x -d 'A name for people'
complete -c holdfast -n "$making" -l project -r -a '(__fish_complete_directories)' -d 'Its project'
complete -c holdfast -n '__fish_seen_subcommand_from new' -l config -x -d 'Its configuration'

set -l writing '__fish_seen_subcommand_from append attach save'
complete -c holdfast -n "$writing" -l wait -x -d 'Milliseconds to wait for another writer'
complete -c holdfast -n "$writing" -l record-size -x -d 'Largest record to accept'
set -l appending '__fish_seen_subcommand_from append attach'
complete -c holdfast -n "$appending" -l durability -x -a 'sync os strict' -d 'When it counts as kept'
complete -c holdfast -n "$appending" -l type -x -a 'message todos config rename x-' -d 'Type of records'

set -l append '__fish_seen_subcommand_from append'
complete -c holdfast -n "$append" -l record-id -x -d 'An id, so that it is written once'
complete -c holdfast -n "$append" -l expect -x -d 'Only if there are this many records'
complete -c holdfast -n "$append" -l text -x -d 'A message with this text'
complete -c holdfast -n "$append" -l role -x -a 'user assistant system tool' -d 'Whose text it is'

set -l attach '__fish_seen_subcommand_from attach'
complete -c holdfast -n "$attach" -l new -d 'Make the session'
complete -c holdfast -n "$attach" -l records -d 'Lines have a type, an id and data'
complete -c holdfast -n "$attach" -l id-member -x -d 'Take record ids from this member'
complete -c holdfast -n "$attach" -l no-seal -d 'Leave the session open at the end'

complete -c holdfast -n '__fish_seen_subcommand_from show log' -l last -x -d 'Only the last ones'
complete -c holdfast -n '__fish_seen_subcommand_from show' -l no-pager -d 'Straight to the terminal'
complete -c holdfast -n '__fish_seen_subcommand_from log' -l from -x -d 'Begin with this record'
complete -c holdfast -n '__fish_seen_subcommand_from list' -l ids -d 'Only ids and names'
complete -c holdfast -n '__fish_seen_subcommand_from save' -l create -d 'Make it if it is not there'
complete -c holdfast -n '__fish_seen_subcommand_from verify' -s a -l all -d 'All sessions'
complete -c holdfast -n '__fish_seen_subcommand_from repair' -l accept -x -a 'gap head-missing gap,head-missing' -d 'Repair these too'
complete -c holdfast -n '__fish_seen_subcommand_from repair' -s n -l dry-run -d 'Say what would be done'
complete -c holdfast -n '__fish_seen_subcommand_from rm' -s y -l yes -d 'Do not ask'
complete -c holdfast -n '__fish_seen_subcommand_from rm' -s f -l force -d 'Do not ask'
