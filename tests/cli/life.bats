#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# resume, who, close: who holds a session, and how it goes on.

load helpers

# As many resumes as a test likes; one test is about the limit.
no_limit() { export HOLDFAST_RESUME_MAX=0 HOLDFAST_RESUME_GLOBAL_MAX=0; }

@test "a_session_is_active_then_interrupted_then_closed" {
    make_session 1
    expect interrupted "$(state_of "$id")"
    hold_session "$id"
    expect active "$(state_of "$id")"
    let_go KILL
    expect interrupted "$(state_of "$id")"
    run -0 hf close "$id"
    expect '' "$output"
    expect closed "$(state_of "$id")"
    hf append "$id" --text more
    expect interrupted "$(state_of "$id")"
}

@test "a_killed_session_resumes_with_all_that_was_acknowledged" {
    make_session 2 'the name'
    hold_session "$id"
    kill -KILL "$holder"
    # What a kill in the middle of a write leaves.
    printf '{"n":4,"at":"2026-' >>"$(log_of "$id")"
    run -0 --separate-stderr hf resume "$id"
    for words in "resumed   $id" 'name      the name' "project   $PWD" 'messages  3 in 6 records' \
        'verdict   torn at record 4' 'moved 18 bytes at byte'; do
        expect_in "$words" "$output"
    done
    run -0 hf verify "$id"
    expect 'resume repair' "$(hf log "$id" | jq -r .type | sort -r | grep -x 'resume\|repair' | xargs)"
    # It was let go of.
    expect interrupted "$(state_of "$id")"
    run -0 --separate-stderr hf resume "$id" --json
    expect "[\"$id\",\"the name\",\"$PWD\",3,7,\"intact\",false]" \
        "$(jq -c '[.session, .name, .project, .messages, .records, .verdict, .repair.changed]' <<<"$output")"
    run -0 hf resume "$id" --quiet
    expect '' "$output"
}

@test "resume_finds_a_session_by_id_name_last_and_here" {
    no_limit
    mkdir -p one/deep/er two
    first=$(cd one && hf new --name first)
    second=$(cd two && hf new --name second)
    resumed() { hf resume "$@" --json | jq -r .session; }
    expect "$first" "$(resumed "$first")"
    expect "$first" "$(resumed "${first:0:6}")"
    expect "$second" "$(resumed second)"
    expect "$second" "$(resumed --last)"
    expect "$first" "$(resumed first)"
    expect "$first" "$(resumed --last)"
    expect "$second" "$(cd two && resumed --here)"
    expect "$first" "$(cd one/deep/er && resumed --here)"
    run -3 hf resume --here
    expect_in 'belongs to this directory' "$output"
    # The newest is active: the next one is taken.
    hold_session "$first"
    expect "$second" "$(resumed --last)"
    let_go
    hf rm first second
    run -3 hf resume --last
    run -3 hf resume first
    expect_in 'in the trash' "$output"
}

@test "resume_wants_to_know_which_session_and_what_goes_together" {
    make_session 0
    run -2 hf resume
    expect_in '--last, --here' "$output"
    run -2 hf resume --last --here
    run -2 hf resume "$id" --last
    run -2 hf resume "$id" --type message
    expect_in 'go with --attach' "$output"
    run -2 hf resume "$id" --accept nonsense
    run -2 hf resume "$id" --accept intact
    run -2 hf resume "$id" --attach --records --type message </dev/null
    expect 1 "$(hf log "$id" | wc -l)"
}

@test "resume_needs_a_bad_verdict_to_be_named" {
    no_limit
    make_session 4
    change_byte "$(log_of "$id")" $(($(head -n 3 "$(log_of "$id")" | wc -c) + 60))
    before=$(sha256sum "$(log_of "$id")")
    run -22 hf resume "$id"
    expect_in 'A record was altered or damaged.' "$output"
    expect_in 'or go on with what verifies: --accept tampered.' "$output"
    run -22 hf resume "$id" --accept gap,head-missing
    expect "$before" "$(sha256sum "$(log_of "$id")")"
    run -0 hf resume "$id" --accept gap,tampered
    expect_in 'verdict   tampered at record 3' "$output"
    expect_in 'moved' "$output"
    run -0 hf verify "$id"
    rm "$(head_of "$id")"
    run -25 hf resume "$id"
    expect_in 'or go on with what verifies: --accept head-missing.' "$output"
    run -25 hf append "$id" --text more
    expect_in 'or go on with what verifies: holdfast repair --accept head-missing.' "$output"
    run -0 hf resume "$id" --accept head-missing
    run -0 hf verify "$id"
}

