# SPDX-License-Identifier: MIT
# For the tests of the command: a scratch store for each test, and things to do to it.
# HOLDFAST names the command under test (build/holdfast by default).

bats_require_minimum_version 1.5.0

setup() {
    HOLDFAST=${HOLDFAST:-$BATS_TEST_DIRNAME/../../build/holdfast}
    scratch=$(mktemp -d)
    chmod 755 "$scratch"
    mkdir -m 700 "$scratch/run" "$scratch/home"
    mkdir -m 755 "$scratch/config"
    # Nothing of whoever runs the tests: neither his configuration nor his settings.
    unset "${!HOLDFAST_@}" XDG_DATA_HOME PAGER NO_COLOR
    export HOLDFAST_STORE=$scratch/store XDG_RUNTIME_DIR=$scratch/run HOME=$scratch/home
    export XDG_CONFIG_HOME=$scratch/config
    export TZ=UTC
    cd "$scratch/home" || return
}

teardown() {
    if [ -n "${holder-}" ]; then
        kill -KILL "$holder" || true
        exec 7>&-
    fi
    chmod -R u+rwx "$scratch"
    rm -rf "$scratch"
}

hf() { "$HOLDFAST" "$@"; }

# Makes a session with $1 messages; its id goes to $id.
make_session() {
    id=$(hf new --name "${2-a name}")
    for ((i = 1; i <= $1; i++)); do
        printf '{"role":"user","content":"message %d"}\n' "$i"
    done | hf attach "$id" --no-seal >/dev/null
}

# Holds session $1 for writing in the background, after one more message; the writer's
# process goes to $holder. Further lines can be sent to descriptor 7.
hold_session() {
    rm -f "$scratch/held" "$scratch/acks"
    mkfifo "$scratch/held"
    "$HOLDFAST" attach "$1" --no-seal <"$scratch/held" >"$scratch/acks" 2>&1 3>&- &
    holder=$!
    exec 7>"$scratch/held"
    printf '{"role":"user","content":"held"}\n' >&7
    until [ -s "$scratch/acks" ]; do sleep 0.01; done
}

# Lets go of it: the writer ends as at the end of its input, or by signal $1.
let_go() {
    if [ $# -gt 0 ]; then
        kill "-$1" "$holder"
    fi
    exec 7>&-
    wait "$holder" || true
    holder=
}

# The names of the sessions that list gives for these arguments, newest first.
names() {
    if hf list "$@" --json >"$scratch/listed"; then
        jq -r 'map(.name) | join(" ")' "$scratch/listed"
    else
        echo "list failed"
    fi
}

# The state of session $1.
state_of() { hf list "$1" --state active,interrupted,closed,trashed,unknown --json | jq -r '.[0].state'; }

log_of() { echo "$HOLDFAST_STORE/sessions/$1.jsonl"; }
head_of() { echo "$HOLDFAST_STORE/sessions/$1.head"; }

# Changes the byte at offset $2 of file $1 to another one.
change_byte() {
    local byte
    byte=$(dd if="$1" bs=1 skip="$2" count=1 status=none | od -An -tu1)
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $(((byte + 1) % 256)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Runs a command as a user that may do nothing here. Root only.
as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# Puts a copy of the command where anybody may run it.
public_command() {
    cp "$HOLDFAST" "$scratch/holdfast"
    chmod 755 "$scratch/holdfast"
    echo "$scratch/holdfast"
}

# The next lines fail a test and say why.
expect() {
    if [ "$1" != "$2" ]; then
        printf 'expected: %s\nfound:    %s\n' "$1" "$2" >&2
        return 1
    fi
}

expect_in() {
    if [[ $2 != *"$1"* ]]; then
        printf 'expected to find: %s\nin:               %s\n' "$1" "$2" >&2
        return 1
    fi
}

# Bytes that make a terminal do something: ESC, BEL, CSI in UTF-8, a change of direction.
expect_harmless() {
    if printf %s "$1" | LC_ALL=C grep -qP '\x1b|\x07|\x9b|\xe2\x80\xae'; then
        printf 'dangerous output: %q\n' "$1" >&2
        return 1
    fi
}
