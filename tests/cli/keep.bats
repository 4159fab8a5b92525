#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# rename, tag, pin; rm, restore, purge, cleanup; limits: how sessions are kept, and how they go.

load helpers

make_letters() {
    for name in "$@"; do
        hf new --name "$name" >>ids
    done
}

@test "rename_gives_a_name_by_which_a_session_is_found" {
    make_session 1 'old name'
    run -0 hf rename 'old name' 'new name'
    expect '' "$output"
    expect "$id" "$(hf load 'new name' | jq -r .session)"
    run -3 hf show 'old name'
    run -3 hf show 'new'
    hf rename "$id" ''
    expect '' "$(names)"
    run -2 hf rename "$id"
    run -2 hf rename "$id" "$(printf 'x%.0s' {1..300})"
    expect '' "$(names)"
}

@test "an_id_goes_before_a_name_and_names_can_be_ambiguous" {
    hf new --id aaaa0000-0000-4000-8000-000000000001 --name bbbb
    hf new --id bbbb0000-0000-4000-8000-000000000002 --name same
    hf new --id cccc0000-0000-4000-8000-000000000003 --name same
    expect bbbb0000-0000-4000-8000-000000000002 "$(hf load bbbb | jq -r .session)"
    run -4 hf append same 1
    expect_in bbbb0000-0000-4000-8000-000000000002 "$output"
    expect_in cccc0000-0000-4000-8000-000000000003 "$output"
    [[ $output != *aaaa0000* ]]
    # The one in the trash is no candidate.
    hf rm cccc
    expect 1 "$(hf append same 1)"
    hf rm bbbb
    run -4 --separate-stderr hf restore same --json
    expect 2 "$(tail -n 1 <<<"$stderr" | jq '.candidates | length')"
    hf restore bbbb
    expect 'same bbbb' "$(names)"
}

@test "tags_are_added_removed_cleared_and_printed" {
    make_session 0
    expect '' "$(hf tag "$id")"
    run -0 hf tag "$id" one two one
    expect '' "$output"
    expect $'one\ntwo' "$(hf tag "$id")"
    hf tag "$id" --remove one,nothing three
    expect '["two","three"]' "$(hf tag "$id" --json | jq -c .tags)"
    hf tag "$id" --clear four
    expect four "$(hf tag "$id")"
    hf tag "$id" --clear
    expect '' "$(hf tag "$id")"
    for tag in 'with space' 'with,comma' '' "$(printf 'x%.0s' {1..65})"; do
        run -2 hf tag "$id" good "$tag"
    done
    expect '' "$(hf tag "$id")"
    hf tag "$id" {1..16}
    run -2 hf tag "$id" 17
    expect 16 "$(hf tag "$id" | wc -l)"
}

@test "labels_leave_a_closed_session_closed" {
    make_session 1
    hf close "$id"
    hf rename "$id" other
    hf tag "$id" one
    hf pin "$id"
    hf unpin "$id"
    expect closed "$(state_of "$id")"
    expect 1 "$(hf log "$id" | grep -c '"type":"seal"')"
    expect 0 "$(hf log "$id" | grep -c '"type":"resume"')"
    run -0 hf verify "$id"
    # And an interrupted one interrupted.
    hf append "$id" --text x
    hf tag "$id" two
    hf rename "$id" other
    expect interrupted "$(state_of "$id")"
    # A save keeps them.
    hf pin "$id"
    hf load "$id" | hf save "$id" -q
    expect '["other",["one","two"],true]' "$(hf list --json | jq -c '.[0] | [.name, .tags, .pinned]')"
}

@test "pin_and_unpin_take_several_and_change_none_if_one_is_missing" {
    make_letters a b
    run -3 hf pin a nothing b
    expect '[false,false]' "$(hf list --json | jq -c 'map(.pinned)')"
    hf pin a b
    expect '[true,true]' "$(hf list --json | jq -c 'map(.pinned)')"
    hf unpin b
    expect '[false,true]' "$(hf list --json | jq -c 'map(.pinned)')"
}

