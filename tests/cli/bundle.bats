#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bundle and unbundle: sessions in an archive, from one store to another.

load helpers

# The command on the other store.
other() { "$HOLDFAST" --store "$scratch/other" "$@"; }

# Verdict of session $1 in the other store.
verdict_there() { other verify "$1" --json | jq -r 'if type == "array" then .[0] else . end | .verdict'; }

key() { echo "$HOLDFAST_STORE/keys/machine_secret"; }

@test "a_bundle_is_an_archive_that_tar_lists" {
    make_session 2
    run -0 --separate-stderr hf bundle "$id"
    hf bundle "$id" >all.tar.zst 2>told
    expect_in "$id  bundled  intact" "$(cat told)"
    expect_in '1 session bundled' "$(cat told)"
    expect $'holdfast-bundle/bundle.json\nholdfast-bundle/end.json' \
        "$(zstd -dc all.tar.zst | tar -tf - | grep -v sessions/)"
    expect "$(cat "$(log_of "$id")" | tr -s '\n')" \
        "$(zstd -dc all.tar.zst | tar -xOf - "holdfast-bundle/sessions/$id/log.jsonl")"
    run -1 grep -qa "$(sed -n 's/^secret //p' "$(key)")" <(zstd -dc all.tar.zst)
}

@test "sessions_move_without_their_key_and_are_trusted_with_it" {
    make_session 3
    hf close "$id"
    hf bundle --all --quiet >all.tar.zst
    run -0 other unbundle <all.tar.zst
    expect_in "$id  taken in  key-missing" "$output"
    expect 3 "$(other load "$id" | jq '[.records[]? | select(.type == "message")] | length')"
    run -27 other verify "$id"
    run -27 other append "$id" --text no
    expect 1 "$(other key --json | jq length)"
    run -0 other unbundle --key "$(key)" <all.tar.zst
    expect_in "$id  same  intact" "$output"
    run -0 other verify "$id"
    expect 6 "$(other append "$id" --text yes)"
    run -0 other verify "$id"
    run -0 other key --json
    expect "$(jq -r .store "$HOLDFAST_STORE/holdfast.json")" \
        "$(jq -r '.[] | select(.state == "foreign") | .store' <<<"$output")"
    other doctor | grep -q 'is trusted for sessions of store'
}

@test "an_earlier_key_of_this_store_is_kept_too" {
    make_session 1
    hf bundle "$id" --quiet >all.tar.zst
    cp "$(key)" earlier
    hf key drop
    hf rm --purge --yes "$id"
    rm "$(key)"
    hf new
    run -0 hf unbundle --key earlier <all.tar.zst
    expect_in "$id  taken in  intact" "$output"
    run -0 hf verify "$id"
    # This one needs no second place.
    run -0 hf unbundle --key "$(key)" < <(hf bundle --all --quiet)
    expect 2 "$(hf key --json | jq length)"
}

@test "a_bundle_can_come_through_a_pipe" {
    make_session 1
    hf bundle "$id" 2>told | other unbundle --key "$(key)" --quiet
    expect intact "$(verdict_there "$id")"
}

@test "a_dry_run_lists_and_changes_nothing" {
    make_session 1
    other new >new
    hf bundle "$id" --quiet >all.tar.zst
    run -0 other unbundle --dry-run <all.tar.zst
    expect_in "$id  to be taken in" "$output"
    run -3 other show "$id"
    run -0 --separate-stderr other unbundle -n --json --key "$(key)" <all.tar.zst
    expect "$id taken intact" "$(jq -r '.session + " " + .outcome + " " + .verdict' <<<"$output")"
}

@test "a_wrong_key_is_refused" {
    make_session 1
    other new >new
    hf bundle "$id" --quiet >all.tar.zst
    run -27 other unbundle --key "$scratch/other/keys/machine_secret" <all.tar.zst
    expect_in 'the key that was given is' "$output"
    run -13 other unbundle --key "$HOLDFAST_STORE/holdfast.json" <all.tar.zst
    run -3 other show "$id"
}

@test "damage_is_told_and_what_is_whole_is_kept" {
    make_session 1
    make_session 500
    hf bundle --all --quiet >all.tar.zst
    size=$(stat -c %s all.tar.zst)
    head -c $((size / 2)) all.tar.zst >cut.tar.zst
    run -29 other unbundle <cut.tar.zst
    expect_in 'The bundle is damaged or incomplete.' "$output"
    run -29 other unbundle </dev/null
    run -0 other unbundle <all.tar.zst
}

@test "another_session_of_the_id_is_not_replaced" {
    make_session 1
    hf bundle "$id" --quiet >all.tar.zst
    other new --id "$id" --name mine
    run -4 other unbundle <all.tar.zst
    expect_in "$id  failed" "$output"
    expect mine "$(other load "$id" | jq -r .name)"
}

@test "a_call_that_makes_no_sense_is_refused" {
    make_session 1
    run -2 hf bundle
    run -2 hf bundle --all "$id"
    run -3 hf bundle 00000000-1111-4222-8333-444455556666
    run -2 script -qec "'$HOLDFAST' bundle --all" /dev/null
    expect_in 'write it to a file' "$output"
    run -2 script -qec "'$HOLDFAST' unbundle" /dev/null
}

@test "a_full_disk_is_told" {
    make_session 1
    [ -e /dev/full ] || skip
    run -9 bash -c "'$HOLDFAST' bundle --all >/dev/full"
    # Also if the output is written long before the end.
    hf append "$id" --text "$(head -c 90000 /dev/urandom | base64 -w0)" >/dev/null
    run -9 bash -c "'$HOLDFAST' bundle --all >/dev/full"
}

@test "bundling_tells_programs_in_json" {
    make_session 1
    hf bundle "$id" --json >all.tar.zst 2>told
    expect "$id taken intact" "$(jq -r '.session + " " + .outcome + " " + .verdict' told)"
}

@test "a_key_of_another_store_that_cannot_be_used_is_told_once_and_harms_no_other_session" {
    for _ in 1 2 3; do make_session 1; done
    hf bundle --all --quiet >all.tar.zst
    other new >new
    mine=$(cat new)
    other append "$mine" --text more >/dev/null
    other close "$mine"
    other unbundle --key "$(key)" --quiet <all.tar.zst
    foreign=$scratch/other/keys/foreign
    chmod 770 "$foreign"
    # One slot of the head is torn, as a crash leaves it.
    printf x | dd of="$scratch/other/sessions/$mine.head" bs=1 seek=200 conv=notrunc status=none
    run -0 other verify "$mine"
    expect_in intact "$output"
    chmod 700 "$foreign"
    echo damaged >"$(echo "$foreign"/*/machine_secret)"
    rm -rf "$XDG_RUNTIME_DIR"/*
    run -27 --separate-stderr other verify --all
    expect 1 "$(grep -c 'warning: foreign/' <<<"$stderr")"
    run -0 other verify "$mine"
}
