# SPDX-License-Identifier: MIT
# Completion of holdfast(1) for fish.

# Ids of the sessions, with their names, of the store that the line names or the default one.
# Arguments are options of list.
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
    holdfast list --ids --quiet $argv $store 2>/dev/null
end

set -l commands new append attach resume close save show log load list who rename tag pin unpin rm \
    restore purge cleanup import export scan bundle unbundle verify repair key doctor config \
    help
set -l with_session append attach resume close save show log load list who rename tag pin unpin rm \
    export scan bundle verify repair

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
complete -c holdfast -n "$first" -a resume -d 'Check a session and take it up again'
complete -c holdfast -n "$first" -a close -d 'End sessions with a seal'
complete -c holdfast -n "$first" -a save -d 'Replace a session by a document'
complete -c holdfast -n "$first" -a show -d 'Show a session to read'
complete -c holdfast -n "$first" -a log -d 'Print the records as they are stored'
complete -c holdfast -n "$first" -a load -d 'Print a session as one JSON document'
complete -c holdfast -n "$first" -a list -d 'List the sessions, newest first'
complete -c holdfast -n "$first" -a who -d 'Say which program holds a session'
complete -c holdfast -n "$first" -a rename -d 'Give a session another name'
complete -c holdfast -n "$first" -a tag -d 'Give a session tags'
complete -c holdfast -n "$first" -a pin -d 'Keep sessions from every clean-up'
complete -c holdfast -n "$first" -a unpin -d 'Let clean-ups have them again'
complete -c holdfast -n "$first" -a rm -d 'Move sessions to the trash'
complete -c holdfast -n "$first" -a restore -d 'Bring sessions back from the trash'
complete -c holdfast -n "$first" -a purge -d 'Remove sessions of the trash for good'
complete -c holdfast -n "$first" -a cleanup -d 'Remove what nobody used for long'
complete -c holdfast -n "$first" -a import -d 'Take in sessions of other agents'
complete -c holdfast -n "$first" -a export -d 'Give a session to another agent, or to read'
complete -c holdfast -n "$first" -a scan -d 'Look for secrets in sessions'
complete -c holdfast -n "$first" -a bundle -d 'Write sessions into an archive'
complete -c holdfast -n "$first" -a unbundle -d 'Take in the sessions of an archive'
complete -c holdfast -n "$first" -a verify -d 'Check sessions from first byte to last'
complete -c holdfast -n "$first" -a repair -d 'Mend a session after a crash'
complete -c holdfast -n "$first" -a key -d 'Show the keys, or wipe them'
complete -c holdfast -n "$first" -a doctor -d 'Look for trouble'
complete -c holdfast -n "$first" -a config -d 'Show the settings'
complete -c holdfast -n "$first" -a help -d 'Say more about a command'
complete -c holdfast -n "__fish_seen_subcommand_from help" -a "$commands"
complete -c holdfast -n "__fish_seen_subcommand_from key" -a 'list prepare drop'
complete -c holdfast -n "__fish_seen_subcommand_from $with_session" -a '(__holdfast_sessions)'
complete -c holdfast -n '__fish_seen_subcommand_from restore purge' -a '(__holdfast_sessions --trash)'

set -l making '__fish_seen_subcommand_from new attach'
complete -c holdfast -n "$making" -l id -x -d 'The id of the session'
complete -c holdfast -n "$making" -l name -x -d 'A name for people'
complete -c holdfast -n "$making" -l project -r -a '(__fish_complete_directories)' -d 'Its project'
complete -c holdfast -n '__fish_seen_subcommand_from new' -l config -x -d 'Its configuration'

set -l waiting '__fish_seen_subcommand_from append attach save resume close rename tag pin unpin'
complete -c holdfast -n "$waiting" -l wait -x -d 'Milliseconds to wait for another writer'
set -l writing '__fish_seen_subcommand_from append attach save resume'
complete -c holdfast -n "$writing" -l record-size -x -d 'Largest record to accept'
set -l appending '__fish_seen_subcommand_from append attach resume'
complete -c holdfast -n "$appending" -l durability -x -a 'sync os strict' -d 'When it counts as kept'
complete -c holdfast -n "$appending" -l type -x -a 'message todos config rename x-' -d 'Type of records'

set -l append '__fish_seen_subcommand_from append'
complete -c holdfast -n "$append" -l record-id -x -d 'An id, so that it is written once'
complete -c holdfast -n "$append" -l expect -x -d 'Only if there are this many records'
complete -c holdfast -n "$append" -l text -x -d 'A message with this text'
complete -c holdfast -n "$append" -l role -x -a 'user assistant system tool' -d 'Whose text it is'

set -l resume '__fish_seen_subcommand_from resume'
complete -c holdfast -n "$resume" -l last -d 'The newest that is not active'
complete -c holdfast -n "$resume" -l here -d 'The newest of this directory'
complete -c holdfast -n "$resume" -l project -r -a '(__fish_complete_directories)' -d 'It has moved here'
complete -c holdfast -n "$resume" -l one-per-project -d 'Not beside an active one'
complete -c holdfast -n "$resume" -l attach -d 'Then go on as attach does'

complete -c holdfast -n '__fish_seen_subcommand_from attach' -l new -d 'Make the session'
set -l attach '__fish_seen_subcommand_from attach resume'
complete -c holdfast -n "$attach" -l records -d 'Lines have a type, an id and data'
complete -c holdfast -n "$attach" -l id-member -x -d 'Take record ids from this member'
complete -c holdfast -n "$attach" -l no-seal -d 'Do not close the session at the end'