@test "rm_moves_to_the_trash_without_asking_and_restore_brings_it_back_as_it_was" {
    make_session 3 'the name'
    hf tag "$id" one
    before=$(hf log "$id" | sha256sum)
    run -0 hf rm "$id" </dev/null
    expect '' "$output"
    run -0 hf list
    expect 'holdfast: no sessions' "$output"
    [ ! -e "$(log_of "$id")" ]
    # It can be read, and not written to.
    expect "$before" "$(hf log "$id" | sha256sum)"
    run -3 hf append "$id" 1
    expect_in 'Restore it' "$output"
    run -0 hf restore "$id"
    expect "$before" "$(hf log "$id" | sha256sum)"
    run -0 hf verify "$id"
    expect '["the name",["one"],"interrupted"]' "$(hf list --json | jq -c '.[0] | [.name, .tags, .state]')"
    # Twice is fine, both ways.
    run -0 hf restore "$id"
    run -0 hf rm "$id"
    run -0 hf rm "$id"
    expect trashed "$(state_of "$id")"
    run -0 hf restore 'the name'
    expect 5 "$(hf append "$id" 1)"
}

@test "rm_moves_all_or_none_and_force_minds_nothing_missing" {
    make_letters a b
    run -3 hf rm a nothing
    run -3 hf rm nothing a
    expect 'b a' "$(names)"
    run -3 hf rm a nothing --json
    run -0 hf rm -f a nothing b
    expect '' "$output"
    expect '' "$(names)"
    run -0 hf rm -f nothing
    run -2 hf rm
}

# Puts a twin of session $1 into the trash.
make_twin() {
    hf rm "$1"
    cp "$HOLDFAST_STORE/trash/$1.jsonl" "$HOLDFAST_STORE/trash/$1.head" .
    hf restore "$1"
    cp "$1.jsonl" "$1.head" "$HOLDFAST_STORE/trash/"
}

@test "rm_goes_on_after_a_failure_and_ends_with_the_first_status" {
    make_letters a b c
    make_twin "$(sed -n 2p ids)"
    hold_session "$(sed -n 1p ids)"
    run -6 hf rm "$(sed -n 1p ids)" "$(sed -n 2p ids)" c
    expect_in 'another writer holds' "$output"
    expect_in 'It exists already.' "$output"
    expect 'a b' "$(names)"
    let_go
}

@test "rm_purge_asks_and_removes_for_good" {
    make_letters a b
    run -2 hf rm --purge a </dev/null
    expect_in 'give --yes' "$output"
    run -3 hf rm --purge a 0000 --yes
    expect 'b a' "$(names)"
    hf rm b
    # In the trash or not.
    run -0 hf rm --purge a b --yes
    run -3 hf restore a
    run -3 hf restore b
    run -3 hf rm a
    run -0 hf rm --purge --yes --force a
    expect '' "$(find "$HOLDFAST_STORE"/sessions "$HOLDFAST_STORE"/trash -name '*.jsonl' -o -name '*.head')"
}

@test "purge_removes_only_what_is_in_the_trash" {
    make_letters a b c d
    hf rm a b c
    run -2 hf purge a </dev/null
    run -2 hf purge
    run -2 hf purge a --all
    run -3 hf purge d --yes
    expect_in 'The session is not in the trash.' "$output"
    expect d "$(names)"
    run -0 hf purge a --yes
    run -3 hf purge a --yes
    run -0 --separate-stderr hf purge a --yes --force
    expect '' "$stderr"
    run -3 hf purge d --yes --force
    expect 'c b' "$(names --trash)"
    run -0 hf purge --all --yes
    expect '' "$(names --trash)"
    expect d "$(names)"
    run -0 hf purge --all </dev/null
    expect 'holdfast: the trash is empty' "$output"
}

@test "removing_for_good_asks_on_a_terminal" {
    command -v script >/dev/null || skip "needs script(1)"
    make_letters a b
    printf 'n\n' | script -qec "'$HOLDFAST' rm --purge a; echo status \$?" /dev/null >out
    expect_in 'status 1' "$(cat out)"
    expect_in 'nothing was removed' "$(cat out)"
    expect 'b a' "$(names)"
    printf 'y\n' | script -qec "'$HOLDFAST' rm --purge a" /dev/null >out
    expect_in "$(sed -n 1p ids)" "$(cat out)"
    expect b "$(names)"
    hf rm b
    printf '\n' | script -qec "'$HOLDFAST' purge --all; echo status \$?" /dev/null >out
    expect_in 'status 1' "$(cat out)"
    printf 'yes\n' | script -qec "'$HOLDFAST' purge --all" /dev/null >out
    expect '' "$(names --trash)"
}

