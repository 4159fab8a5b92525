#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Settings: where they come from, which one holds, and what is said of a mistake.

load helpers

# Writes the user's file, or the store's.
user_file() {
    mkdir -p "$XDG_CONFIG_HOME/holdfast"
    cat >"$XDG_CONFIG_HOME/holdfast/config"
}
store_file() {
    mkdir -p "$HOLDFAST_STORE"
    cat >"$HOLDFAST_STORE/config"
    chmod 600 "$HOLDFAST_STORE/config"
}

# The source of a setting as the table says it, without the scratch directory.
source_of() {
    hf config | sed -n "s|^$1  *[^ ]*  *[^ ]*  *||p" | sed "s|$scratch||"
}

@test "without_any_file_everything_is_at_its_default" {
    run -0 --separate-stderr hf config
    [ -z "$stderr" ]
    expect 23 "${#lines[@]}"
    expect_in 'SETTING' "${lines[0]}"
    expect 22 "$(grep -c 'default$' <<<"$output")"
    expect 'sync' "$(hf config durability)"
    expect '' "$(hf config key_dir)"
    [ ! -e "$HOLDFAST_STORE" ]
}

@test "each_source_is_over_those_before_it" {
    expect '0 default' "$(hf config timeout) $(source_of timeout)"
    user_file <<<$'# mine\ntimeout = 1s\nrounds = 20000'
    expect '1s file /config/holdfast/config:2' "$(hf config timeout) $(source_of timeout)"
    store_file <<<'timeout = 2s'
    expect '2s file /store/config:1' "$(hf config timeout) $(source_of timeout)"
    export HOLDFAST_TIMEOUT=3s
    expect '3s environment' "$(hf config timeout) $(source_of timeout)"
    expect '20000 file /config/holdfast/config:3' "$(hf config rounds) $(source_of rounds)"
}

@test "the_users_file_is_in_the_home_directory_unless_another_place_is_named" {
    unset XDG_CONFIG_HOME
    mkdir -p "$HOME/.config/holdfast" "$scratch/dotfiles"
    echo 'timeout = 4s' >"$scratch/dotfiles/holdfast"
    ln -s "$scratch/dotfiles/holdfast" "$HOME/.config/holdfast/config"
    expect 4s "$(hf config timeout)"
    XDG_CONFIG_HOME=relative run -0 hf config timeout
    expect 4s "$output"
    XDG_CONFIG_HOME=$scratch/config run -0 hf config timeout
    expect 0 "$output"
    run -0 env -u HOME -u HOLDFAST_STORE "$HOLDFAST" config timeout
    expect 0 "$output"
}

@test "settings_are_json_with_json" {
    user_file <<<'max_sessions = 100'
    run -0 hf config --json
    expect 22 "$(jq length <<<"$output")"
    expect '["100","0","file",1]' \
        "$(jq -c '.[] | select(.key == "max_sessions") | [.value, .default, .source, .line]' <<<"$output")"
    expect "$XDG_CONFIG_HOME/holdfast/config" \
        "$(jq -r '.[] | select(.key == "max_sessions") | .file' <<<"$output")"
    expect 22 "$(jq '[.[] | select(.help != "")] | length' <<<"$output")"
    run -0 hf config timeout --json
    expect '["timeout","0","0","default",null,null]' \
        "$(jq -c '[.key, .value, .default, .source, .file, .line]' <<<"$output")"
}

@test "a_mistyped_key_is_guessed_with_its_file_and_line" {
    user_file <<<$'\nmax_sesions = 5'
    for command in config 'config timeout' new 'append 0123 1' 'verify --all'; do
        # shellcheck disable=SC2086
        run -16 --separate-stderr hf $command
        expect_in "$XDG_CONFIG_HOME/holdfast/config:2: there is no setting 'max_sesions'; \
is 'max_sessions' meant?" "$stderr"
        expect_in 'Nothing was changed.' "$stderr"
        expect '' "$output"
    done
    [ ! -e "$HOLDFAST_STORE" ]
    # Also where there is no store yet and that would be no error.
    run -16 env -u HOLDFAST_STORE "$HOLDFAST" list
    run -16 env -u HOLDFAST_STORE "$HOLDFAST" cleanup --older-than 1d
    run -16 --separate-stderr hf config --json
    expect HF_ERR_CONFIG "$(jq -r .error <<<"$stderr")"
    expect_in 'config:2: there is no setting' "$(jq -r .message <<<"$stderr")"
    user_file <<<'MAX_SESSIONS = 5'
    run -16 hf config
    expect_in "there is no setting 'MAX_SESSIONS'; is 'max_sessions' meant?" "$output"
    rm "$XDG_CONFIG_HOME/holdfast/config"
    run -2 hf config max_sesions
    expect_in "there is no 'max_sesions'; is 'max_sessions' meant?" "$output"
}

@test "a_wrong_value_is_told_with_its_place_and_its_bounds" {
    user_file <<<'max_sessions = abc'
    run -16 hf list
    expect_in "holdfast/config:1: max_sessions: 'abc' is not a number from 0 to 4294967295" "$output"
    user_file <<<'durability = never'
    run -16 hf list
    expect_in "holdfast/config:1: durability: 'never' is not sync, os or strict" "$output"
    rm "$XDG_CONFIG_HOME/holdfast/config"
    HOLDFAST_RESUME_WINDOW=1y run -16 hf list
    expect_in "HOLDFAST_RESUME_WINDOW: '1y' is not a time from 1ms to 30d" "$output"
    HOLDFAST_DURABLITY=os run -16 hf list
    expect_in 'is HOLDFAST_DURABILITY meant?' "$output"
}

