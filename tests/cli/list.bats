#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# list: which sessions, in which order, and what is said of each.

load helpers

# One session for each letter, a the oldest; of two projects.
make_letters() {
    mkdir one two
    for name in a b c d; do
        project=one
        [[ $name == [cd] ]] && project=two
        hf new --name "$name" --project "$project" >>ids
    done
}

@test "list_gives_the_newest_first_and_no_more_than_is_wanted" {
    make_letters
    expect 'd c b a' "$(names)"
    hf append b --text again
    expect 'b d c a' "$(names)"
    expect 'b d' "$(names --limit 2)"
    expect 'b d c a' "$(names --limit 0)"
    run -2 hf list --limit many
}

@test "list_by_project_takes_paths_as_users_write_them" {
    make_letters
    expect 'b a' "$(names --project one)"
    expect 'b a' "$(names --project "$PWD/one")"
    expect 'b a' "$(cd one && names --project .)"
    expect 'd c' "$(cd one && names --project ../two)"
    expect 'b a' "$(mkdir one/in && cd one/in && names --project ..)"
    expect '' "$(names --project three)"
    expect '' "$(names --project on)"
    expect 'b a' "$(names --project one/)"
    expect 'b a' "$(names --project one/in/..)"
    ln -s one link
    expect 'b a' "$(names --project link)"
    run -2 hf list --project ''
    # A link that was written is kept, and what it leads to is not meant by it then.
    hf new --name e --project link
    expect e "$(names --project link)"
    expect 'b a' "$(names --project one)"
    # What is written with dots is found again from the inside.
    hf new --name f --project "$PWD/two/../one/./in"
    expect f "$(cd one/in && names --project .)"
}

@test "list_by_name_tag_state_and_prefix_and_all_of_them_hold" {
    make_letters
    hf rename a 'Fix The Parser'
    hf tag b urgent parser
    hf tag c urgent
    hf close c d
    expect 'Fix The Parser' "$(names --name 'fix the')"
    expect 'Fix The Parser' "$(names --name PARSER)"
    expect 'c b' "$(names --tag urgent)"
    expect '' "$(names --tag urg)"
    expect 'd c' "$(names --state closed)"
    expect '' "$(names --state active,trashed)"
    expect 'd c b Fix The Parser' "$(names --state closed,interrupted)"
    expect 'c' "$(names --state closed --tag urgent)"
    expect 'b' "$(names --tag urgent --project one)"
    expect '' "$(names --tag urgent --project one --name x)"
    expect 'b' "$(names "$(sed -n 2p ids)")"
    expect '' "$(names "$(sed -n 2p ids)" --tag other)"
    run -2 hf list --state open
    run -2 hf list --state closd
    expect_in "is 'closed' meant?" "$output"
}

@test "list_by_age_and_by_date" {
    make_letters
    updated() { hf list --json | jq -r ".[] | select(.name == \"$1\").updated"; }
    expect 'd c b a' "$(names --since 1h)"
    expect '' "$(names --before 1h)"
    expect '' "$(names --older-than 1w)"
    expect 'd c b a' "$(names --newer-than 2d)"
    expect 'd c b a' "$(names --older-than 0s)"
    # At a time counts as since, not as before.
    expect 'd c' "$(names --since "$(updated c)")"
    expect 'b a' "$(names --before "$(updated c)")"
    expect 'c b' "$(names --since "$(updated b)" --before "$(updated d)")"
    expect 'd' "$(names --since "$(updated b)" --newer-than "$(updated d)")"
    expect 'a' "$(names --before "$(updated b)" --older-than "$(updated d)")"
    # Dates are local unless they say Z.
    expect 'd c b a' "$(names --since 2026-01-01)"
    expect '' "$(names --before '2026-01-01 12:30')"
    now=$(updated d)
    expect '' "$(TZ=AAA-5 names --before "${now%Z}")"
    expect 'd c b a' "$(TZ=AAA+5 names --before "${now%Z}")"
    for time in 30 d '' 1y -1d 2026-13-01 2026-02-30 2026-1-1 2026-01-01T 2026-01-01T25:00 \
        2026-01-01x 1h2 99999999999999d; do
        run -2 hf list --since "$time"
        expect_in "'$time' is no age" "$output"
    done
}

@test "list_leaves_out_what_cannot_be_resumed" {
    make_letters
    expect 'd c b a' "$(names --resumable)"
    hold_session "$(sed -n 1p ids)"
    # The other one of its project goes too.
    expect 'd c' "$(names --resumable)"
    expect 'a d c b' "$(names)"
    expect 'a' "$(names --state active)"
    let_go
    expect 'a d c b' "$(names --resumable)"
}

@test "list_shows_the_trash_only_when_it_is_asked_for" {
    make_letters
    hf rm a c
    expect 'd b' "$(names)"
    expect 'c a' "$(names --trash)"
    expect 'c a' "$(names --state trashed)"
    expect 'd c b' "$(names --state interrupted,trashed --limit 3)"
    expect 'a' "$(names --trash --project one)"
    expect trashed "$(hf list --trash --json | jq -r '.[0].state')"
    run -0 hf list --trash
    expect_in trashed "$output"
}

