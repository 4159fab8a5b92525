#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs all benchmarks and prints one table; `make bench` calls it. Options go to each program:
# --json for one JSON object a line, --quick to see that it works. It takes about two
# minutes and never fails because of a missed goal.
#
# Needs HOLDFAST_BENCH, the folder of the programs, and BENCH_DIR, where they work.
set -euo pipefail

programs="floor append load save keys command open list json life limit interop"
filesystem=$(stat --file-system --format=%T "$BENCH_DIR")
mount=$(findmnt --noheadings --output FSTYPE --target "$BENCH_DIR" || true)
processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)

# What is measured is the command as it is installed: a build's own searches its folder for
# libraries first.
meson install -C "$HOLDFAST_BENCH/.." --no-rebuild --destdir "$BENCH_DIR/installed" --quiet
HOLDFAST=$(find "$BENCH_DIR/installed" -path '*/bin/holdfast' -print -quit)
# And as nobody has configured it.
export HOLDFAST XDG_CONFIG_HOME=$BENCH_DIR/config HOLDFAST_DATA=$PWD/tests/data

if [[ " $* " == *" --json "* ]]; then
    printf '{"processor":"%s","cores":%s,"kernel":"%s","filesystem":"%s","load":"%s"}\n' \
        "$processor" "$(nproc)" "$(uname -r)" "${mount:-$filesystem}" "$(cut -d ' ' -f 1-3 /proc/loadavg)"
else
    printf '%s, %s cores; Linux %s; %s; load %s\n' "$processor" "$(nproc)" "$(uname -r)" \
        "${mount:-$filesystem}" "$(cut -d ' ' -f 1-3 /proc/loadavg)"
    if [ "$filesystem" = tmpfs ]; then
        echo "BENCH_DIR is in memory, where a sync costs nothing: what is said of it means nothing."
    fi
    printf '\n%-58s %13s %13s %9s  %-10s %s\n' what ours rival ratio goal met
fi
for program in $programs; do
    "$HOLDFAST_BENCH/bench_$program" "$@"
done