@test "resume_looks_at_the_project_and_moves_with_it" {
    no_limit
    mkdir old
    id=$(hf new --project old)
    mv old new
    run -15 hf resume "$id"
    expect_in "The project's directory is not there." "$output"
    touch old
    run -15 hf resume "$id"
    run -15 hf resume "$id" --project old
    expect_in 'say where it is now with --project' "$output"
    # A variable that is not set names no directory, and not the current one either.
    run -2 hf resume "$id" --project ''
    run -2 hf new --project ''
    expect 1 "$(hf log "$id" | wc -l)"
    run -0 hf resume "$id" --project new
    expect_in "project   $PWD/new" "$output"
    expect "$PWD/new" "$(hf list --json | jq -r '.[0].project')"
    expect "$PWD/old" "$(hf log "$id" | jq -r 'select(.type == "relocate").data.from')"
    # It is found under both.
    expect "$id" "$(hf list --project old --json | jq -r '.[].session')"
    expect "$id" "$(cd new && hf list --project . --json | jq -r '.[].session')"
    expect '[]' "$(hf list --project neither --json)"
    run -0 hf resume "$id"
    # What is said of the project is what is kept.
    mkdir newer
    expect "$PWD/newer" "$(hf resume "$id" --project newer// --json | jq -r .project)"
    expect "$PWD/newer" "$(hf list --json | jq -r '.[0].project')"
}

@test "resumes_are_limited_and_it_is_said_how_long_to_wait" {
    make_session 0
    other=$(hf new)
    export HOLDFAST_RESUME_MAX=2 HOLDFAST_RESUME_WINDOW=30s
    hf resume "$id" -q
    hf resume "$id" -q
    run -14 hf resume "$id"
    expect_in 'Too many attempts' "$output"
    [[ $output =~ Try\ again\ in\ ([0-9]+)\ second ]]
    ((BASH_REMATCH[1] >= 1 && BASH_REMATCH[1] <= 30))
    run -14 --separate-stderr hf resume "$id" --json
    expect HF_ERR_RATE_LIMITED "$(jq -r .error <<<"$stderr")"
    ((0 < $(jq .wait_ms <<<"$stderr") && $(jq .wait_ms <<<"$stderr") <= 30000))
    run -0 hf resume "$other"
    HOLDFAST_RESUME_MAX=0 run -0 hf resume "$id"
    # A refused attempt is written nowhere.
    expect 4 "$(hf log "$id" | wc -l)"
}

@test "resume_waits_as_long_as_it_says" {
    make_session 0
    export HOLDFAST_RESUME_MAX=1 HOLDFAST_RESUME_WINDOW=700ms
    hf resume "$id" -q
    run -14 --separate-stderr hf resume "$id" --json
    sleep "$(jq '.wait_ms / 1000' <<<"$stderr")"
    run -0 hf resume "$id"
}

@test "one_per_project_refuses_a_second_active_session" {
    no_limit
    first=$(hf new)
    second=$(hf new)
    hold_session "$first"
    run -6 hf resume "$second" --one-per-project
    expect_in 'Another session of this project is active.' "$output"
    expect_in "'holdfast list --state active' shows it" "$output"
    HOLDFAST_ONE_PER_PROJECT=yes run -6 hf resume "$second"
    # The same directory by another path is the same project; another one is not.
    ln -s . link
    mkdir other
    run -6 hf resume "$(hf new --project "$PWD/link")" --one-per-project
    run -0 hf resume "$(hf new --project other)" --one-per-project
    run -0 hf resume "$second"
    let_go
    run -0 hf resume "$second" --one-per-project
}

