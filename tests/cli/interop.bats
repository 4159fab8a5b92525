#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Goal: import and export say what they do, refuse what is not meant, and write files that
# only their user can read. What they carry over is shown by test_interop.py.

load helpers

data=$BATS_TEST_DIRNAME/../data
pi_file() { find "$data/pi" -name '*.jsonl' -size -20k | sort | head -n 1; }

import_one() {
    id=$(hf import --json "$1" | jq -r '.sessions[0].session')
}

@test "the formats are listed, for people and for programs" {
    hf import --formats | grep -q '^claude-code .*import .*export'
    expect "$(hf import --formats --json | jq -r '[.[] | select(.import) | .name] | length')" 10
    expect "$(hf import --formats --json | jq -r '[.[] | select(.export) | .name] | length')" 8
}

@test "an import says what became of each session" {
    run --separate-stderr hf import "$(pi_file)"
    expect "$status" 0
    expect_in "new" "$output"
    expect_in "1 new: " "$output"
    run --separate-stderr hf import "$(pi_file)"
    expect "$output" "1 unchanged: 0 messages, $(echo "$output" | sed 's/.*, //')"
    run hf import --quiet "$(pi_file)"
    expect "$output" ""
}

@test "the format can be named, and must be the right one" {
    hf import pi "$(pi_file)" | grep -q '1 new'
    run hf import markdown "$(pi_file)"
    expect "$status" 2
    run --separate-stderr hf import jidocode "$(pi_file)"
    expect "$status" 18
}

@test "what is not there and what is not known have statuses of their own" {
    run hf import "$scratch/nothing"
    expect "$status" 3
    expect_in "cannot import $scratch/nothing: No such file" "$output"
    echo 'just words' >"$scratch/words"
    run hf import "$scratch/words"
    expect "$status" 18
    expect_in "$scratch/words: it is of no known format" "$output"
    run hf import pi "$scratch/words"
    expect_in "$scratch/words: it is not of the format that was named" "$output"
    run hf import ""
    expect "$status" 2
    mkdir "$scratch/empty"
    run hf import "$scratch/empty"
    expect "$status" 0
    expect_in "no sessions found" "$output"
}

