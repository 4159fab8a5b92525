#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The completions know the commands, the options of each, and the sessions.

load helpers

completions=$BATS_TEST_DIRNAME/../../completions

setup_file() {
    export HOLDFAST=${HOLDFAST:-$BATS_TEST_DIRNAME/../../build/holdfast}
}

# Every long option that the help of a command shows.
options_of() {
    hf "$1" --help | sed -n '/^Options:/,/^$/s/^ .*  --\([a-z-]*\).*/\1/p'
}

@test "every_option_of_every_command_is_in_every_completion" {
    for command in new append attach resume close save show log load list who rename tag pin \
        unpin rm restore purge cleanup bundle unbundle verify repair key doctor config; do
        for option in $(options_of "$command"); do
            grep -q -- "--$option" "$completions/holdfast.bash"
            grep -q -- "--$option" "$completions/holdfast.zsh"
            grep -q -- "-l $option" "$completions/holdfast.fish"
        done
        grep -qw "$command" "$completions/holdfast.bash"
        grep -q "'$command:" "$completions/holdfast.zsh"
        grep -q -- "-a $command " "$completions/holdfast.fish"
    done
}

# What bash offers for the words given.
bash_offers() {
    PATH=$(dirname "$HOLDFAST"):$PATH bash --norc -c '
        source "$0"
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _holdfast
        printf "%s\n" "${COMPREPLY[@]}"' "$completions/holdfast.bash" "$@"
}

@test "bash_offers_commands_options_and_sessions" {
    make_session 1
    expect $'save\nshow\nscan' "$(bash_offers holdfast s)"
    expect "$id" "$(bash_offers holdfast show "${id:0:5}")"
    expect "$id" "$(bash_offers holdfast --store "$HOLDFAST_STORE" show '')"
    expect '--durability' "$(bash_offers holdfast append "$id" --du)"
    expect $'sync\nstrict' "$(bash_offers holdfast append --durability s)"
    expect 'drop' "$(bash_offers holdfast key d)"
    expect $'closed' "$(bash_offers holdfast list --state c)"
    expect '' "$(bash_offers holdfast restore '')"
    hf rm "$id"
    expect "$id" "$(bash_offers holdfast restore '')"
    expect '' "$(bash_offers holdfast show '')"
    expect 'max_sessions' "$(bash_offers holdfast config max_sessions)"
}

@test "zsh_and_fish_can_read_theirs" {
    if command -v zsh >/dev/null; then
        zsh -n "$completions/holdfast.zsh"
    fi
    if command -v fish >/dev/null; then
        make_session 1
        run env PATH="$(dirname "$HOLDFAST"):$PATH" fish --no-config -c \
            "source '$completions/holdfast.fish'; complete -C 'holdfast show '"
        expect_in "$id" "$output"
    fi
}
