#!/bin/bash
# SPDX-License-Identifier: MIT
# Tries what `make install PREFIX=/usr DESTDIR=ROOT` laid down, as a stranger would: the
# files are there, and programs in C and C++ build by pkg-config, shared and static, and run.
#
#   tools/try_install.sh ROOT
set -euo pipefail

root=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

pc=$(find "$root" -name holdfast.pc)
libraries=$(dirname "$(dirname "$pc")")
for file in "$root/usr/include/holdfast.h" "$libraries/libholdfast.so.0" "$libraries/libholdfast.so" \
    "$libraries/libholdfast.a" "$root/usr/bin/holdfast"; do
    [ -e "$file" ] || { echo "try_install: $file is missing"; exit 1; }
done

# In the build folder the command finds its library beside it; installed, nowhere but where
# the system looks.
if readelf --dynamic "$root/usr/bin/holdfast" "$libraries/libholdfast.so" | grep -E 'RPATH|RUNPATH'; then
    echo "try_install: what is installed looks for libraries in a folder of its own"
    exit 1
fi

cat >"$scratch/main.c" <<'PROGRAM'
#include <holdfast.h>
#include <stdio.h>

/* The library has one of this name inside: a host's own must not meet it. */
int buffer_put(void);
int buffer_put(void)
{
	return 0;
}

int main(void)
{
	struct hf_store *store = NULL;
	struct hf_store_options options = {};
	int rc;

	options.must_exist = true;
	rc = hf_store_open("/nonexistent/store", &options, NULL, &store);
	hf_store_close(store);
	(void)buffer_put();
	puts(hf_error_text(rc));
	return rc == HF_OK;
}
PROGRAM
cp "$scratch/main.c" "$scratch/main.cpp"

export PKG_CONFIG_PATH=$libraries/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
read -ra flags <<<"$(pkg-config --cflags --libs holdfast)"
cc -o "$scratch/shared" "$scratch/main.c" "${flags[@]}"
c++ -o "$scratch/shared_cxx" "$scratch/main.cpp" "${flags[@]}"
cc -I"$root/usr/include" -o "$scratch/static" "$scratch/main.c" "$libraries/libholdfast.a" -lnettle -pthread
LD_LIBRARY_PATH=$libraries "$scratch/shared"
LD_LIBRARY_PATH=$libraries "$scratch/shared_cxx"
"$scratch/static"
"$root/usr/bin/holdfast" --version