@test "list_says_all_that_is_known_of_a_session_as_json" {
    make_session 2 'the name'
    hf tag "$id" one two
    hf pin "$id"
    hf close "$id"
    run -0 hf list --json
    expect "[\"$id\",\"the name\",\"$PWD\",\"message 1\",[\"one\",\"two\"],true,true,2,6,\"closed\",null,null]" \
        "$(jq -c '.[0] | [.session, .name, .project, .first_words, .tags, .pinned, .closed,
            .messages, .records, .state, .verdict, .error]' <<<"$output")"
    expect "$(hf log "$id" | wc -c)" "$(jq '.[0].bytes' <<<"$output")"
    expect "$(hf log "$id" | head -n 1 | jq -r .at)" "$(jq -r '.[0].created' <<<"$output")"
    expect "$(hf log "$id" | tail -n 1 | jq -r .at)" "$(jq -r '.[0].updated' <<<"$output")"
}

@test "list_shows_pins_and_tags_and_stays_harmless" {
    make_session 1 $'the \e[31mname'
    hf tag "$id" urgent $'\u202eevil'
    run -0 hf list
    [[ $output != *'* the'* ]]
    hf pin "$id"
    run -0 hf list
    expect_harmless "$output"
    expect_in '* the ^[[31mname #urgent #<U+202E>evil' "$output"
    run -0 hf tag "$id"
    expect_harmless "$output"
    expect urgent "${lines[0]}"
}

@test "list_verify_checks_each_and_hides_nothing" {
    make_letters
    b=$(sed -n 2p ids)
    c=$(sed -n 3p ids)
    for _ in 1 2 3; do hf append b --text x; done >/dev/null
    change_byte "$(log_of "$b")" $(($(head -n 2 "$(log_of "$b")" | wc -c) + 20))
    printf stump >>"$(log_of "$c")"
    run -0 --separate-stderr hf list --verify
    expect 5 "${#lines[@]}"
    expect 'tampered intact torn intact' \
        "$(printf '%s\n' "${lines[@]:1}" | grep -oE 'intact|tampered|torn' | xargs)"
    expect_in 'A record was altered or damaged.' "$stderr"
    run -0 --separate-stderr hf list --verify --json
    expect '[["b","tampered",2],["d","intact",null],["c","torn",1],["a","intact",null]]' \
        "$(jq -c 'map([.name, .verdict, .bad_record])' <<<"$output")"
    # Without it the heads are believed.
    expect '[null,null,null,null]' "$(hf list --json | jq -c 'map(.verdict)')"
    rm "$(head_of "$b")"
    run -0 --separate-stderr hf list --json --verify
    expect '["unknown","HF_ERR_HEAD_MISSING"]' \
        "$(jq -c '.[] | select(.name == "b") | [.state, .error]' <<<"$output")"
}

# Runs a command on a terminal of its own; the output without carriage returns.
on_a_terminal() {
    script -qec "$1" /dev/null </dev/null | tr -d '\r'
}

@test "list_with_pins_tags_and_verdicts_fits_the_terminal" {
    command -v script >/dev/null || skip "needs script(1)"
    make_session 1 "$(printf 'long name %.0s' {1..20})"
    hf tag "$id" some-tag "$(printf 'long%.0s' {1..16})"
    hf pin "$id"
    hf rm "$(hf new --project "/$(printf 'long/%.0s' {1..20})")"
    for columns in 46 56 62 80 100 160; do
        for arguments in '' --verify --trash; do
            run on_a_terminal "stty cols $columns; NO_COLOR=1 '$HOLDFAST' list $arguments"
            expect 2 "${#lines[@]}"
            for line in "${lines[@]}"; do
                [ "${#line}" -le "$columns" ]
            done
        done
    done
    run on_a_terminal "stty cols 160; NO_COLOR=1 '$HOLDFAST' list"
    expect_in '* long name' "$output"
    expect_in '#some-tag' "$output"
    expect_in "$PWD" "$output"
}

@test "a_list_of_nothing_is_empty_and_no_error" {
    run -0 --separate-stderr env -u HOLDFAST_STORE "$HOLDFAST" list --trash --json
    expect '[]' "$output"
    run -0 --separate-stderr hf list --json
    expect '[]' "$output"
    expect "holdfast: there is no store at $HOLDFAST_STORE yet" "$stderr"
    [ ! -e "$HOLDFAST_STORE" ]
    make_session 0
    for arguments in --trash '--state active' '--tag x' '--older-than 1d' '--project /nowhere' 0000; do
        # shellcheck disable=SC2086
        run -0 --separate-stderr hf list $arguments
        expect '' "$output"
        expect 'holdfast: no sessions' "$stderr"
    done
}
