#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# attach: acknowledgements in order, batches, refusals, ends of all kinds.

load helpers

@test "attach_acknowledges_each_line_in_order_and_seals" {
    make_session 0
    run -0 --separate-stderr hf attach "$id" <<<$'{"a":1}\n"two"\n[3]'
    expect $'{"ok":true,"n":1}\n{"ok":true,"n":2}\n{"ok":true,"n":3}' "$output"
    [ -z "$stderr" ]
    expect closed "$(hf list --json | jq -r '.[0].state')"
    expect seal "$(hf log "$id" --last 1 | jq -r .type)"
}

@test "attach_makes_a_session_and_says_its_id_first" {
    run -0 hf attach --new --name made --project /p <<<'1'
    id=$(head -n 1 <<<"$output" | jq -r .session)
    expect '{"ok":true,"n":1}' "${lines[1]}"
    expect '["made","/p"]' "$(hf load "$id" | jq -c '[.name, .project]')"
    run -0 hf attach --new --id 01234567-89ab-4cde-8f01-23456789abcd </dev/null
    expect '{"session":"01234567-89ab-4cde-8f01-23456789abcd"}' "$output"
    run -2 hf attach --new "$id" </dev/null
    run -2 hf attach </dev/null
    run -2 hf attach "$id" --name x </dev/null
    run -2 hf attach "$id" --records --type x-a </dev/null
}

