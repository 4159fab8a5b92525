#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the benchmarks and runs them: bench/run.sh if there is one, else each program.
# They work in BENCH_DIR (a fresh folder under build-bench by default), which should be on
# the disk that is to be measured.
set -euo pipefail
cd "$(dirname "$0")/.."

build="build-bench"
[ -e "$build/build.ninja" ] || meson setup "$build" -Dbench=true
ninja -C "$build"

export HOLDFAST="$PWD/$build/holdfast" HOLDFAST_BENCH="$PWD/$build/bench"
if [ -z "${BENCH_DIR-}" ]; then
    BENCH_DIR=$(mktemp -d "$PWD/$build/data.XXXXXX")
    trap 'rm -rf "$BENCH_DIR"' EXIT
fi
export BENCH_DIR
if [ -x bench/run.sh ]; then
    bench/run.sh "$@"
else
    for program in "$build"/bench/bench_*; do
        if [ -f "$program" ] && [ -x "$program" ]; then "$program"; fi
    done
fi
