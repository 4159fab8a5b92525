#!/bin/bash
# SPDX-License-Identifier: MIT
# All tests, for `make check`: the optimized build with the tidy tests, the sanitized build
# with all others, and a third of a minute of each fuzz target. Goes on after a failure, so that one
# run tells everything, and ends with what was counted.
#
# Writes the counts to build-check/counts as "PASSED FAILED" for .ci/run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

jobs=${JOBS:-$(nproc)}
passed=0
failed=0
counted=()
started=$SECONDS

step() {
    printf '\n==== %s (%d s)\n' "$1" $((SECONDS - started))
}

die() {
    echo "check: $1" >&2
    exit 1
}

# add PASSED FAILED NAME: counts, and remembers a line for the end.
add() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    counted+=("$(printf '%-28s %6d passed %6d failed' "$3" "$1" "$2")")
}

# build FOLDER OPTION...: sets it up if it is new, and builds it.
build() {
    local folder=$1
    shift
    [ -e "$folder/build.ninja" ] || meson setup "$folder" "$@" || die "$folder: cannot be set up"
    ninja -C "$folder" || die "$folder: does not build"
}

# run FOLDER NAME MESON-ARGUMENT...: runs tests and counts their cases.
run() {
    local folder=$1 name=$2 status=0 count
    shift 2
    meson test -C "$folder" --no-rebuild --print-errorlogs --num-processes "$jobs" \
        --logbase "$name" "$@" || status=$?
    count=$(tools/count_tests.py "$folder/meson-logs/$name.json") || count="0 1"
    read -r p f <<<"$count"
    # A status of failure with nothing counted would otherwise pass for success.
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ $((p + f)) -eq 0 ]; then f=1; fi
    add "$p" "$f" "$name"
}

step "Building the library and the command"
build build
# What was not there when the folder was set up may have been installed since.
meson setup --reconfigure build >/dev/null || die "build: cannot be set up anew"
step "Building again with the address and undefined behaviour sanitizers"
build build-check -Dtests=true -Dwerror=true -Db_sanitize=address,undefined -Doptimization=1

step "Tidy tests"
run build tidy --suite tidy
step "Tests of the optimized command"
run build command --suite cli
step "Tests"
run build-check tests --no-suite tidy
# From one seed, so that who checks the same code sees the same; campaigns are for make fuzz.
step "Fuzzing, ${FUZZ_CHECK_SECONDS:=20} seconds each"
if FUZZ_SEED=1 FUZZ_SECONDS=$FUZZ_CHECK_SECONDS JOBS=$jobs tools/fuzz.sh; then status=0; else status=1; fi
read -r p f < build-fuzz/counts || { p=0; f=1; }
if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
add "$p" "$f" fuzz

printf '\n==== Done in %d s\n' $((SECONDS - started))
printf '%s\n' "${counted[@]}"
echo "$passed $failed" > build-check/counts
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
