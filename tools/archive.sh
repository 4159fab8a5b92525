#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes libholdfast.a: all objects of the given archives as one object whose hidden
# symbols are local, and those of inih, which marks none of its own as hidden.
# Usage: archive.sh OUTPUT SCRATCH-FOLDER ARCHIVE...
set -eu

output=$1
scratch=$2
shift 2
mkdir -p "$scratch"
rm -f "$output"
"${LD:-ld}" -r -o "$scratch/holdfast.o" --whole-archive "$@"
"${OBJCOPY:-objcopy}" --localize-hidden --wildcard --localize-symbol='ini_*' "$scratch/holdfast.o"
"${AR:-ar}" rcsD "$output" "$scratch/holdfast.o"
