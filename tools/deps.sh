#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing from Debian's packages, and says what.
#
#   tools/deps.sh [--tell] PURPOSE...    build demo check fuzz bench format ci
#
# Nothing missing: silent, needs neither root nor a network, takes a few milliseconds.
# Otherwise root installs at once, another user through sudo if there is one; else the
# command to run is printed and the exit status is 1. --tell never installs.
set -eu

tell=false
if [ "${1-}" = --tell ]; then
    tell=true
    shift
fi

packages=
what=

# need PACKAGE WHAT COMMAND...: when COMMAND fails, PACKAGE is to be installed for WHAT.
need() {
    package=$1
    name=$2
    shift 2
    if "$@" >/dev/null 2>&1; then
        return
    fi
    case " $packages " in
    *" $package "*) return ;;
    esac
    packages="${packages:+$packages }$package"
    what="$what
  $package ($name)"
}

program() {
    need "$2" "$3" command -v "$1"
}

library() {
    need "$2" "$3" pkg-config --exists "$1"
}

# Only Debian packages put the libraries there, in a folder named for the version.
fuzzer_runtime() {
    runtime=$(clang -print-resource-dir)/lib/linux
    [ -e "$runtime/libclang_rt.fuzzer-$(uname -m).a" ] && [ -e "$runtime/libclang_rt.asan-$(uname -m).a" ]
}

c_headers() {
    echo '#include <stdio.h>' | cc -E -
}

for purpose in "$@"; do
    case $purpose in
    build)
        program cc build-essential "C compiler"
        need build-essential "C library headers" c_headers
        program ld binutils "linker"
        program meson meson "build system"
        program ninja ninja-build "build system"
        program pkg-config pkgconf "finds libraries"
        library nettle nettle-dev "cryptography"
        library inih libinih-dev "reads configuration files"
        # Their headers; loaded on demand, never linked.
        library libzstd libzstd-dev "compressed sessions of Codex"
        library sqlite3 libsqlite3-dev "OpenCode's database"
        library libarchive libarchive-dev "bundles"
        library md4c libmd4c-dev "Markdown in HTML pages"
        ;;
    demo)
        program bash bash "the demonstration"
        ;;
    check)
        library check check "unit tests"
        program bats bats "tests of the command"
        program python3 python3 "tidy tests and the second verifier"
        program pmccabe pmccabe "lengths and complexity of functions"
        program jq jq "tests of the command"
        program c++ g++ "headers as C++"
        program zstd zstd "tests of bundles"
        program script bsdutils "tests of what terminals are shown"
        program mandoc mandoc "checks the manual pages"
        program ps procps "tests with processes"
        program unshare util-linux "tests with full disks"
        # Not in every user's PATH.
        need e2fsprogs "tests with full disks" test -x /sbin/mkfs.ext4
        program setpriv util-linux "tests as another user"
        ;;
    fuzz)
        program clang clang "fuzzing"
        need libclang-rt-14-dev "fuzzing" fuzzer_runtime
        ;;
    bench)
        library sqlite3 libsqlite3-dev "a rival to measure against"
        library lmdb liblmdb-dev "a rival to measure against"
        ;;
    format)
        program clang-format clang-format "lays out code"
        ;;
    ci)
        program clang clang "a second compiler"
        program clang-tidy clang-tidy "static analysis"
        program cppcheck cppcheck "static analysis"
        program shellcheck shellcheck "static analysis of scripts"
        ;;
    *)
        echo "deps.sh: unknown purpose: $purpose" >&2
        exit 2
        ;;
    esac
done

[ -n "$packages" ] || exit 0

echo "Missing, from Debian's packages:$what"

if $tell || ! command -v apt-get >/dev/null 2>&1; then
    if command -v apt-get >/dev/null 2>&1; then
        echo "To install: apt-get install $packages (as root)"
    else
        echo "Install what your system calls these, then try again."
    fi
    exit 1
fi

run_as_root=
if [ "$(id -u)" != 0 ]; then
    # Without a terminal sudo could not ask for a password.
    if command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        run_as_root=sudo
        echo "Installing them needs root: asking sudo."
    else
        echo "Installing them needs root. Run this as root, then try again:"
        echo "  apt-get update && apt-get install --yes --no-install-recommends $packages"
        exit 1
    fi
fi

install_packages() {
    # shellcheck disable=SC2086 # the packages are words
    $run_as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends --quiet $packages </dev/null
}

update_lists() {
    $run_as_root apt-get update --quiet </dev/null
}

# A new machine has no lists of packages; an old one may have outdated lists.
if ! apt-cache show build-essential >/dev/null 2>&1; then
    update_lists
    install_packages
elif ! install_packages; then
    update_lists
    install_packages
fi
