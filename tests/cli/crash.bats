#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A writer that is killed in mid-record: nothing acknowledged is lost, the stump is found.

load helpers

# Kills a writer while a record of 12 MB is written; the log is torn afterwards. The writer
# has acknowledged $1 messages before.
kill_in_mid_record() {
    local attempt size
    for attempt in {1..30}; do
        id=$(hf new)
        rm -f in acks
        mkfifo in
        "$HOLDFAST" attach "$id" --id-member k <in >acks 2>notes &
        writer=$!
        exec 7>in
        for ((i = 1; i <= $1; i++)); do
            printf '{"k":"%s-%s","v":1}\n' "$attempt" "$i" >&7
        done
        until [ "$(grep -c '"ok":true' acks)" -eq "$1" ]; do sleep 0.01; done
        size=$(stat -c %s "$(log_of "$id")")
        {
            printf '{"v":"'
            head -c 12000000 /dev/zero | tr '\0' x
            printf '"}\n'
        } >&7 2>/dev/null &
        feeder=$!
        while [ "$(stat -c %s "$(log_of "$id")")" -le "$size" ]; do :; done
        kill -KILL "$writer"
        wait "$writer" || true
        exec 7>&-
        wait "$feeder" || true
        rm in
        run hf verify "$id"
        if [ "$status" -eq 20 ]; then
            return 0
        fi
        # It was complete: acknowledged or not, it must be intact.
        expect 0 "$status"
    done
    echo "no kill in $attempt attempts left a torn tail" >&2
    return 1
}

@test "kill_in_mid_record_is_torn_and_loses_nothing_acknowledged" {
    kill_in_mid_record 20
    run -20 hf verify "$id"
    expect_in torn "$output"
    run -20 hf verify "$id" --json
    bad_offset=$(jq '.[0].bad_offset' <<<"$output")
    expect "$bad_offset" "$(jq '.[0].bytes' <<<"$output")"
    # All that was acknowledged can be read before any repair, and reading is no failure.
    run -0 --separate-stderr hf log "$id"
    for ack in $(grep '"ok":true' acks | jq -r .n); do
        [ "$ack" -lt "${#lines[@]}" ]
        expect "$ack" "$(jq .n <<<"${lines[ack]}")"
    done
    expect_in torn "$stderr"
    # The next writer goes on, and every line sent again is a duplicate.
    jq -c '{k: .id, v: 1} | select(.k)' acks >again
    run -0 hf attach "$id" --id-member k --no-seal <again
    expect 20 "$(grep -c '"duplicate":true' <<<"$output")"
    run -0 hf verify "$id"
    expect 1 "$(hf log "$id" | grep -c '"type":"repair"')"
    [ -n "$(find "$HOLDFAST_STORE/quarantine" -type f)" ]
}

@test "repair_mends_a_torn_session_and_a_dry_run_changes_nothing" {
    kill_in_mid_record 2
    size=$(stat -c %s "$(log_of "$id")")
    run -0 hf repair "$id" --dry-run --json
    expect '["torn",true,true]' "$(jq -c '[.found, .dry_run, .changed]' <<<"$output")"
    expect "$size" "$(stat -c %s "$(log_of "$id")")"
    run -20 hf verify "$id"
    run -0 hf repair "$id"
    expect_in 'found: torn' "$output"
    expect_in 'quarantine' "$output"
    run -0 hf verify "$id"
    run -0 hf repair "$id"
    expect_in 'nothing to repair' "$output"
}
