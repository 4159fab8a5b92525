#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# verify and repair: verdicts, places, exit statuses.

load helpers

@test "verify_says_intact_with_records_and_bytes" {
    make_session 4
    run -0 hf verify "$id"
    expect_in "$id  intact  5 records" "$output"
    run -0 hf verify "${id:0:4}" --json
    expect '["intact",5,5,null,null]' \
        "$(jq -c '.[0] | [.verdict, .records, .acknowledged, .bad_record, .bad_offset]' <<<"$output")"
    run -0 hf verify "$id" --quiet
    expect '' "$output"
}

@test "a_changed_byte_is_tampered_with_its_record_and_its_place" {
    make_session 4
    log=$(log_of "$id")
    offset=$(grep -abo 'message 3' "$log" | cut -d : -f 1)
    begin=$(head -n 3 "$log" | wc -c)
    change_byte "$log" $((offset + 8))
    run -22 hf verify "$id"
    expect_in tampered "$output"
    expect_in "The first bad record is 3, at byte $begin" "$output"
    run -22 hf verify "$id" --json
    expect "[\"tampered\",3,3,$begin]" \
        "$(jq -c '.[0] | [.verdict, .records, .bad_record, .bad_offset]' <<<"$output")"
    # What stands before it can be read, and reading says what is wrong.
    for command in show log load; do
        run -22 --separate-stderr hf "$command" "$id"
        expect_in 'message 2' "$output"
        [[ $output != *'message 4'* ]]
        expect_in tampered "$stderr"
    done
    # It is not repaired, but it is said what was found; and it can be accepted.
    run -22 --separate-stderr hf repair "$id"
    expect "found: tampered at record 3, byte $begin" "$output"
    run -22 hf repair "$id" --accept gap,head-missing
    run -22 --separate-stderr hf repair "$id" --json
    expect "[\"tampered\",false,3,$begin]" \
        "$(jq -c '[.found, .changed, .bad_record, .bad_offset]' <<<"$output")"
    expect HF_ERR_TAMPERED "$(jq -r .error <<<"$stderr")"
    run -0 hf repair "$id" --accept tampered
    expect_in repaired "$output"
    run -0 hf verify "$id"
    expect 1 "$(hf log "$id" | grep -c '"type":"repair"')"
}

@test "a_log_that_was_cut_is_truncated_in_the_middle_and_torn_at_no_place_below_the_head" {
    make_session 4
    log=$(log_of "$id")
    size=$(hf log "$id" | wc -c)
    truncate -s $((size - 10)) "$log"
    run -21 hf verify "$id"
    truncate -s "$(head -n 3 "$log" | wc -c)" "$log"
    run -21 hf verify "$id"
    expect_in '3 records' "$output"
    run -21 hf append "$id" 1
    run -21 hf load "$id"
    expect 2 "$(hf load "$id" 2>/dev/null | jq '.records | length')"
}

@test "a_stump_behind_the_head_is_torn_and_the_next_writer_goes_on" {
    make_session 2
    printf '{"n":3,"at":"2026-' >>"$(log_of "$id")"
    run -20 hf verify "$id"
    run -0 hf show "$id"
    expect_in torn "$output"
    run -0 hf append "$id" 1
    run -0 hf verify "$id"
}

@test "a_missing_head_needs_to_be_accepted" {
    make_session 2
    rm "$(head_of "$id")"
    run -25 hf verify "$id"
    run -25 hf append "$id" 1
    run -25 hf repair "$id"
    run -2 hf repair "$id" --accept everything
    run -2 hf repair "$id" --accept key-missing
    expect_in "'key-missing' cannot be accepted" "$output"
    run -2 hf repair "$id" --accept head-mising
    expect_in "is 'head-missing' meant?" "$output"
    run -0 hf repair "$id" --accept head-missing
    expect_in repaired "$output"
    run -0 hf verify "$id"
    run -0 hf append "$id" 1
}

@test "a_head_put_back_is_found_out" {
    make_session 2
    cp "$(log_of "$id")" log
    hf append "$id" 1
    hf append "$id" 2
    cp log "$(log_of "$id")"
    run -21 hf verify "$id"
}

@test "a_session_under_a_lost_key_is_readable_and_not_called_tampered" {
    make_session 2
    hf key drop --quiet
    mv "$HOLDFAST_STORE/keys/machine_secret" secret
    run -27 hf verify "$id"
    expect_in key-missing "$output"
    run -27 hf show "$id"
    expect_in 'message 2' "$output"
    run -27 hf append "$id" 1
    mv secret "$HOLDFAST_STORE/keys/machine_secret"
    run -0 hf verify "$id"
}

@test "verify_of_several_ends_with_the_worst_verdict_and_checks_all" {
    make_session 2
    torn=$id
    printf stump >>"$(log_of "$torn")"
    make_session 2
    tampered=$id
    change_byte "$(log_of "$tampered")" 100
    make_session 2
    intact=$id
    run -0 hf verify "$intact"
    run -20 hf verify "$intact" "$torn"
    run -22 hf verify "$tampered" "$torn" "$intact"
    expect 3 "$(grep -cE '  (intact|torn|tampered)  ' <<<"$output")"
    run -22 hf verify --all
    expect 3 "$(grep -cE '  (intact|torn|tampered)  ' <<<"$output")"
    run -22 hf verify --all --quiet
    [[ $output != *"$intact"* ]]
    run -22 hf verify --all --json
    expect '["intact","tampered","torn"]' "$(jq -c 'map(.verdict) | sort' <<<"$output")"
    run -3 hf verify "$intact" 00000000
    expect_in "$intact  intact" "$output"
    run -20 hf verify 00000000 "$torn"
    run -2 hf verify
    run -2 hf verify --all "$intact"
}

@test "verify_all_of_an_empty_store_is_fine" {
    hf rm "$(hf new)"
    run -0 hf verify --all
    expect_in 'no sessions' "$output"
    expect '[]' "$(hf verify --all --json 2>/dev/null)"
}

@test "progress_is_for_terminals" {
    command -v script >/dev/null || skip "needs script(1)"
    make_session 1
    head -c 8000000 /dev/zero | tr '\0' 1 | hf append "$id" >/dev/null
    run -0 --separate-stderr hf verify "$id"
    [ -z "$stderr" ]
    run script -qec "'$HOLDFAST' verify $id" /dev/null
    expect_in 'verifying 1 of 1' "$output"
    run script -qec "'$HOLDFAST' verify $id --quiet" /dev/null
    [[ $output != *verifying* ]]
}

@test "repair_leaves_an_intact_session_alone" {
    make_session 2
    sum=$(sha256sum "$(log_of "$id")")
    run -0 hf repair "$id"
    expect_in 'nothing to repair' "$output"
    expect "$sum" "$(sha256sum "$(log_of "$id")")"
    run -0 hf repair "$id" --json
    expect '["intact",false,null]' "$(jq -c '[.found, .changed, .bad_record]' <<<"$output")"
}
