#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# new, append, save: what is written, and what is refused.

load helpers

@test "new_prints_an_id_and_keeps_what_it_was_told" {
    id=$(hf new --name 'fix ☂ it' --project /some/where --config '{"model":"m"}')
    [[ $id =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
    run -0 hf load "$id"
    expect 'fix ☂ it' "$(jq -r .name <<<"$output")"
    expect /some/where "$(jq -r .project <<<"$output")"
    expect m "$(jq -r .config.model <<<"$output")"
    expect 0 "$(jq -r .message_count <<<"$output")"
}

@test "the_project_is_the_current_directory_and_always_absolute" {
    mkdir -p deep/er
    cd deep
    expect "$PWD" "$(hf load "$(hf new)" | jq -r .project)"
    expect "$PWD/er" "$(hf load "$(hf new --project er)" | jq -r .project)"
    expect "$PWD" "$(hf load "$(hf new --project .)" | jq -r .project)"
}

@test "new_refuses_bad_ids_and_ids_that_are_taken" {
    run -2 hf new --id nonsense
    run -0 hf new --id 01234567-89ab-4cde-8f01-23456789abcd
    expect 01234567-89ab-4cde-8f01-23456789abcd "$output"
    run -4 hf new --id 01234567-89ab-4cde-8f01-23456789abcd
    run -11 hf new --config '{"a":1'
    run -11 hf new --config '[1]'
    expect 1 "$(hf list --json | jq length)"
}

@test "append_takes_json_from_its_argument_or_its_input" {
    make_session 0
    expect 1 "$(hf append "$id" '{ "a" : 1 }')"
    expect 2 "$(printf '{\n "b": 2\n}\n' | hf append "$id")"
    expect 3 "$(echo '"x"' | hf append "$id" -)"
    expect '{"a":1}{"b":2}"x"' "$(hf load "$id" | jq -rjc '.records[].data | tojson')"
}

@test "append_makes_a_message_of_text" {
    make_session 0
    hf append "$id" --text $'a "quoted"\n\ttext \\ ☂ \e[1m'
    hf append "$id" --text done --role assistant
    expect $'a "quoted"\n\ttext \\ ☂ \e[1m' "$(hf load "$id" | jq -r '.records[0].data.content')"
    expect assistant "$(hf load "$id" | jq -r '.records[1].data.role')"
    run -2 hf append "$id" --role user
    run -2 hf append "$id" '{}' --text x
}

@test "append_keeps_json_as_it_is" {
    make_session 0
    hf append "$id" '{"n":123456789012345678901234567890,"f":1.0,"s":"\ud83d","e":1E+2}'
    expect_in '"data":{"n":123456789012345678901234567890,"f":1.0,"s":"\ud83d","e":1E+2}' "$(hf log "$id")"
}

@test "append_with_a_record_id_writes_once" {
    make_session 0
    expect 1 "$(hf append "$id" '{"a":1}' --record-id r1)"
    expect 1 "$(hf append "$id" '{"a": 1}' --record-id r1)"
    run -0 hf append "$id" '{"a":1}' --record-id r1 --json
    expect '{"n":1,"id":"r1","duplicate":true}' "$output"
    run -7 hf append "$id" '{"a":2}' --record-id r1
    run -2 hf append "$id" '{"a":2}' --record-id 'with space'
    expect 2 "$(hf log "$id" | wc -l)"
}

@test "append_with_expect_does_not_interleave" {
    make_session 2
    run -7 hf append "$id" '1' --expect 2
    expect 3 "$(hf append "$id" '1' --expect 3)"
    run -7 hf append "$id" '1' --expect 3
    expect 4 "$(hf log "$id" | wc -l)"
}

@test "append_refuses_types_that_are_not_the_hosts" {
    make_session 0
    for type in seal session repair Message x_ ''; do
        run -2 hf append "$id" '{}' --type "$type"
    done
    run -0 hf append "$id" '{}' --type x-mine
    run -0 hf append "$id" '{"name":"other"}' --type rename
    expect other "$(hf list --json | jq -r '.[0].name')"
}

@test "append_refuses_what_is_too_large" {
    make_session 0
    run -8 hf append "$id" '"0123456789"' --record-size 8
    run -0 hf append "$id" '"0123456789"' --record-size 12
    expect 2 "$(hf log "$id" | wc -l)"
}

@test "append_waits_for_another_writer_only_when_told_to" {
    make_session 0
    mkfifo pipe
    "$HOLDFAST" attach "$id" <pipe >acks &
    exec 7>pipe
    echo 1 >&7
    until [ -s acks ]; do sleep 0.01; done
    run -6 hf append "$id" 2
    expect_in 'another writer' "$output"
    run -6 hf append "$id" 2 --wait 50
    (sleep 0.3 && exec 7>&-) &
    exec 7>&-
    run -0 hf append "$id" 2 --wait 10000
    wait
}

@test "a_session_is_found_by_the_start_of_its_id_and_candidates_are_listed" {
    hf new --id aaaa0000-0000-4000-8000-000000000001 --name first
    hf new --id aaaa0000-0000-4000-8000-000000000002 --name $'sec\eond'
    hf new --id aaab0000-0000-4000-8000-000000000003
    expect 1 "$(hf append aaab 1)"
    run -4 hf append aaaa 1
    expect_in 'aaaa0000-0000-4000-8000-000000000001' "$output"
    expect_in 'aaaa0000-0000-4000-8000-000000000002' "$output"
    expect_in 'first' "$output"
    expect_harmless "$output"
    [[ $output != *aaab0000* ]]
    run -4 --separate-stderr hf show aaaa --json
    expect 2 "$(tail -n 1 <<<"$stderr" | jq '.candidates | length')"
    run -3 hf show aaa
    run -3 hf show ../x
    run -3 hf show aaac
}

@test "save_replaces_a_session_by_a_document_and_keeps_the_rest" {
    make_session 3 'old name'
    run -0 hf save "$id" <<<'{"records":[{"data":{"role":"user","content":"new"}},{"type":"x-t","id":"i1","data":[1.0]}]}'
    expect "$id" "$output"
    run -0 hf load "$id"
    expect 'old name' "$(jq -r .name <<<"$output")"
    expect '[["message",null,{"role":"user","content":"new"}],["x-t","i1",[1]]]' \
        "$(jq -c '[.records[] | [.type, .id, .data]]' <<<"$output")"
    run -0 hf save "$id" --json <<<'{"name":"new name","config":{"a":1},"records":[]}'
    expect '["new name",{"a":1},[]]' "$(hf load "$id" | jq -c '[.name, .config, .records]')"
    run -0 hf verify "$id"
}

@test "load_and_save_round_trip" {
    id=$(hf new --name 'n ☂' --project /p --config '{"a":1.0}')
    hf attach "$id" --records >/dev/null <<'LINES'
{"data":{"role":"user","content":"\ud83d lone, 123456789012345678901234567890"}}
{"type":"todos","id":"t-1","data":[{"content":"x","status":"pending"}]}
{"type":"config","data":{"a":2}}
{"type":"rename","data":{"name":"renamed"}}
{"type":"x-mine","data":1.0}
LINES
    copy=$(hf load "$id" | hf save --create)
    [ "$copy" != "$id" ]
    shape='del(.session, .created, .updated) | .records |= map(del(.n, .at))'
    expect "$(hf load "$id" | jq -c "$shape")" "$(hf load "$copy" | jq -c "$shape")"
    # Byte for byte, where jq would round numbers.
    expect "$(hf log "$id" | grep -o '"data".*,"mac' | sed -n 2,6p)" \
        "$(hf log "$copy" | grep -o '"data".*,"mac' | sed -n 2,6p)"
    # The log itself can be read as well.
    hf log "$id" | hf save "$copy" -q
    expect "$(hf load "$id" | jq -c .records[].data)" "$(hf load "$copy" | jq -c .records[].data)"
}

@test "save_takes_data_as_deep_as_an_append_does" {
    deep=$(printf '[%.0s' {1..128})$(printf ']%.0s' {1..128})
    make_session 0
    hf append "$id" "$deep"
    copy=$(hf load "$id" | hf save --create)
    expect_in "$deep" "$(hf log "$copy")"
    run -0 hf attach "$id" --records <<<"{\"data\":$deep}"
    run -11 hf attach "$id" --records <<<"{\"data\":[$deep]}"
}

@test "save_refuses_a_bad_document_and_changes_nothing" {
    make_session 2
    before=$(hf log "$id")
    document=$(hf load "$id")
    run -11 hf save "$id" <<<"${document%?}"
    run -11 hf save "$id" <<<"${document%????}"
    run -11 hf save "$id" <<<"$document]"
    run -11 hf save "$id" <<<'{"records":[{"data":1},{"data":{"a":1,"a":2}}]}'
    run -11 hf save "$id" <<<'{"records":[],"records":[]}'
    run -2 hf save "$id" <<<'{"records":[],"nmae":"x"}'
    run -2 hf save "$id" <<<'{"records":[{"data":1},{"dta":1}]}'
    expect_in 'Record 2 of the input' "$output"
    run -2 hf save "$id" <<<'{"records":{}}'
    run -2 hf save "$id" <<<'[1]'
    run -2 hf save <<<'{"records":[]}'
    run -3 hf save 01234567-89ab-4cde-8f01-23456789abcd <<<'{"records":[]}'
    expect "$before" "$(hf log "$id")"
}

@test "a_save_that_fails_leaves_no_session_behind" {
    make_session 0
    run -11 hf save --create <<<'{"records":[{"data":{"a":1,"a":1}}]}'
    run -8 hf save --create --record-size 8 <<<'{"records":[{"data":"0123456789"}]}'
    expect 1 "$(hf list --json | jq length)"
    run -0 hf save --create 01234567-89ab-4cde-8f01-23456789abcd <<<'{"records":[]}'
    expect 01234567-89ab-4cde-8f01-23456789abcd "$output"
}