complete -c holdfast -n '__fish_seen_subcommand_from show log' -l last -x -d 'Only the last ones'
complete -c holdfast -n '__fish_seen_subcommand_from show' -l no-pager -d 'Straight to the terminal'
complete -c holdfast -n '__fish_seen_subcommand_from log' -l from -x -d 'Begin with this record'
set -l list '__fish_seen_subcommand_from list'
complete -c holdfast -n "$list" -l project -r -a '(__fish_complete_directories)' -d 'Of this project'
complete -c holdfast -n "$list" -l name -x -d 'With this text in the name'
complete -c holdfast -n "$list" -l tag -x -d 'With this tag'
complete -c holdfast -n "$list" -l state -x -a 'active interrupted closed trashed unknown' -d 'In these states'
complete -c holdfast -n "$list" -l since -x -a '1h 1d 7d 30d' -d 'With a record since then'
complete -c holdfast -n "$list" -l before -x -a '1h 1d 7d 30d' -d 'With no record since then'
complete -c holdfast -n "$list" -l newer-than -x -a '1h 1d 7d 30d' -d 'The same as --since'
complete -c holdfast -n "$list" -l older-than -x -a '1h 1d 7d 30d' -d 'The same as --before'
complete -c holdfast -n "$list" -l limit -x -d 'So many at most'
complete -c holdfast -n "$list" -l resumable -d 'None that is active'
complete -c holdfast -n "$list" -l trash -d 'The trash'
complete -c holdfast -n "$list" -l verify -d 'Check each, and say the verdict'
complete -c holdfast -n "$list" -l ids -d 'Only ids and names'
complete -c holdfast -n '__fish_seen_subcommand_from save' -l create -d 'Make it if it is not there'
complete -c holdfast -n '__fish_seen_subcommand_from verify' -s a -l all -d 'All sessions'
complete -c holdfast -n '__fish_seen_subcommand_from repair resume' -l accept -x -a 'head-missing gap truncated rolled-back tampered' -d 'Go on from these verdicts'
complete -c holdfast -n '__fish_seen_subcommand_from repair cleanup' -s n -l dry-run -d 'Say what would be done'
complete -c holdfast -n '__fish_seen_subcommand_from tag' -l remove -x -d 'Take these tags away'
complete -c holdfast -n '__fish_seen_subcommand_from tag' -l clear -d 'Take all tags away first'
complete -c holdfast -n '__fish_seen_subcommand_from rm cleanup' -l purge -d 'For good'
complete -c holdfast -n '__fish_seen_subcommand_from rm purge' -s y -l yes -d 'Do not ask'
complete -c holdfast -n '__fish_seen_subcommand_from rm purge' -s f -l force -d 'What is not there is no error'
complete -c holdfast -n '__fish_seen_subcommand_from purge' -s a -l all -d 'All of the trash'
complete -c holdfast -n '__fish_seen_subcommand_from cleanup' -l older-than -x -a '30d 90d 365d' -d 'Without a record for so long'
complete -c holdfast -n '__fish_seen_subcommand_from bundle' -s a -l all -d 'All outside the trash'
complete -c holdfast -n '__fish_seen_subcommand_from unbundle' -s n -l dry-run -d 'Only check and list'
complete -c holdfast -n '__fish_seen_subcommand_from unbundle' -l key -r -F -d 'The secret of its store'
complete -c holdfast -n '__fish_seen_subcommand_from cleanup' -l trash -d 'Clean up the trash'
complete -c holdfast -n '__fish_seen_subcommand_from show' -l all -d 'Every record'
complete -c holdfast -n '__fish_seen_subcommand_from import' -F
complete -c holdfast -n '__fish_seen_subcommand_from import' -s n -l dry-run -d 'Say what would be done'
complete -c holdfast -n '__fish_seen_subcommand_from import' -l allow-unsigned -d 'JidoCode: take what has no signature'
complete -c holdfast -n '__fish_seen_subcommand_from import' -l formats -d 'List the formats'
complete -c holdfast -n '__fish_seen_subcommand_from export' -l to -x -a 'original (holdfast import --formats 2>/dev/null | string match -r "^\S+(?=.*export)")' -d 'The format'
complete -c holdfast -n '__fish_seen_subcommand_from export' -s o -l output -r -F -d 'A file or directory'
complete -c holdfast -n '__fish_seen_subcommand_from export' -s f -l force -d 'Replace what is there'
complete -c holdfast -n '__fish_seen_subcommand_from export' -l convert -d 'Write anew what was imported as it is'
complete -c holdfast -n '__fish_seen_subcommand_from export' -l redact -d 'Replace secrets by markers'
complete -c holdfast -n '__fish_seen_subcommand_from export scan' -l pattern -x -d 'What is a secret, too'
complete -c holdfast -n '__fish_seen_subcommand_from export scan' -l pattern-file -r -F -d 'The same, one in a line'
complete -c holdfast -n '__fish_seen_subcommand_from import export' -l secret -r -F -d 'JidoCode: the machine_secret'
complete -c holdfast -n '__fish_seen_subcommand_from import export' -l hostname -x -d 'JidoCode: the name of the host'
complete -c holdfast -n '__fish_seen_subcommand_from import export' -l salt -x -d 'JidoCode: the salt'