@test "resume_attach_goes_on_as_attach_does" {
    no_limit
    make_session 1 'the name'
    run -11 --separate-stderr hf resume "$id" --attach --id-member k \
        <<<$'{"k":"a","v":1}\n{oops\n{"k":"b"}'
    expect 4 "${#lines[@]}"
    expect "[\"$id\",\"the name\",1,\"intact\"]" \
        "$(jq -c '[.session, .name, .messages, .verdict]' <<<"${lines[0]}")"
    expect '{"ok":true,"n":3,"id":"a"}' "${lines[1]}"
    expect '[false,2]' "$(jq -c '[.ok, .line]' <<<"${lines[2]}")"
    expect '{"ok":true,"n":4,"id":"b"}' "${lines[3]}"
    expect closed "$(state_of "$id")"
    run -0 hf resume "$id" --attach --no-seal --type x-note <<<'{}'
    expect interrupted "$(state_of "$id")"
    expect x-note "$(hf log "$id" --last 1 | jq -r .type)"
    run -0 hf verify "$id"
}

@test "resume_attach_ends_on_sigterm_and_keeps_what_it_acknowledged" {
    make_session 0
    mkfifo in
    "$HOLDFAST" resume "$id" --attach <in >acks 2>notes 3>&- &
    writer=$!
    exec 7>in
    echo '{"x":1}' >&7
    until [ "$(wc -l <acks)" -eq 2 ]; do sleep 0.01; done
    kill -TERM "$writer"
    status=0
    wait "$writer" || status=$?
    exec 7>&-
    expect 143 "$status"
    expect interrupted "$(state_of "$id")"
    run -0 hf verify "$id"
    expect 1 "$(hf load "$id" | jq .message_count)"
}

@test "who_names_the_holder_and_knows_when_nobody_is" {
    make_session 0
    run -0 hf who "$id"
    expect 'nobody holds it' "$output"
    expect '[false,null,null]' "$(hf who "$id" --json | jq -c '[.held, .pid, .since]')"
    hold_session "$id"
    run -0 hf who "$id"
    expect_in "held by process $holder (" "$output"
    expect_in " on $(uname -n) since $(date -u +%Y-)" "$output"
    run -0 hf who "$id" --json
    expect "[true,$holder,\"$(uname -n)\"]" "$(jq -c '[.held, .pid, .host]' <<<"$output")"
    # Frozen is not gone; killed is.
    kill -STOP "$holder"
    expect true "$(hf who "$id" --json | jq .held)"
    run -6 hf append "$id" 1
    let_go KILL
    expect false "$(hf who "$id" --json | jq .held)"
    run -0 hf append "$id" 1
    run -3 hf who 01234567-89ab-4cde-8f01-23456789abcd
}

@test "whoever_is_refused_is_told_who_holds_the_session" {
    no_limit
    make_session 0
    hold_session "$id"
    for command in "append $id 1" "resume $id" "close $id" "rm $id" "rename $id x" "pin $id" \
        "tag $id x" "rm --purge --yes $id" "repair $id"; do
        # shellcheck disable=SC2086
        run -6 hf $command
        expect_in 'another writer holds this session' "$output"
        expect_in "It is held by process $holder (" "$output"
        expect_in 'Wait until it is done' "$output"
    done
    run -6 --separate-stderr hf append "$id" 1 --json
    expect "$holder" "$(jq .holder.pid <<<"$stderr")"
    # Readers are not refused.
    run -0 hf show "$id"
    let_go
    run -0 hf append "$id" 1
}

@test "close_seals_once_and_all_that_are_named" {
    make_session 1
    first=$id
    make_session 1
    run -0 hf close "$first" "$id"
    run -0 hf close "$first"
    expect 1 "$(hf log "$first" | grep -c '"type":"seal"')"
    expect closed "$(state_of "$id")"
    run -3 hf close "$first" nothing
    run -2 hf close
    hold_session "$first"
    run -6 hf close "$first" --wait 50
    run -6 hf close "$first" "$id"
    let_go
}

@test "progress_of_a_resume_is_for_terminals" {
    command -v script >/dev/null || skip "needs script(1)"
    make_session 0
    head -c 8000000 /dev/zero | tr '\0' 1 | hf append "$id" >/dev/null
    run -0 --separate-stderr hf resume "$id"
    [ -z "$stderr" ]
    run script -qec "'$HOLDFAST' resume $id" /dev/null
    expect_in 'checking:' "$output"
    run script -qec "'$HOLDFAST' resume $id --quiet" /dev/null
    [[ $output != *checking* ]]
}
