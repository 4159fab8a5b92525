#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The face of the command: help, versions, options, mistakes and where the store is.

load helpers

commands='new append attach resume close save show log load list who rename tag pin unpin rm
    restore purge cleanup import export scan bundle unbundle verify repair key doctor config'

@test "version_is_printed_before_and_after_the_command" {
    run -0 hf --version
    expect 'holdfast 0.1.0' "$output"
    run -0 hf new --version
    expect 'holdfast 0.1.0' "$output"
    [ ! -e "$HOLDFAST_STORE" ]
}

@test "every_command_has_help_with_an_example_and_exit_statuses" {
    for command in $commands; do
        run -0 hf "$command" --help
        expect_in "usage: holdfast $command" "$output"
        expect_in 'Example:' "$output"
        expect_in 'Exit status:' "$output"
        by_option=$output
        run -0 hf help "$command"
        expect "$by_option" "$output"
    done
}

@test "help_lists_every_command" {
    run -0 hf --help
    for command in $commands; do
        expect_in "  $command" "$output"
    done
}

@test "every_exit_status_is_in_the_manual_and_in_the_help_of_some_command" {
    source=$BATS_TEST_DIRNAME/../..
    for command in $commands; do hf "$command" --help; done >all
    for status in $(grep -oP 'X\(HF_\w+, -?\d+, \K\d+' "$source/include/holdfast.h" | sort -nu); do
        grep -qx ".It $status" "$source/man/holdfast.1" || { echo "no $status in the manual" >&2; false; }
        # 1 is for what no command expects.
        [ "$status" -eq 1 ] || grep -qE "^  $status +[A-Z]" all || { echo "no $status in help" >&2; false; }
    done
}

@test "help_asked_for_goes_to_stdout_and_a_mistake_to_stderr" {
    run -0 --separate-stderr hf -h
    [ -z "$stderr" ]
    run -2 --separate-stderr hf
    [ -z "$output" ]
    expect_in 'a command is missing' "$stderr"
}

@test "a_mistyped_command_or_option_is_guessed" {
    run -2 hf lsit
    expect_in "is 'list' meant?" "$output"
    run -2 hf new --nmae x
    expect_in 'is --name meant?' "$output"
    run -2 hf key dorp
    expect_in "is 'drop' meant?" "$output"
    run -2 hf help lsit
    expect_in "is 'list' meant?" "$output"
    run -2 hf frobnicate
    expect_in "there is no command 'frobnicate'" "$output"
    [[ $output != *meant* ]]
}

@test "options_that_are_used_wrongly_are_refused" {
    run -2 hf new --name
    expect_in '--name needs a value' "$output"
    run -2 hf list --ids=yes
    expect_in '--ids takes no value' "$output"
    run -2 hf list -x
    expect_in 'there is no option -x' "$output"
    run -2 hf show
    expect_in 'an argument is missing' "$output"
    run -2 hf show 0123 4567
    expect_in 'one argument too many' "$output"
    run -2 hf log 0123 --last three
    expect_in "'three' is not a number" "$output"
    run -2 hf log 0123 --last 18446744073709551616
    expect_in 'is not a number' "$output"
    run -2 hf append 0123 1 --durability never
    expect_in "there is no 'never'" "$output"
    [ ! -e "$HOLDFAST_STORE" ]
}

@test "common_options_work_on_both_sides_of_the_command" {
    run -0 hf --store "$scratch/other" --json new
    id=$(jq -r .session <<<"$output")
    run -0 hf list --store="$scratch/other" --json
    expect "$id" "$(jq -r '.[0].session' <<<"$output")"
    run -0 hf -qv list --store "$scratch/other"
}

@test "an_argument_can_begin_with_a_dash_after_two_dashes" {
    make_session 0
    run -0 hf append "$id" -- -5
    expect 1 "$output"
    run -0 hf append "$id" -
    expect 2 "$output"
} <<<'[1]'

@test "the_default_store_follows_the_environment" {
    unset HOLDFAST_STORE
    hf new
    [ -d "$HOME/.local/share/holdfast/sessions" ]
    expect 700 "$(stat -c %a "$HOME/.local")"
    XDG_DATA_HOME=$scratch/data/deep hf new
    [ -d "$scratch/data/deep/holdfast/sessions" ]
    expect 700 "$(stat -c %a "$scratch/data/deep/holdfast")"
    HOLDFAST_STORE=$scratch/named XDG_DATA_HOME=$scratch/data hf new
    [ -d "$scratch/named/sessions" ]
    run -2 env -u HOME -u XDG_DATA_HOME "$HOLDFAST" new
    expect_in 'no store' "$output"
}

@test "a_store_that_was_named_and_is_not_there_is_an_error_and_is_not_made" {
    for command in 'show 0123' 'append 0123 1' doctor key 'verify --all'; do
        # shellcheck disable=SC2086
        run -3 hf $command
        expect_in "There is no store at $HOLDFAST_STORE" "$output"
    done
    [ ! -e "$HOLDFAST_STORE" ]
}

@test "a_store_that_cannot_be_made_is_told_with_the_cause" {
    : >"$scratch/file"
    run -12 hf new --store "$scratch/file/store"
    run -12 hf list --store "$scratch/file/store"
    run -3 hf new --store /proc/store
    expect_in 'No store can be made at /proc/store: there is no directory to make it in.' "$output"
    if [ "$(id -u)" -eq 0 ]; then
        run -5 as_nobody "$(public_command)" new --store "$scratch/run/below/store"
        expect_in 'Permission denied.' "$output"
    fi
}

@test "a_directory_that_is_no_store_is_left_alone" {
    mkdir "$HOLDFAST_STORE"
    echo precious >"$HOLDFAST_STORE/file"
    run -12 hf list
    run -12 hf new
    expect precious "$(cat "$HOLDFAST_STORE"/*)"
}

@test "errors_are_json_with_json_and_have_details_with_verbose" {
    make_session 0
    run -11 --separate-stderr hf append "$id" '{"a":' --json
    expect HF_ERR_JSON "$(jq -r .error <<<"$stderr")"
    expect 5 "$(jq -r .offset <<<"$stderr")"
    [ -n "$(jq -r .hint <<<"$stderr")" ]
    expect null "$(jq -r .detail <<<"$stderr")"
    run -11 --separate-stderr hf append "$id" '{"a":' --json --verbose
    expect 0 "$(grep '^{' <<<"$stderr" | jq -r .detail.input)"
    run -11 hf append "$id" '{"a":'
    expect_in 'Nothing was written.' "$output"
    expect_in 'Look at byte 5' "$output"
    [[ $output != *HF_ERR_JSON* ]]
    run -11 hf append "$id" '{"a":' --verbose
    expect_in 'HF_ERR_JSON' "$output"
}

@test "closed_standard_descriptors_do_not_reach_the_store" {
    make_session 1
    run -0 hf verify "$id"
    hf show "$id" <&- >&- 2>&- || true
    hf append "$id" --text x --verbose <&- >&- 2>&- || true
    hf attach "$id" <&- >&- 2>&- || true
    run -0 hf verify "$id"
    run -10 bash -c "'$HOLDFAST' list >&-"
}
