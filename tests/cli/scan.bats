#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scan: where secrets stand, what is shown of them, and the exit status. The keys are made up,
# and put together here so that nobody's scanner takes them for real ones.

load helpers

github=ghp_
github+=16C7e42F292c6912E7710c838347Ae178B4a

# Appends a message with text $2 to session $1.
say() { hf append "$1" --text "$2" >/dev/null; }

@test "a_store_without_secrets_is_clean" {
    make_session 3
    make_session 2
    run -0 --separate-stderr hf scan
    expect '' "$output"
    expect 'holdfast: 0 secrets in 0 of 2 sessions' "$stderr"
    run -0 --separate-stderr hf scan --json --quiet
    expect '[]' "$output"
    expect '' "$stderr"
}

@test "a_secret_is_told_with_session_record_kind_and_place_and_status_30" {
    make_session 2
    say "$id" "use $github now"
    run -30 --separate-stderr hf scan
    expect 'SESSION RECORD KIND WHERE PREVIEW' "$(tr -s ' ' <<<"${lines[0]}")"
    expect '3 github-token content ghp_16C7...' "$(tr -s ' ' <<<"${lines[1]}" | cut -d ' ' -f 2-)"
    expect_in "${id:0:8}" "${lines[1]%% *}"
    expect 2 "${#lines[@]}"
    expect 'holdfast: 1 secret in 1 of 1 session' "$stderr"
    run -30 --separate-stderr hf scan --json "${id:0:6}"
    expect "[{\"session\":\"$id\",\"record\":3,\"type\":\"message\",\"kind\":\"github-token\",\
\"where\":\"content\",\"offset\":4,\"size\":40,\"preview\":\"ghp_16C7...\"}]" "$output"
    [[ $output$stderr != *"$github"* ]]
}

@test "all_sessions_are_looked_through_or_those_that_are_named" {
    make_session 1 one
    say one "password=hunter2x"
    make_session 1 two
    say two "$github"
    run -30 hf scan --json --quiet
    expect 'github-token password' "$(jq -r 'map(.kind) | sort | join(" ")' <<<"$output")"
    run -30 hf scan one --json --quiet
    expect password "$(jq -r '.[].kind' <<<"$output")"
    run -30 hf scan one two one --json --quiet
    expect 3 "$(jq length <<<"$output")"
    make_session 1 three
    run -0 hf scan three
    # What is not there is said, and the others are looked through.
    run -3 hf scan nobody three
    run -30 hf scan nobody two
    expect_in github-token "$output"
}

@test "patterns_of_the_users_own_are_looked_for" {
    make_session 0
    say "$id" 'from corp-12ab to Project Zebra'
    run -0 hf scan
    run -30 --separate-stderr hf scan --pattern 'corp-[0-9a-f]{4}' --json
    expect 'pattern content 5 9 co...' \
        "$(jq -r '.[] | [.kind, .where, .offset, .size, .preview] | join(" ")' <<<"$output")"
    run -30 hf scan --pattern 'corp-[0-9a-f]{4}' --pattern Zebra --json --quiet
    expect 2 "$(jq length <<<"$output")"
    printf '# ours\n\nProject [A-Z][a-z]+\r\n' >patterns
    run -30 hf scan --pattern-file patterns --pattern 'corp-[0-9a-f]{4}' --json --quiet
    expect 2 "$(jq length <<<"$output")"
}

@test "a_pattern_that_is_not_valid_is_refused_with_the_reason" {
    make_session 1
    for pattern in '(' 'a{1000}{1000}' '(a)\1' 'x*' '\bword'; do
        run -2 --separate-stderr hf scan --pattern "$pattern"
        expect '' "$output"
        expect_in 'holdfast: a pattern' "$stderr"
    done
    run -2 hf scan --pattern 'a{300}'
    expect_in 'a repetition of more than 255' "$output"
    run ! hf scan --pattern-file nowhere
}

@test "a_damaged_session_is_looked_through_as_far_as_it_verifies_and_that_is_said" {
    make_session 1
    say "$id" "$github"
    make_session 3 damaged
    damaged=$id
    offset=$(grep -abo 'message 3' "$(log_of "$damaged")" | cut -d : -f 1)
    change_byte "$(log_of "$damaged")" $((offset + 8))
    run -22 --separate-stderr hf scan damaged
    expect_in "$damaged is tampered" "$stderr"
    run -30 --separate-stderr hf scan
    expect_in "$damaged is tampered" "$stderr"
    expect_in github-token "$output"
}

@test "nothing_of_a_stranger_reaches_the_terminal_as_it_is" {
    make_session 0
    printf '{"a\\u001b]0;x\\u0007\xe2\x80\xae":{"token":"\\u001b[31m9f8e7d6c5b4a3928"}}\n' |
        hf attach "$id" --no-seal >/dev/null
    printf '{"\xe2\x80\xae":"%s"}\n' "$github" | hf attach "$id" --no-seal >/dev/null
    run -30 hf scan
    expect_harmless "$output"
    expect_in github-token "$output"
    run -30 hf scan --json --quiet
    jq -e . <<<"$output" >/dev/null
}

@test "nothing_is_changed_by_a_scan" {
    make_session 2
    say "$id" "$github"
    before=$(find "$HOLDFAST_STORE" -type f -exec sha256sum {} + | sort)
    run -30 hf scan
    expect "$before" "$(find "$HOLDFAST_STORE" -type f -exec sha256sum {} + | sort)"
}

@test "names_of_rows_are_no_secrets_though_their_member_is_called_key" {
    hf import --quiet "$BATS_TEST_DIRNAME/../data/opencode-files"
    run -0 --separate-stderr hf scan --json
    expect '[]' "$output"
}

@test "a_file_of_patterns_that_is_not_there_is_told_of" {
    make_session 1
    run -2 hf scan --pattern-file "$scratch/nothing"
    expect_in "no file of patterns at $scratch/nothing" "$output"
}
