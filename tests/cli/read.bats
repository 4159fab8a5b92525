#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# show, log, load, list, key, doctor: what is printed, and that it is harmless and complete.

load helpers

# A text with everything that a terminal obeys: colours, title, bell, CSI of 8 bits, a
# change of direction, carriage return, backspace.
evil='\u001b[31mred\u001b]0;title\u0007 \u009b2J \u202eabc \r\b\u007f'

make_evil_session() {
    id=$(hf new --name $'na\e[31mme\a' --project $'/p\e]0;x\a')
    printf '%s\n' "{\"role\":\"user\",\"content\":\"$evil\"}" \
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"$evil\"},{\"type\":\"tool_use\",\"name\":\"$evil\",\"input\":{\"c\":\"$evil\"}}]}" \
        "{\"role\":\"$evil\",\"content\":[{\"type\":\"tool_result\",\"content\":\"$evil\"},{\"type\":\"thinking\",\"thinking\":\"$evil\"},{\"type\":\"$evil\"}]}" \
        "{\"x\":\"$evil\",\"raw\":\"$(printf '\302\2332J \342\200\256abc')\"}" |
        hf attach "$id" >/dev/null
}

@test "show_tells_what_a_session_is_and_its_messages" {
    make_session 0 'the name'
    hf attach "$id" >/dev/null <<'LINES'
{"role":"user","content":"first question"}
{"role":"assistant","content":[{"type":"thinking","thinking":"some thought"},{"type":"text","text":"an answer\nin two lines"},{"type":"tool_use","name":"Bash","input":{"command":"ls"}}]}
{"role":"user","content":[{"type":"tool_result","content":"a file","is_error":true},{"type":"image","source":{}}]}
{"type":"user","message":{"role":"user","content":"wrapped"},"uuid":"u"}
{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"search","arguments":"{}"}}]}
{"kind":"something else","x":1}
LINES
    run -0 hf show "$id"
    for words in "session   $id" 'the name' 'messages  6 in 8 records, closed' 'verdict   intact' \
        'first question' '[thinking]' 'some thought' $'an answer\nin two lines' \
        '[tool Bash] {"command":"ls"}' '[result: failed]' '    a file' '[image]' 'wrapped' \
        '[tool search]' '#6 message {"kind":"something else","x":1}' '#7 seal'; do
        expect_in "$words" "$output"
    done
    run -0 hf show "$id" --last 1
    [[ $output != *wrapped* ]]
    expect_in 'something else' "$output"
    run -0 hf show "$id" --last 0
    [[ $output != *'something else'* ]]
    run -0 hf show "$id" --last 100
    expect_in 'first question' "$output"
    run -0 hf show "$id" --json
    expect 8 "$(jq length <<<"$output")"
    run -0 hf show "$id" --json --last 2
    expect '[5,6,7]' "$(jq -c 'map(.n)' <<<"$output")"
}

@test "nothing_from_a_session_acts_on_the_terminal" {
    make_evil_session
    for command in "show $id" "list" "list --ids" "verify $id" "new --id $id" "append $id {}x" 'show e[31m'; do
        # shellcheck disable=SC2086
        run hf $command
        expect_harmless "$output"
    done
    run hf show "$id"
    expect_in '^[[31mred' "$output"
    expect_in '<U+202E>' "$output"
    expect_in '<U+009B>2J' "$output"
    expect_in '^M^H^?' "$output"
    run -2 hf $'\e[31m'
    expect_harmless "$output"
    run -2 hf list --$'\e[31m'
    expect_harmless "$output"
    for command in list 'show 0123'; do
        # shellcheck disable=SC2086
        run hf --store "$scratch"/$'\e[31m' $command
        expect_in "here is no store at" "$output"
        expect_harmless "$output"
    done
}

# Runs a command on a terminal of its own; the output without carriage returns.
on_a_terminal() {
    script -qec "$1" /dev/null </dev/null | tr -d '\r'
}

@test "on_a_terminal_there_are_colours_and_the_records_stay_harmless" {
    command -v script >/dev/null || skip "needs script(1)"
    make_evil_session
    export TERM=xterm PAGER=cat
    run on_a_terminal "'$HOLDFAST' show $id"
    expect_in $'\e[1msession' "$output"
    expect_harmless "${output//$'\e['[0-9]*m/}"
    expect_in '^[[31mred' "$output"
    run on_a_terminal "NO_COLOR=1 '$HOLDFAST' show $id"
    expect_harmless "$output"
    run on_a_terminal "TERM=dumb '$HOLDFAST' list"
    expect_harmless "$output"
    # Raw records: the same JSON, but with escapes where characters would act.
    run on_a_terminal "'$HOLDFAST' log $id"
    expect_harmless "$output"
    expect_in '\u009b2J \u202eabc' "$output"
    expect "$(hf log "$id" | jq -c .data)" "$(jq -c .data <<<"$output")"
}