@test "a file that may not be read is an error, and the others are imported" {
    [ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
    mkdir "$scratch/source"
    cp "$(pi_file)" "$scratch/source/a.jsonl"
    sed 's/"id":"/"id":"f/; s/"parentId":"/"parentId":"f/' "$(pi_file)" >"$scratch/source/b.jsonl"
    chmod 755 "$scratch/source" "$scratch"
    chmod 644 "$scratch/source/b.jsonl"
    chmod 000 "$scratch/source/a.jsonl"
    mkdir -m 777 "$scratch/theirs"
    run as_nobody env HOME="$scratch/theirs" HOLDFAST_STORE="$scratch/theirs/store" \
        "$(public_command)" import --json "$scratch/source"
    expect "$status" 5
    expect_in '"outcome":"failed"' "$output"
    expect_in '"outcome":"new"' "$output"
}

@test "a store is no source, nor is a log of it" {
    mkdir "$scratch/source"
    cp "$(find "$data/codex" -name '*.jsonl' -size +100k | head -n 1)" "$scratch/source/"
    import_one "$scratch/source"
    run hf import "$HOLDFAST_STORE"
    expect "$status" 18
    expect_in "bundle and unbundle" "$output"
    run hf import "$(log_of "$id")"
    expect "$status" 18
    expect_in "bundle and unbundle" "$output"
    # On the way through a directory it is passed over.
    HOLDFAST_STORE=$scratch/second run hf import --json "$scratch"
    expect "$status" 0
    expect "$(jq -c '[.new, .skipped > 0]' <<<"$output")" '[1,true]'
}

@test "the old folder of opencode is imported from its place only if its format is named" {
    mkdir -p "$HOME/.local/share/opencode"
    cp -r "$data/opencode-files/storage" "$HOME/.local/share/opencode/"
    expect true "$(hf import --dry-run --json | jq '.new > 0')"
    touch "$HOME/.local/share/opencode/opencode.db"
    expect 0 "$(hf import --dry-run --json | jq .new)"
    expect true "$(hf import opencode-files --json | jq '.new > 0')"
}

@test "bad lines are told with file and line, and kept" {
    cp "$(pi_file)" "$scratch/s.jsonl"
    printf '{"half":"a li' >>"$scratch/s.jsonl"
    run --separate-stderr hf import --json "$scratch/s.jsonl"
    expect "$status" 0
    lines=$(wc -l <"$scratch/s.jsonl")
    # shellcheck disable=SC2154 # bats sets it
    expect_in "s.jsonl:$((lines + 1)): torn" "$stderr"
    id=$(echo "$output" | jq -r '.sessions[0].session')
    hf export "$id" --to original | cmp - "$scratch/s.jsonl"
}

@test "without a path the places of the agents are looked through" {
    mkdir -p "$scratch/claude/projects" "$HOME/.pi/agent/sessions/x"
    cp -r "$data/claude-code/projects/." "$scratch/claude/projects/"
    cp "$(pi_file)" "$HOME/.pi/agent/sessions/x/"
    CLAUDE_CONFIG_DIR=$scratch/claude run --separate-stderr hf import --json
    expect "$status" 0
    expect "$(echo "$output" | jq -r '[.sessions[] | select(.outcome == "new") | .format] | unique | join(" ")')" \
        "claude-code pi"
    CLAUDE_CONFIG_DIR=$scratch/claude run --separate-stderr hf import pi --json
    expect "$(echo "$output" | jq '[.sessions[].format] | unique | length')" 1
}

@test "a dry run changes nothing" {
    run --separate-stderr hf import --dry-run "$(pi_file)"
    expect "$status" 0
    expect_in "nothing was changed" "$output"
    run hf list --quiet --store "$HOLDFAST_STORE"
    [ ! -e "$HOLDFAST_STORE/sessions" ] || expect "$(ls "$HOLDFAST_STORE/sessions")" ""
}

@test "an export goes to the standard output, to a file or into a directory" {
    import_one "$(pi_file)"
    hf export "$id" --to pi | cmp - "$(pi_file)"
    run hf export "$id" --to pi -o "$scratch/out.jsonl"
    expect "$output" "$scratch/out.jsonl"
    cmp "$scratch/out.jsonl" "$(pi_file)"
    expect "$(stat -c %a "$scratch/out.jsonl")" 600
    mkdir "$scratch/folder"
    run hf export "$id" --to pi -o "$scratch/folder"
    expect "$output" "$scratch/folder/$(basename "$(pi_file)")"
    cmp "$output" "$(pi_file)"
    expect "$(find "$scratch" -name '.holdfast*')" ""
}

@test "what is there is replaced only with --force" {
    import_one "$(pi_file)"
    echo mine >"$scratch/out"
    run hf export "$id" --to pi -o "$scratch/out"
    expect "$status" 4
    expect "$(cat "$scratch/out")" mine
    hf export "$id" --to pi -o "$scratch/out" --force
    cmp "$scratch/out" "$(pi_file)"
    # What is no file is not replaced by one.
    mkfifo "$scratch/pipe"
    run hf export "$id" --to pi -o "$scratch/pipe" --force
    expect "$status" 4
    [ -p "$scratch/pipe" ]
    expect "$(find "$scratch" -name '.holdfast*')" ""
}

@test "an export that fails leaves nothing behind" {
    import_one "$(pi_file)"
    run hf export "$id" --to pi -o "$scratch/no/such/folder/x"
    expect "$status" 3
    [ ! -e "$scratch/no" ]
    run hf export "$id" --to word-perfect -o "$scratch/x"
    expect "$status" 2
    [ ! -e "$scratch/x" ]
    run hf export "$id" -o "$scratch/x"
    expect "$status" 2
    expect "$(find "$scratch" -name '.holdfast*')" ""
    run bash -c "$HOLDFAST export $id --to html >/dev/full"
    expect "$status" 9
}

@test "files beside a session come out with --output" {
    file=$(find "$data/claude-code" -name '*.txt' | head -n 1)
    session=$(dirname "$(dirname "$file")")
    mkdir "$scratch/source" "$scratch/out"
    cp -r "$session" "$session.jsonl" "$scratch/source/"
    import_one "$scratch/source"
    run --separate-stderr hf export "$id" --to claude-code
    expect_in "files beside the session were left out" "$stderr"
    hf export "$id" --to claude-code -o "$scratch/out"
    diff -r "$scratch/source" "$scratch/out"
}

@test "an export that fails half way leaves nothing of its own, and what was there" {
    file=$(find "$data/claude-code" -name '*.txt' | head -n 1)
    session=$(dirname "$(dirname "$file")")
    import_one "$session.jsonl"
    to=$scratch/out/$(basename "$session")
    # No room for the last of all files.
    mkdir "$scratch/out"
    size=$(($(stat -c %s "$session.jsonl") / 1024 - 1))
    run bash -c "ulimit -f $size; trap '' XFSZ; '$HOLDFAST' export '$id' --to original -o '$scratch/out'"
    expect "$status" 9
    expect "$(ls -A "$scratch/out")" ""
    # The main file is there, which shows last of all.
    echo mine >"$to.jsonl"
    run hf export "$id" --to original -o "$scratch/out"
    expect "$status" 4
    expect_in "$to.jsonl" "$output"
    expect "$(ls -A "$scratch/out")" "$(basename "$to").jsonl"
    # A file beside it is there, in a directory that is not ours.
    rm "$to.jsonl"
    mkdir -p "$to/tool-results"
    echo mine | tee "$to/mine" >"$to/tool-results/$(basename "$file")"
    run hf export "$id" --to original -o "$scratch/out"
    expect "$status" 4
    expect "$(find "$scratch/out" -type f | sort)" "$to/mine
$to/tool-results/$(basename "$file")"
    hf export "$id" --to original -o "$scratch/out" --force
    cmp "$file" "$to/tool-results/$(basename "$file")"
    expect "$(cat "$to/mine")" mine
    rm "$to/mine"
    diff -r "$session" "$to"
}

@test "an export that is told to end leaves nothing behind" {
    make_session 0
    for i in {1..200}; do
        printf '{"role":"user","content":"%s"}\n' "$(printf '%20000s' "$i")"
    done | hf attach "$id" --no-seal >/dev/null
    mkdir "$scratch/out"
    "$HOLDFAST" export "$id" --to html -o "$scratch/out" 3>&- &
    until [ -n "$(ls -A "$scratch/out")" ]; do sleep 0.001; done
    kill -TERM $!
    wait $! || true
    # It may have come to its end before.
    expect "$(find "$scratch/out" -name '.*' -type f)" ""
}

@test "secrets are replaced, and counted" {
    token=ghp_0123456789abcdefghijABCDEFGHIJ012345
    id=$(hf new)
    printf '{"role":"user","content":"my token is %s and the word is sesame"}' "$token" |
        hf append "$id" >/dev/null
    for format in openai openai-json markdown html claude-code codex pi; do
        run --separate-stderr hf export "$id" --to "$format" --redact
        expect "$status" 0
        expect_in "[redacted:github-token]" "$output"
        if [[ $output == *"$token"* ]]; then false; fi
        expect_in " replaced" "$stderr"
    done
    run --separate-stderr hf export "$id" --to markdown --pattern 'sesa[m]e'
    expect_in "[redacted:pattern]" "$output"
    printf '# words\nsesame\n\n' >"$scratch/patterns"
    run --separate-stderr hf export "$id" --to openai --pattern-file "$scratch/patterns"
    expect_in "[redacted:pattern]" "$output"
    run hf export "$id" --to openai --pattern '('
    expect "$status" 2
}

@test "what could not be carried over is said" {
    import_one "$(grep -l '"thinking"' -r "$data/pi" --include '*.jsonl' | sort | head -n 1)"
    run --separate-stderr hf export "$id" --to openai
    expect "$status" 0
    expect_in "not carried over:" "$stderr"
    hf export "$id" --to openai --json -o "$scratch/x" >"$scratch/told"
    expect "$(jq '.not_carried_over | length > 0' "$scratch/told")" true
}

@test "a session that was not imported has no original bytes" {
    make_session 1
    run hf export "$id" --to original
    expect "$status" 18
    expect_in "the session was not imported" "$output"
    run hf export "$id" --to gemini
    expect "$status" 2
    expect_in "there is no such format to export to" "$output"
}

@test "show prints the current branch, and with --all everything" {
    import_one "$(pi_file)"
    all=$(hf show --all --json "$id" | jq length)
    branch=$(hf show --json "$id" | jq length)
    [ "$all" -gt "$branch" ]
    [ "$branch" -gt 1 ]
    expect "$(hf show --json --last 1 "$id" | jq length)" 1
    hf show "$id" | grep -q '^from  *pi$'
}

@test "paths of sources cannot act on the terminal" {
    cp "$(pi_file)" "$scratch/$(printf 'a\033[31mb').jsonl"
    run hf import "$scratch"
    expect_harmless "$output"
}
