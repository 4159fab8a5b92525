#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the fuzz targets with clang and runs each for FUZZ_SECONDS, JOBS at a time.
#
#   tools/fuzz.sh [TARGET...]     such as "record"; all by default
#
# FUZZ_SEED makes runs repeat each other, as far as their time goes. Seeds are read from
# tests/fuzz/corpus/TARGET, what is new goes to build-fuzz/corpus/TARGET.
# An input that crashes, leaks, hangs or takes too much memory is left in
# build-fuzz/findings/, and the exit status is 1. Counts go to build-fuzz/counts.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

seconds=${FUZZ_SECONDS:-600}
jobs=${JOBS:-$(nproc)}
build="build-fuzz"

if [ ! -e "$build/build.ninja" ]; then
    CC=clang meson setup "$build" -Dfuzz=true -Db_sanitize=address,undefined -Doptimization=1 \
        -Db_lundef=false || exit 1
fi
ninja -C "$build" || exit 1

if [ $# -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        [ -e "$source" ] || continue
        name=$(basename "$source" .c)
        set -- "$@" "${name#fuzz_}"
    done
fi

# one TARGET: runs it; its log says how it went.
one() {
    local target=$1 corpus=$build/corpus/$1 log=$build/log-$1.txt
    mkdir -p "$corpus" "$build/findings" "tests/fuzz/corpus/$target"
    set -- -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$target-"
    if [ -n "${FUZZ_SEED-}" ]; then
        set -- "$@" -seed="$FUZZ_SEED"
    fi
    if [ -e "tests/fuzz/corpus/$target.dict" ]; then
        set -- "$@" -dict="tests/fuzz/corpus/$target.dict"
    fi
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        "$build/tests/fuzz/fuzz_$target" "$@" "$corpus" "tests/fuzz/corpus/$target" \
        >"$log" 2>&1 </dev/null
}

# A run is only proof when inputs were executed.
report() {
    local target=$1 status=$2 log=$build/log-$1.txt runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$status" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
        printf 'ok - fuzz %-12s %10d inputs in %d s\n' "$target" "$runs" "$seconds"
        passed=$((passed + 1))
    else
        printf 'not ok - fuzz %s: see %s\n' "$target" "$log"
        tail -n 40 "$log"
        failed=$((failed + 1))
    fi
}

passed=0
failed=0
declare -A target_of=()
trap 'kill "${!target_of[@]}" 2>/dev/null' INT TERM

collect() {
    local pid status=0
    wait -n -p pid "${!target_of[@]}" || status=$?
    report "${target_of[$pid]}" "$status"
    unset "target_of[$pid]"
}

for target in "$@"; do
    if [ "${#target_of[@]}" -ge "$jobs" ]; then collect; fi
    one "$target" &
    target_of[$!]=$target
done
while [ "${#target_of[@]}" -gt 0 ]; do collect; done

echo "$passed $failed" >"$build/counts"
[ "$failed" -eq 0 ]