@test "show_pages_on_a_terminal_and_survives_a_pager_that_ends_early_or_is_not_there" {
    command -v script >/dev/null || skip "needs script(1)"
    make_session 3000
    run on_a_terminal "PAGER='head -n 1' '$HOLDFAST' show $id; echo status \$?"
    expect_in 'status 0' "$output"
    [[ $output != *'message 3000'* ]]
    run on_a_terminal "PAGER=/no/such/pager '$HOLDFAST' show $id; echo status \$?"
    expect_in 'message 3000' "$output"
    run on_a_terminal "PAGER='tail -n 1' '$HOLDFAST' show $id --no-pager; echo status \$?"
    expect_in 'message 1' "$output"
    run -0 env PAGER=false "$HOLDFAST" show "$id"
    expect_in 'message 3000' "$output"
}

@test "log_prints_records_as_they_are_stored" {
    make_session 5
    expect "$(cat "$(log_of "$id")" | tr -s '\n')" "$(hf log "$id")"
    expect '[3,4,5]' "$(hf log "$id" --from 3 | jq -cs 'map(.n)')"
    expect '[4,5]' "$(hf log "$id" --last 2 | jq -cs 'map(.n)')"
    expect '[0,1,2,3,4,5]' "$(hf log "$id" --last 99 | jq -cs 'map(.n)')"
    expect '' "$(hf log "$id" --last 0)"
    expect '' "$(hf log "$id" --from 6)"
    run -2 hf log "$id" --from 1 --last 1
}

@test "list_is_sorted_newest_first_and_knows_states_and_titles" {
    run -0 --separate-stderr hf --store "$scratch/none" new
    make_session 1 ''
    first=$id
    make_session 2 'with a name'
    second=$id
    hf attach "$second" </dev/null
    hf append "$first" --text later
    run -0 hf list --json
    expect "[\"$first\",\"$second\"]" "$(jq -c 'map(.session)' <<<"$output")"
    expect '["interrupted","closed"]' "$(jq -c 'map(.state)' <<<"$output")"
    expect '[2,2]' "$(jq -c 'map(.messages)' <<<"$output")"
    run -0 hf list
    expect 3 "${#lines[@]}"
    expect_in "${first:0:8}" "${lines[1]}"
    expect_in 'message 1' "${lines[1]}"
    expect_in 'with a name' "${lines[2]}"
    run -0 hf list "${second:0:6}"
    expect 2 "${#lines[@]}"
    run -0 hf list --ids
    expect "$second"$'\twith a name' "${lines[1]}"
}

@test "list_fits_the_terminal" {
    command -v script >/dev/null || skip "needs script(1)"
    for name in 'short' "$(printf 'long name %.0s' {1..20})" '日本語の長い名前日本語の長い名前日本語の長い名前'; do
        make_session 1 "$name"
    done
    for columns in 60 80 120; do
        run on_a_terminal "stty cols $columns; NO_COLOR=1 '$HOLDFAST' list"
        expect 4 "${#lines[@]}"
        for line in "${lines[@]}"; do
            # Wide characters take two columns.
            wide=$(printf %s "$line" | LC_ALL=C.UTF-8 grep -oP '[\x{3000}-\x{9fff}]' | wc -l) || true
            width=$(printf %s "$line" | LC_ALL=C.UTF-8 wc -m)
            [ $((width + wide)) -le $((columns < 78 ? 78 : columns)) ]
        done
    done
}

@test "an_empty_store_and_a_default_store_never_made_have_no_sessions" {
    hf rm "$(hf new)"
    run -0 --separate-stderr hf list
    [ -z "$output" ]
    expect 'holdfast: no sessions' "$stderr"
    expect '[]' "$(hf list --json)"
    run -0 --separate-stderr env -u HOLDFAST_STORE "$HOLDFAST" list
    expect 'holdfast: no sessions' "$stderr"
    [ ! -e "$HOME/.local" ]
    run -0 --separate-stderr hf list --quiet
    [ -z "$stderr" ]
}

