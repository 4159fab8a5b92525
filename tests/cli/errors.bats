#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a command that fails says on standard error: what failed, and what to do; but no path
# that was not typed, nothing of the system's, and nothing of contents and keys.

load helpers

planted='PlantedSecretOf41'

# A session with the planted word in a message, in a store under a planted path.
planted_session() {
    export HOLDFAST_STORE=$scratch/PlantedPath/store HOLDFAST_RESUME_MAX=0 HOLDFAST_RESUME_GLOBAL_MAX=0
    mkdir -p "$scratch/PlantedPath"
    id=$(hf new --name "the name")
    for i in 1 2 3; do
        printf '{"role":"user","content":"%s number %d"}\n' "$planted" "$i"
    done | hf attach "$id" --no-seal >/dev/null
    key=$(sed -n 's/^secret //p' "$HOLDFAST_STORE/keys/machine_secret")
    [ "${#key}" -eq 43 ]
}

# Fails if standard error, in $stderr, holds what it must not. Where the store is, and its
# configuration, it may say: that is what the user has set, and what is in it is not.
expect_safe() {
    local word
    stderr=${stderr//"$HOLDFAST_STORE"/}
    for word in "$scratch" PlantedPath "$planted" "${key:0:12}" "${key:20:12}" errno 'rror 1' \
        "$(cut -d' ' -f2 <<<"$key")" machine_secret .jsonl .head .lock .tmp sessions/ \
        'No such file' 'Is a directory' 'Not a directory' 'nput/output error (' 'Bad file' \
        'Too many open' 'Text file' 'File too large' 'Read-only file' 'Resource temporarily'; do
        if [[ $stderr == *"$word"* ]]; then
            printf '%s: "%s" is told:\n%s\n' "$1" "$word" "$stderr" >&2
            return 1
        fi
    done
}

# It says something, and in few lines.
expect_brief() {
    if [ -z "$stderr$output" ] || [ "$(wc -l <<<"$stderr")" -gt 6 ]; then
        printf '%s gave %d and said:\n%s\n' "$1" "$status" "$stderr" >&2
        return 1
    fi
}

# Every command that can fail on the session $id; what it gives is told by its status.
commands=(
    'show SESSION' 'log SESSION' 'load SESSION' 'verify SESSION' 'list' 'list --verify'
    'append SESSION --text more' 'attach SESSION' 'save SESSION' 'resume SESSION'
    'close SESSION' 'rename SESSION other' 'tag SESSION a-tag' 'pin SESSION' 'unpin SESSION'
    'who SESSION' 'repair SESSION' 'restore SESSION' 'purge SESSION --yes' 'new' 'key'
    'doctor' 'cleanup --older-than 99999d' 'rm SESSION' 'rm --purge --yes SESSION'
)

# Runs all of them, or those that match $2, in situation $1, every other one with --json; at
# least $3 must fail. HF_RUN is what runs the command.
run_all() {
    local line words failures=0 flag=''
    for line in "${commands[@]}"; do
        [[ $line =~ $2 ]] || continue
        words=${line//SESSION/$id}
        # shellcheck disable=SC2086
        run --separate-stderr ${HF_RUN-hf} $words $flag <<<'{"role":"user","content":"x"}'
        if [ "$status" -ne 0 ]; then
            failures=$((failures + 1))
            expect_brief "$1: $words $flag"
        fi
        expect_safe "$1: $words $flag"
        if [ -z "$flag" ]; then flag=--json; else flag=''; fi
    done
    if [ "$failures" -lt "$3" ]; then
        echo "$1: only $failures commands failed" >&2
        return 1
    fi
}

@test "an_unknown_session_is_told_without_the_store" {
    planted_session
    kept=$id
    id=0badcafe-0000-4000-8000-000000000001
    run_all 'an unknown session' . 15
    id=$kept
    hf log "$id" >/dev/null
}

@test "a_store_that_is_not_there_is_told_without_its_path" {
    planted_session
    mv "$HOLDFAST_STORE" "$scratch/aside"
    run_all 'no store' '^(show|log|load|verify|who|list)' 3
    printf 'no store\n' >"$HOLDFAST_STORE"
    run_all 'a file instead of a store' '^(show|append|new|list|rm|resume|doctor)' 7
    rm "$HOLDFAST_STORE"
    mkdir "$HOLDFAST_STORE"
    printf 'something\n' >"$HOLDFAST_STORE/else"
    run_all 'another directory' '^(show|append|new|list|rm)' 6
    rm -r "$HOLDFAST_STORE"
}

@test "damaged_sessions_are_told_without_their_contents" {
    planted_session
    cp -a "$HOLDFAST_STORE" "$scratch/good"
    damage() {
        rm -rf "$HOLDFAST_STORE"
        cp -a "$scratch/good" "$HOLDFAST_STORE"
        "$@"
    }
    size=$(stat -c %s "$(log_of "$id")")
    for how in "truncate -s $((size - 20))" "truncate -s $((size + 50))" 'rm'; do
        # shellcheck disable=SC2086
        damage $how "$(log_of "$id")"
        run_all "$how" '(show|log|load|verify|append|resume|repair) SESSION|list' 1
    done
    damage change_byte "$(log_of "$id")" $((size / 2))
    run_all 'a changed byte' '(show|log|load|verify|append|resume|repair) SESSION|list' 1
    damage rm "$(head_of "$id")"
    run_all 'no head' '(show|log|load|verify|append|resume|repair) SESSION|list' 1
}

@test "bad_keys_are_told_without_the_key_and_its_file" {
    planted_session
    secret=$HOLDFAST_STORE/keys/machine_secret
    rm -rf "$XDG_RUNTIME_DIR/holdfast"
    cp -p "$secret" "$scratch/secret"
    chmod 644 "$secret"
    run_all 'a key that others can read' 'new|append' 2
    chmod 600 "$secret"
    head -c 60 "$scratch/secret" >"$secret"
    run_all 'a damaged key' '(verify|append|log|resume) SESSION' 1
    rm "$secret"
    mkdir "$secret"
    run_all 'a directory instead of a key' '^(new|append)' 1
}

@test "a_busy_session_is_told_with_its_holder_alone" {
    planted_session
    hold_session "$id"
    run_all 'a busy session' '(append|save|resume|close|rename|pin|rm|repair).* ?SESSION' 6
    let_go KILL
}

@test "bad_input_is_not_repeated" {
    planted_session
    bad() {
        run --separate-stderr hf "$@"
        [ "$status" -ne 0 ]
        expect_safe "$*"
    }
    bad append "$id" "{\"a\":\"$planted"
    bad append "$id" --type message "{\"$planted\":1,\"$planted\":2}"
    bad append "$id" --record-size 70000 "{\"a\":\"$planted$(head -c 80000 /dev/zero | tr '\0' x)\"}"
    for how in attach save; do
        run --separate-stderr hf "$how" "$id" <<<"{\"a\":\"$planted"
        [ "$status" -ne 0 ]
        expect_safe "$how"
    done
}

@test "causes_of_the_system_are_told_in_words_of_ours" {
    planted_session
    # With the three that everybody has there is one more.
    few_descriptors() {
        bash -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 4; exec "$@"' few "$HOLDFAST" "$@"
    }
    # Of 64 KiB at most, which the log is larger than already, but no message of ours.
    small_files() { (ulimit -f 64 && trap '' XFSZ && hf "$@"); }
    hf append "$id" --text "$(head -c 70000 /dev/zero | tr '\0' x)" >/dev/null
    HF_RUN=few_descriptors run_all 'few descriptors' '^(show|append|new|list|resume)' 4
    HF_RUN=small_files run_all 'no space' '^(append|attach)' 2
    run -9 --separate-stderr small_files append "$id" --text more
    expect_in 'There is no space left on the storage.' "$stderr"
    # And when the cause is gone, all is well.
    run -0 hf append "$id" --text more
    run -0 hf verify "$id"
}

@test "the_store_of_somebody_else_is_told_without_its_path" {
    if [ "$(id -u)" -ne 0 ]; then skip 'needs root'; fi
    planted_session
    chmod 755 "$scratch/PlantedPath"
    command=$(public_command)
    nobody() { as_nobody "$command" "$@"; }
    HF_RUN=nobody run_all 'somebody else' 'SESSION$|new|list|doctor' 10
    run -5 --separate-stderr nobody show "$id"
    expect_in 'Permission denied.' "$stderr"
}

@test "verbose_tells_it_all_to_who_asks" {
    planted_session
    mv "$(log_of "$id")" "$scratch/log"
    mkdir "$(log_of "$id")"
    run --separate-stderr hf append "$id" --text more --verbose
    [ "$status" -ne 0 ]
    expect_in "$id.jsonl" "$stderr"
    run --separate-stderr hf append "$id" --text more
    expect_safe 'not verbose'
}

@test "one_line_tells_what_failed_what_is_safe_and_what_to_do" {
    make_session 1
    mkdir "$scratch/project"
    other=$(hf new --project "$scratch/project")
    rmdir "$scratch/project"
    run -15 --separate-stderr hf resume "$other"
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
    [[ $stderr == "holdfast: cannot resume session $other: The project's directory is not there. \
Nothing is lost. Bring it back, or say where it is now with --project." ]]
    hold_session "$id"
    run -6 --separate-stderr hf append "$id" --text more
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
    [[ $stderr == *"Nothing was changed. Wait until it is done"* ]]
    let_go
    run -11 --separate-stderr hf append "$id" <<<'{oops'
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
    [[ $stderr == *"Nothing was written. Correct the data"* ]]
}