@test "attach_refuses_bad_lines_in_their_place_and_goes_on" {
    make_session 0
    # The @ become spaces: a blank line that is not empty.
    tr @ ' ' >lines <<'LINES'
{"a":1}

{bad
@@@
{"a":1,"a":2}
"x" "y"
[2]
{"type":1
LINES
    run -11 --separate-stderr hf attach "$id" <lines
    expect 6 "${#lines[@]}"
    expect '{"ok":true,"n":1}' "${lines[0]}"
    expect '[3,"HF_ERR_JSON",1]' "$(jq -c '[.line, .error, .offset]' <<<"${lines[1]}")"
    expect '[5,"HF_ERR_JSON"]' "$(jq -c '[.line, .error]' <<<"${lines[2]}")"
    expect 6 "$(jq -c .line <<<"${lines[3]}")"
    expect '{"ok":true,"n":2}' "${lines[4]}"
    expect 8 "$(jq -c .line <<<"${lines[5]}")"
    expect_in '4 of 8 lines were refused' "$stderr"
    expect '{"a":1}[2]' "$(hf load "$id" | jq -cj '.records[].data | tojson')"
}

@test "attach_takes_a_last_line_without_a_line_feed_and_refuses_an_incomplete_one" {
    make_session 0
    run -0 hf attach "$id" < <(printf '{"a":1}\n{"b":2}')
    expect '{"ok":true,"n":2}' "${lines[1]}"
    run -11 hf attach "$id" < <(printf '{"a":1}\n{"b":')
    expect HF_ERR_JSON "$(jq -r .error <<<"${lines[1]}")"
}

@test "attach_takes_types_and_ids_from_records" {
    make_session 0
    run -11 --separate-stderr hf attach "$id" --records <<'LINES'
{"type":"x-a","id":"r1","data":{"k":1}}
{"data":1}
{"type":"x-a","id":"r1","data":{"k": 1}}
{"type":"x-a","id":"r1","data":{"k":2}}
{"type":"seal","data":{}}
{"type":"x-a","data":1,"more":2}
{"type":7,"data":1}
{"type":"x-a"}
{"data":[1,}
7
{"n":9,"at":"x","type":"x-a","id":"r2","data":2,"mac":"x"}
LINES
    expect '{"ok":true,"n":1,"id":"r1"}' "${lines[0]}"
    expect '{"ok":true,"n":2}' "${lines[1]}"
    expect '{"ok":true,"n":1,"id":"r1","duplicate":true}' "${lines[2]}"
    expect HF_ERR_ID_REUSED "$(jq -r .error <<<"${lines[3]}")"
    for i in 4 5 6 7; do
        expect HF_ERR_INVALID "$(jq -r .error <<<"${lines[i]}")"
    done
    expect '["HF_ERR_JSON",11]' "$(jq -c '[.error, .offset]' <<<"${lines[8]}")"
    expect HF_ERR_INVALID "$(jq -r .error <<<"${lines[9]}")"
    expect '{"ok":true,"n":3,"id":"r2"}' "${lines[10]}"
}

@test "attach_takes_ids_from_a_member_and_writes_lines_sent_again_once" {
    make_session 0
    printf '{"uuid":"a-%d","x":1}\n' {1..50} >lines
    printf '{"uuid":null}\n{"other":1}\n{"uuid":12}\n' >>lines
    run -0 hf attach "$id" --id-member uuid <lines
    expect '{"ok":true,"n":50,"id":"a-50"}' "${lines[49]}"
    expect '{"ok":true,"n":51}' "${lines[50]}"
    expect '{"ok":true,"n":53,"id":"12"}' "${lines[52]}"
    run -0 hf attach "$id" --id-member uuid <lines
    expect 51 "$(grep -c '"duplicate":true' <<<"$output")"
    expect '{"ok":true,"n":7,"id":"a-7","duplicate":true}' "${lines[6]}"
    run -11 hf attach "$id" --id-member uuid <<<$'{"uuid":"with space"}\n{"uuid":[1]}\n{"uuid":""}'
    expect 3 "$(grep -c HF_ERR_INVALID <<<"$output")"
}

@test "ids_right_behind_a_record_larger_than_the_window_are_known" {
    make_session 0
    head -c 3000000 /dev/zero | tr '\0' 1 | hf append "$id"
    printf '{"uuid":"a-%d"}\n' {1..3} >lines
    hf attach "$id" --id-member uuid --no-seal <lines
    run -0 hf attach "$id" --id-member uuid <lines
    expect 3 "$(grep -c '"duplicate":true' <<<"$output")"
}

@test "attach_refuses_oversized_lines_without_holding_them" {
    make_session 0
    {
        echo '{"a":1}'
        head -c 300000000 /dev/zero | tr '\0' x
        echo
        echo '{"b":2}'
    } >lines
    # Far less memory than the line has; the sanitizers reserve too much for such a limit.
    if ! grep -q __asan_init "$HOLDFAST"; then
        limit='ulimit -v 150000;'
    fi
    run -11 --separate-stderr bash -c "${limit-} exec '$HOLDFAST' attach $id" <lines
    expect 3 "${#lines[@]}"
    expect '{"ok":true,"n":1}' "${lines[0]}"
    expect '[2,"HF_ERR_RECORD_SIZE"]' "$(jq -c '[.line, .error]' <<<"${lines[1]}")"
    expect '{"ok":true,"n":2}' "${lines[2]}"
    # Also when it has no end.
    rm lines
    run -11 --separate-stderr hf attach "$id" --record-size 1000 < <(head -c 3000000 /dev/zero | tr '\0' x)
    expect HF_ERR_RECORD_SIZE "$(jq -r .error <<<"$output")"
}

@test "attach_acknowledges_before_more_comes" {
    make_session 0
    mkfifo in out
    "$HOLDFAST" attach "$id" <in >out &
    exec 7>in 8<out
    for n in 1 2 3; do
        echo '{"x":1}' >&7
        read -r -t 10 ack <&8
        expect "{\"ok\":true,\"n\":$n}" "$ack"
    done
    expect active "$(hf list --json | jq -r '.[0].state')"
    exec 7>&-
    wait
    exec 8<&-
}

@test "attach_gives_a_fast_producer_group_commit" {
    command -v strace >/dev/null || skip "needs strace"
    if grep -q __asan_init "$HOLDFAST"; then skip "the leak check cannot be traced"; fi
    make_session 0
    printf '{"x":%d}\n' {1..2000} >lines
    strace -o trace -e trace=fdatasync "$HOLDFAST" attach "$id" <lines >acks
    expect 2000 "$(grep -c '"ok":true' acks)"
    expect '{"ok":true,"n":2000}' "$(tail -n 1 acks)"
    # 4 batches of at most 512 lines, and a few for opening and sealing.
    [ "$(grep -c fdatasync trace)" -le 10 ]
    # A line that is refused splits its batch in two and no more.
    sed -i '300s/.*/{"x":01}/' lines
    status=0
    strace -o trace -e trace=fdatasync "$HOLDFAST" attach "$id" <lines >acks 2>notes || status=$?
    expect 11 "$status"
    expect '[300,false]' "$(sed -n 300p acks | jq -c '[.line, .ok]')"
    [ "$(grep -c fdatasync trace)" -le 11 ]
}

@test "attach_finishes_and_leaves_the_session_interrupted_on_sigterm" {
    make_session 0
    for signal in TERM:143 INT:130 HUP:129; do
        rm -f in acks
        mkfifo in
        # A background job of a script ignores SIGINT unless it is told otherwise.
        env --default-signal="${signal%:*}" "$HOLDFAST" attach "$id" <in >acks 2>notes &
        writer=$!
        exec 7>in
        echo '{"x":1}' >&7
        until [ -s acks ]; do sleep 0.01; done
        kill "-${signal%:*}" "$writer"
        status=0
        wait "$writer" || status=$?
        expect "${signal#*:}" "$status"
        expect_in 'stopped by signal' "$(cat notes)"
        exec 7>&-
        expect interrupted "$(hf list --json | jq -r '.[0].state')"
        rm in
    done
    run -0 hf verify "$id"
    expect 3 "$(hf load "$id" | jq .message_count)"
}

@test "attach_ends_on_sigterm_though_nobody_reads_its_acknowledgements" {
    make_session 0
    mkfifo out
    sleep 60 <out &
    reader=$!
    yes '{"x":1}' | head -n 20000 | "$HOLDFAST" attach "$id" --durability os >out 2>/dev/null &
    writer=$!
    sleep 1
    kill -TERM "$writer" || true
    for _ in {1..100}; do
        kill -0 "$writer" 2>/dev/null || break
        sleep 0.1
    done
    run kill -0 "$writer"
    [ "$status" -ne 0 ]
    kill "$reader"
    run -0 hf verify "$id"
}

@test "attach_leaves_the_session_interrupted_when_the_host_is_gone" {
    make_session 0
    {
        for i in {1..200}; do
            echo '{"x":1}' || true
            sleep 0.01
        done
    } 2>/dev/null | { hf attach "$id" 2>notes || echo $? >status; } | head -n 1
    expect 10 "$(cat status)"
    expect_in 'acknowledgements' "$(cat notes)"
    expect interrupted "$(hf list --json | jq -r '.[0].state')"
    run -0 hf verify "$id"
}

@test "attach_need_not_close_the_session_at_the_end_of_input" {
    make_session 0
    run -0 hf attach "$id" --no-seal <<<1
    expect interrupted "$(hf list --json | jq -r '.[0].state')"
    run -0 hf attach "$id" </dev/null
    expect closed "$(hf list --json | jq -r '.[0].state')"
}

@test "attach_says_which_lines_a_full_disk_cost" {
    make_session 0
    {
        echo '{"x":1}'
        sleep 0.2
        printf '{"x":"'
        head -c 3000000 /dev/zero | tr '\0' x
        printf '"}\n{"x":3}\n'
    } | (
        ulimit -f 1000
        hf attach "$id" >acks 2>notes || echo $? >status
    )
    expect 9 "$(cat status)"
    expect '{"ok":true,"n":1}' "$(head -n 1 acks)"
    expect '[2,"HF_ERR_NOSPACE"]' "$(sed -n 2p acks | jq -c '[.line, .error]')"
    expect_in 'no space left' "$(cat notes)"
    run -0 hf verify "$id"
    expect 1 "$(hf load "$id" | jq .message_count)"
}

@test "two_writers_do_not_share_a_session" {
    make_session 0
    mkfifo in
    "$HOLDFAST" attach "$id" <in >acks &
    exec 7>in
    echo 1 >&7
    until [ -s acks ]; do sleep 0.01; done
    run -6 hf attach "$id" </dev/null
    run -6 hf rm "$id" --yes
    run -6 hf save "$id" <<<'{"records":[]}'
    exec 7>&-
    wait
    run -0 hf verify "$id"
}