@test "permission_denied_is_not_an_empty_list" {
    make_session 1
    if [ "$(id -u)" -eq 0 ]; then
        command=$(public_command)
        run -5 as_nobody "$command" list
        expect_in 'Permission denied' "$output"
        chmod 755 "$HOLDFAST_STORE"
        run -5 as_nobody "$command" list
    fi
    if [ "$(id -u)" -ne 0 ]; then
        chmod 000 "$HOLDFAST_STORE/sessions"
        run -5 hf list
        expect_in 'Permission denied' "$output"
        [[ $output != *'no sessions'* ]]
    fi
}

@test "a_damaged_session_does_not_hide_the_others" {
    make_session 1 good
    good=$id
    make_session 1 bad
    rm "$(head_of "$id")"
    run -0 hf list
    expect_in good "$output"
    expect_in head-missing "$output"
    expect_in 'The file that says where the session ended is missing.' "$output"
    run -0 --separate-stderr hf list --json
    expect HF_ERR_HEAD_MISSING "$(jq -r ".[] | select(.session == \"$id\").error" <<<"$output")"
    expect null "$(jq -r ".[] | select(.session == \"$good\").error" <<<"$output")"
}

@test "lost_output_is_noticed" {
    make_session 3
    # The last one says something on standard error behind its output.
    for command in list "show $id" "log $id" "load $id" "verify $id" key --help new 'list --json' \
        "export $id --to markdown --redact"; do
        run -9 --separate-stderr bash -c "'$HOLDFAST' $command >/dev/full"
        expect_in 'write the output' "$stderr"
    done
    # A record that was acknowledged to nobody is there all the same.
    run -9 bash -c "'$HOLDFAST' append $id 1 >/dev/full"
    expect 5 "$(hf log "$id" | wc -l)"
    run -9 bash -c "echo 1 | '$HOLDFAST' attach $id >/dev/full"
    run -0 hf verify "$id"
}

@test "key_shows_ids_and_states_but_never_the_key" {
    make_session 1
    secret=$(od -An -tx1 -v "$HOLDFAST_STORE/keys/machine_secret" | tr -d ' \n')
    run -0 hf key
    expect_in current "$output"
    expect_in machine_secret "$output"
    expect "$output" "$(hf key list)"
    run -0 hf key --json
    expect '["current",100000,null]' "$(jq -c '.[0] | [.state, .rounds, .error]' <<<"$output")"
    expect "$(jq -r '.[0].id' <<<"$output")" "$(hf list --json | jq -r '.[0].key')"
    # The base64 text of the secret in its file must not turn up either.
    for word in $(tr -c 'A-Za-z0-9_-' '\n' <"$HOLDFAST_STORE/keys/machine_secret" | awk 'length >= 40'); do
        [[ $output != *"$word"* ]]
    done
    [ -n "$secret" ]
}

@test "key_drop_wipes_the_cache_and_the_next_use_derives_it_again" {
    make_session 1
    [ -n "$(find "$XDG_RUNTIME_DIR" -type f)" ]
    expect 'runtime cache' "$(hf key --json | jq -r '.[0].source')"
    run -0 hf key drop
    expect '' "$(find "$XDG_RUNTIME_DIR" -type f -size +0)"
    expect derived "$(hf key --json | jq -r '.[0].source')"
    run -0 hf key prepare
    expect 'runtime cache' "$(hf key --json | jq -r '.[0].source')"
    run -0 hf verify "$id"
}

@test "a_secret_that_others_can_read_is_an_error_that_says_how_to_mend_it" {
    make_session 1
    hf key drop --quiet
    chmod 644 "$HOLDFAST_STORE/keys/machine_secret"
    run -13 hf append "$id" 1
    expect_in 'chmod 600' "$output"
    run -0 hf key
    expect_in 'can be read by others' "$output"
    run -1 hf doctor
    chmod 600 "$HOLDFAST_STORE/keys/machine_secret"
    run -0 hf append "$id" 1
}

@test "doctor_finds_nothing_in_a_healthy_store_and_says_what_is_wrong_in_another" {
    make_session 1
    run -0 hf doctor
    expect_in permissions "$output"
    run -0 hf doctor --quiet
    expect '' "$output"
    run -0 hf doctor --json
    expect 0 "$(jq '[.[] | select(.level != "ok")] | length' <<<"$output")"
    HOLDFAST_SPACE_RESERVE=1024T run -1 hf doctor --quiet
    expect_in 'less than space_reserve, so no session can be made' "$output"
    chmod 755 "$HOLDFAST_STORE/keys"
    chmod 777 "$HOLDFAST_STORE/sessions"
    run -1 hf doctor --quiet
    expect_in permissions "$output"
}