@test "cleanup_needs_an_age_and_a_dry_run_changes_nothing" {
    make_letters a b
    run -2 hf cleanup
    expect_in '--older-than is missing' "$output"
    run -2 hf cleanup --older-than forever
    run -2 hf cleanup --older-than 9000-01-01
    expect_in 'still to come' "$output"
    run -0 hf cleanup --older-than 0s --dry-run
    expect_in 'would remove 2 (' "$output"
    expect 2 "$(grep -c 'would remove  ' <<<"$output")"
    expect 'b a' "$(names)"
    run -0 hf cleanup --older-than 1d
    expect 'removed 0 (0 B), kept 2 (2 recent), failed 0' "$output"
    run -0 hf cleanup --older-than 1d --verbose
    expect 2 "$(grep -cE '  kept +recent +[ab]$' <<<"$output")"
    run -0 hf cleanup --older-than 0s --quiet
    expect '' "$output"
    expect 'b a' "$(names --trash)"
}

@test "cleanup_keeps_active_pinned_and_unreadable_sessions_and_says_so" {
    make_letters plain pinned held broken
    hf pin pinned
    hold_session "$(sed -n 3p ids)"
    rm "$(head_of "$(sed -n 4p ids)")"
    run -0 hf cleanup --older-than 0s --json
    expect '[["broken","kept","unreadable","HF_ERR_HEAD_MISSING"],["held","kept","active",null],["pinned","kept","pinned",null],["plain","removed","",null]]' \
        "$(jq -c '.sessions | map([.name, .outcome, .reason, .cause]) | sort' <<<"$output")"
    expect '[1,3,0,false]' "$(jq -c '[.removed, .kept, .failed, .dry_run]' <<<"$output")"
    expect plain "$(names --trash)"
    run -0 hf cleanup --older-than 0s
    expect 1 "$(grep -cE ' kept +active +held$' <<<"$output")"
    expect 1 "$(grep -cE ' kept +pinned +\* pinned$' <<<"$output")"
    expect 1 "$(grep -cE ' kept +head-missing +broken$' <<<"$output")"
    expect_in 'removed 0 (0 B), kept 3, failed 0' "$output"
    let_go
}

@test "cleanup_goes_by_records_and_not_by_the_times_of_files" {
    make_letters a
    touch -d '2 years ago' "$HOLDFAST_STORE"/sessions/*
    run -0 hf cleanup --older-than 1d
    expect a "$(names)"
    # Old by its record, however new its files.
    updated=$(hf list --json | jq -r '.[0].updated')
    touch "$HOLDFAST_STORE"/sessions/*
    run -0 hf cleanup --older-than "$updated"
    expect a "$(names --trash)"
}

@test "cleanup_goes_on_after_a_failure_and_ends_with_its_status" {
    make_letters a b c
    b=$(sed -n 2p ids)
    # Another session of b's id is in the trash.
    make_twin "$b"
    run -4 --separate-stderr hf cleanup --older-than 0s --json
    expect '[["a","removed",null],["b","failed","HF_ERR_EXISTS"],["c","removed",null]]' \
        "$(jq -c '.sessions | map([.name, .outcome, .cause]) | sort' <<<"$output")"
    expect '[2,0,1]' "$(jq -c '[.removed, .kept, .failed]' <<<"$output")"
    expect b "$(names)"
    run -4 hf cleanup --older-than 0s
    expect_in 'failed        exists' "$output"
    run -4 hf rm b
}

@test "cleanup_of_the_trash_and_cleanup_for_good" {
    make_letters a b c
    hf rm a b
    run -0 hf cleanup --older-than 1d --trash
    expect 'b a' "$(names --trash)"
    run -0 hf cleanup --older-than 0s --trash
    expect '' "$(names --trash)"
    expect c "$(names)"
    run -0 hf cleanup --older-than 0s --purge
    expect '' "$(names)"
    expect '' "$(names --trash)"
    # A default store that was never made has nothing to clean up.
    run -0 env -u HOLDFAST_STORE "$HOLDFAST" cleanup --older-than 1d
    expect_in 'removed 0' "$output"
    run -3 hf cleanup --older-than 1d --store "$scratch/none"
}

@test "max_sessions_warns_then_refuses_or_puts_the_oldest_closed_one_into_the_trash" {
    export HOLDFAST_MAX_SESSIONS=3
    make_letters a b
    run -0 --separate-stderr hf new --name c
    expect_in warning "$stderr"
    expect_in max_sessions "$stderr"
    run -8 hf new --name d
    expect_in 'as many sessions as max_sessions allows' "$output"
    run -8 env HOLDFAST_AUTO_CLEANUP=yes "$HOLDFAST" new --name d
    hf close b
    gone=$(hf list --name b --json | jq -r '.[].session')
    HOLDFAST_AUTO_CLEANUP=yes run -0 --separate-stderr hf new --name d
    expect_in "$gone: moved to the trash by auto_cleanup" "$stderr"
    expect 'd c a' "$(names)"
    expect b "$(names --trash)"
}