@test "lines_that_are_no_settings_are_told" {
    user_file <<<'[limits]'
    run -16 hf config
    expect_in 'config:1: there are no sections here' "$output"
    user_file <<<$'timeout = 1\nthreads'
    run -16 hf config
    expect_in 'config:2: this is not key = value' "$output"
    user_file <<<$'timeout = 1\ntimeout = 2'
    run -16 hf config
    expect_in 'config:2: timeout is set in line 1 already' "$output"
    user_file <<<"key_dir = /$(printf %0300d 0)"
    run -16 hf config
    expect_in 'config:1: this line is too long' "$output"
}

@test "variables_of_others_are_let_be" {
    HOLDFAST_BENCH=x HOLDFAST_SOURCE=y HOLDFAST_TIMEOUT='' run -0 hf config timeout
    expect 0 "$output"
}

@test "a_file_of_the_store_that_others_can_change_is_refused" {
    make_session 1
    store_file <<<'timeout = 2s'
    run -0 hf show "$id"
    chmod 622 "$HOLDFAST_STORE/config"
    run -16 hf show "$id"
    expect_in "/store/config: can be written to by others" "$output"
    rm "$HOLDFAST_STORE/config"
    ln -s "$HOME/elsewhere" "$HOLDFAST_STORE/config"
    run -16 hf show "$id"
    expect_in "/store/config: is a symbolic link" "$output"
    if [ "$(id -u)" = 0 ]; then
        rm "$HOLDFAST_STORE/config"
        store_file <<<'timeout = 2s'
        chown 65534 "$HOLDFAST_STORE/config"
        run -16 hf show "$id"
        expect_in "/store/config: belongs to another user" "$output"
    fi
}

@test "a_file_that_cannot_be_read_is_an_error_with_its_path" {
    user_file <<<'timeout = 2s'
    chmod 000 "$XDG_CONFIG_HOME/holdfast/config"
    if [ "$(id -u)" = 0 ]; then
        command=$(public_command)
        chmod 755 "$XDG_CONFIG_HOME/holdfast"
        run -5 as_nobody "$command" config
    else
        run -5 hf config
    fi
    expect_in 'holdfast/config: cannot be read: Permission denied.' "$output"
}

@test "the_settings_have_their_effect_on_commands" {
    store_file <<<'max_record_size = 8'
    make_session 0
    run -8 hf append "$id" '"0123456789"'
    run -0 hf append "$id" '"0123456789"' --record-size 1K
    run -11 --separate-stderr hf attach "$id" --no-seal <<<'"0123456789"'
    HOLDFAST_MAX_RECORD_SIZE=12 run -0 hf append "$id" '"0123456789"'
    HOLDFAST_KEY_DIR=$scratch/keys run -0 hf --store "$scratch/other" new
    [ -e "$scratch/keys/machine_secret" ]
    [ ! -e "$scratch/other/keys/machine_secret" ]
    HOLDFAST_RUNTIME_DIR=none HOLDFAST_ROUNDS=10000 run -0 hf --store "$scratch/third" new
    run -0 hf --store "$scratch/third" key
    expect_in 'rounds  10000' "$output"
}

@test "an_option_is_over_the_settings_and_a_wrong_one_is_a_wrong_call" {
    make_session 0
    export HOLDFAST_MAX_RECORD_SIZE=8
    run -0 hf append "$id" '"0123456789"' --record-size 1M
    run -2 hf append "$id" 1 --record-size 2G
    expect_in "--record-size: max_record_size: '2G' is not a size from 1 to 1G" "$output"
    run -2 hf append "$id" 1 --durability scrict
    expect_in "is 'strict' meant?" "$output"
}

@test "the_timeout_is_how_long_commands_wait_for_another_writer" {
    make_session 0
    coproc writer { "$HOLDFAST" attach "$id"; }
    echo '"x"' >&"${writer[1]}"
    read -r -u "${writer[0]}" ack
    expect_in '"ok":true' "$ack"
    run -6 hf append "$id" 1
    started=$EPOCHREALTIME
    HOLDFAST_TIMEOUT=300ms run -6 hf append "$id" 1
    [ $(((${EPOCHREALTIME/./} - ${started/./}) / 1000)) -ge 300 ]
    started=$EPOCHREALTIME
    HOLDFAST_TIMEOUT=1h run -6 hf append "$id" 1 --wait 0
    [ $(((${EPOCHREALTIME/./} - ${started/./}) / 1000)) -lt 60000 ]
    pid=$writer_PID
    eval "exec ${writer[1]}>&-"
    wait "$pid"
}

@test "a_value_from_a_strangers_file_does_nothing_to_a_terminal" {
    user_file <<<$'key_dir = /a\x1b[31m'
    run -16 hf config
    expect_harmless "$output"
    rm "$XDG_CONFIG_HOME/holdfast/config"
    HOLDFAST_KEY_DIR=$'/a\x1b[31m' run -0 hf config
    expect_harmless "$output"
}
