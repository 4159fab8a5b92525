#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shows what Holdfast does, with real sessions, in a scratch store that is removed at the end.
# HOLDFAST names the command; otherwise it is taken from build/.
set -euo pipefail

examples=$(cd "$(dirname "$0")" && pwd)
holdfast=${HOLDFAST:-$examples/../build/holdfast}
if ! command -v "$holdfast" >/dev/null; then
    echo "demo: there is no $holdfast: run make first, or set HOLDFAST" >&2
    exit 1
fi

scratch=$(mktemp -d)
writer=
cleanup() {
    if [ -n "$writer" ]; then
        kill -KILL "$writer" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap cleanup EXIT

# Keys, runtime files and the store itself: all in the scratch directory.
mkdir -m 700 "$scratch/run"
unset "${!HOLDFAST_@}"
export HOLDFAST_STORE=$scratch/store XDG_RUNTIME_DIR=$scratch/run XDG_CONFIG_HOME=$scratch/config
log_of() { echo "$HOLDFAST_STORE/sessions/$1.jsonl"; }

bold=''
plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$(printf '\033[1m')
    plain=$(printf '\033[0m')
fi
chapter=0
chapter() {
    chapter=$((chapter + 1))
    printf '\n%s%d. %s%s\n\n' "$bold" "$chapter" "$1" "$plain"
}
say() { printf '%s\n' "$@"; }
# Output of commands: indented, and cut to the width of a page.
indent() { cut -c 1-108 | sed 's/^/    /'; }
# Shows a command as a user would type it, runs it, and keeps its exit status in $status.
status=0
run() {
    local word
    printf '    $ holdfast'
    for word; do
        case $word in
        *' '*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    status=0
    "$holdfast" "$@" >"$scratch/out" 2>&1 || status=$?
    indent <"$scratch/out"
    echo
}

# Starts `holdfast attach ...` in the background; line after line goes to descriptor 3.
start_writer() {
    rm -f "$scratch/pipe"
    mkfifo "$scratch/pipe"
    "$holdfast" attach "$@" <"$scratch/pipe" >"$scratch/acks" 2>"$scratch/errors" &
    writer=$!
    exec 3>"$scratch/pipe"
}
# Waits until there are $1 lines of acknowledgements.
wait_for_acks() {
    while [ "$(wc -l <"$scratch/acks")" -lt "$1" ]; do
        if ! kill -0 "$writer" 2>/dev/null; then
            cat "$scratch/errors" >&2
            echo "demo: the writer ended too early" >&2
            exit 1
        fi
        sleep 0.01
    done
}

session=$examples/claude-code.jsonl
lines=$(wc -l <"$session")
# Makes a session and feeds the whole file to its writer, which then waits for more.
feed_session() {
    start_writer --new --name 'rename count' --id-member uuid
    cat "$session" >&3
    wait_for_acks $((lines + 1))
    id=$(head -n 1 "$scratch/acks" | sed 's/.*:"//; s/".*//')
    short=${id:0:8}
    log=$(log_of "$id")
}
# Sends a record of 12 MB and kills the writer when the log begins to grow: the write takes
# some milliseconds. $size is where the record begins.
kill_in_mid_record() {
    size=$(stat -c %s "$log")
    {
        printf '{"role":"tool","content":"'
        head -c 12000000 /dev/zero | tr '\0' x
        printf '"}\n'
    } >&3 2>/dev/null &
    local feeder=$!
    while [ "$(stat -c %s "$log")" -le "$size" ] && kill -0 "$writer"; do :; done
    kill -KILL "$writer"
    wait "$writer" 2>/dev/null || true
    writer=
    kill "$feeder" 2>/dev/null || true
    wait "$feeder" 2>/dev/null || true
    exec 3>&-
}

chapter "An agent writes its session, message by message"
say "A real session of Claude Code, $lines lines of JSON, goes line by line into" \
    "'holdfast attach'. Each line becomes a record: it is signed, chained to the record" \
    "before it, written and synced. Only then does its acknowledgement come back." ""
feed_session
say "    \$ holdfast attach --new --name 'rename count' --id-member uuid"
head -n 4 "$scratch/acks" | indent
say "    ..."
tail -n 1 "$scratch/acks" | indent
say "" "$(grep -c '"ok":true' "$scratch/acks") of $lines lines are acknowledged: these messages are on disk."

chapter "The agent is killed in the middle of a record"
say "Its next message is large, 12 MB of a tool's output. While the record is being written," \
    "the process gets kill -9: no handler, no clean-up, no last words." ""
torn=no
for attempt in {1..20}; do
    kill_in_mid_record
    run verify "$short"
    if [ "$status" -eq 20 ]; then
        torn=yes
        break
    fi
    if [ "$attempt" -lt 20 ]; then
        say "The kill came when the record was complete already. Once more, in a new session." ""
        "$holdfast" rm --purge --yes "$id"
        feed_session
    fi
done
if [ "$torn" = no ]; then
    say "On this machine writes are too fast to be hit. The rest goes on with a session that" \
        "was not torn."
else
    say "The log ends in a stump of $(($(stat -c %s "$log") - size)) bytes: text, but no signature. These are its" \
        "last bytes, where a signature should stand:" ""
    say "    $(tail -c 60 "$log")" "" "The record was not acknowledged, so nobody was promised anything about it."
fi

# A complete record of 12 MB would hide the ids before it: they are looked for in the last
# megabyte of the log.
if [ "$torn" = no ]; then
    "$holdfast" rm --purge --yes "$id"
    feed_session
    exec 3>&-
    wait "$writer"
    writer=
fi

chapter "Recovery: what was acknowledged is there"
say "The host starts again and, not knowing how far it came, sends the whole session once" \
    "more. Every line has an id, so a line that is there already is not written twice:" ""
"$holdfast" attach "$id" --id-member uuid --no-seal <"$session" >"$scratch/again" 2>"$scratch/errors"
with_id=$(grep -c '"id":' "$scratch/again")
duplicates=$(grep -c '"duplicate":true' "$scratch/again" || true)
say "    \$ holdfast attach $short --id-member uuid <session"
indent <"$scratch/errors"
say "    ..."
grep '"duplicate":true' "$scratch/again" | tail -n 2 | indent
say "" "$duplicates of the $with_id lines that have an id were there. Nothing acknowledged was lost:" ""
if [ "$duplicates" -ne "$with_id" ]; then
    echo "demo: that is not so" >&2
    exit 1
fi
run verify "$short"
if [ "$torn" = yes ]; then
    say "What became of the stump? It was not glued to the next record and not thrown away:" \
        "it lies in the quarantine, and a record in the log says so." ""
    "$holdfast" log "$short" | grep '"type":"repair"' | sed 's/.*"type"/... "type"/; s/,"mac.*/ .../' | indent
    say ""
fi

chapter "Somebody changes one byte"
offset=$(grep -abo 'Let me look at the project' "$log" | head -n 1 | cut -d : -f 1)
offset=$((offset + 7))
record=$(head -c "$offset" "$log" | wc -l)
say "In record $record the agent said: 'Let me look at the project first.' We change the" \
    "'l' of 'look' to a 'c', byte $offset of the log, and leave all else as it is:" ""
printf c | dd of="$log" bs=1 seek="$offset" conv=notrunc status=none
run verify "$short"
say "The exit status is $status. What stands before that record can still be read:" ""
run log "$short" --last 1
say "The byte is put back, and every signature is right again:" ""
printf l | dd of="$log" bs=1 seek="$offset" conv=notrunc status=none
run verify "$short"

chapter "A second agent, and a list"
say "The same task, done by another agent (pi), piped in at once. What is there to be read" \
    "is written as one batch with one sync:" ""
"$holdfast" attach --new --name 'the same, by pi' --id-member id <"$examples/pi.jsonl" >"$scratch/acks"
say "    \$ holdfast attach --new --name 'the same, by pi' --id-member id <pi.jsonl"
tail -n 1 "$scratch/acks" | indent
say ""
run list
second=$(head -n 1 "$scratch/acks" | sed 's/.*:"//; s/".*//')
second=${second:0:8}
run show "$second" --last 1

chapter "A session's life: held, killed, resumed, removed, restored"
say "The second agent has one more thing to say. While its writer holds the session nobody" \
    "else can write to it, and everybody can see who that is:" ""
start_writer "$second" --type x-late
tail -n 1 "$examples/pi.jsonl" >&3
wait_for_acks 1
run who "$second"
run append "$second" --text 'Me too.'
say "It is killed. Nothing has to be unlocked: the system gave the right to write back when" \
    "the process died. The session counts as interrupted, for nobody closed it:" ""
kill -KILL "$writer"
wait "$writer" 2>/dev/null || true
writer=
exec 3>&-
run list "$second"
run resume 'the same, by pi'
say "What is removed goes to the trash and comes back as it was:" ""
run close "$second"
run rm "$second"
run list --trash
run restore "$second"
run list
run verify "$second"
chapter "Bring your sessions along, and take them away again"
data=$(cd "$examples/../tests/data" && pwd)
say "Real sessions of three agents, as their own programs left them, one of them torn by a kill:" ""
mkdir "$scratch/home"
cp -r "$data/claude-code/projects" "$data/pi/sessions" "$scratch/home"
find "$data/damaged/pi" -name 'real-kill9-torn.jsonl' -exec cp {} "$scratch/home/torn.jsonl" \;
cp -r "$data/gemini" "$scratch/home/gemini"
say "    \$ holdfast import home"
"$holdfast" import "$scratch/home" 2>&1 | sed "s|$scratch/||g" | tail -n 4 | indent
say "" "    \$ holdfast import home"
"$holdfast" import "$scratch/home" 2>&1 | tail -n 1 | indent
say "" "Again there was nothing new. The list has them all, by the words they began with:" ""
run list --limit 8
imported=$("$holdfast" import --json "$scratch/home/projects" |
    sed 's/{"outcome"/\n&/g' | grep '"bytes":[0-9]\{5\}' | head -n 1 | sed 's/.*"session":"//; s/".*//')
say "The original bytes come back, and other agents and people get the same conversation:" ""
run export "$imported" --to claude-code -o "$scratch/claude.jsonl"
original=$(find "$scratch/home/projects" -name "$(basename "$imported")*.jsonl" | head -n 1)
if ! cmp "$scratch/claude.jsonl" "$original"; then
    say "The bytes are not those that went in."
    exit 1
fi
say "    \$ cmp claude.jsonl the-original.jsonl && echo same" "    same" ""
run export "$imported" --to codex -o "$scratch"
run export "$imported" --to html --redact -o "$scratch/session.html"
run scan "$imported"

say "That was all. The scratch store $scratch is removed."
