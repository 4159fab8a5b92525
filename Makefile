# SPDX-License-Identifier: MIT
# The front door. Meson and Ninja do the work; each target below is a few lines of shell.
#
#   make            build the library and the command into build/
#   make demo       see a session written, killed, recovered, verified and tampered with
#   make check      build with sanitizers and run every test (about 13 minutes)
#   make test       run some tests: SUITE=unit, or NAME=test_buffer
#   make install    PREFIX=/usr/local DESTDIR=
#   make bench      measure against raw files, SQLite and LMDB
#   make fuzz       FUZZ_SECONDS=600 for each target; FUZZ=record for one
#   make crash      the kill -9 and torture loops, for CRASH_SECONDS=600
#   make format     lay the C code out by .clang-format
#   make clean

PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 600
CRASH_SECONDS ?= 600
SUITE ?=
NAME ?=
FUZZ ?=

MESON = meson
NINJA = ninja
SANITIZED = -Dtests=true -Dwerror=true -Db_sanitize=address,undefined -Doptimization=1

.PHONY: all demo check test install bench fuzz crash format sources clean

all: build/build.ninja
	@$(NINJA) -C build

# Setting up asks for nothing but what a build needs.
build/build.ninja:
	@tools/deps.sh --tell build
	@$(MESON) setup build --prefix "$(PREFIX)"

build-check/build.ninja:
	@tools/deps.sh --tell build check
	@$(MESON) setup build-check $(SANITIZED)

demo:
	@tools/deps.sh build demo
	@$(MAKE) --no-print-directory all
	@HOLDFAST="$(CURDIR)/build/holdfast" examples/demo.sh

check:
	@tools/deps.sh build check fuzz
	@JOBS="$(JOBS)" tools/check.sh

test: build-check/build.ninja
	@$(NINJA) -C build-check
	@$(MESON) test -C build-check --no-rebuild --print-errorlogs --num-processes $(JOBS) \
		$(if $(SUITE),--suite $(SUITE)) $(NAME)

install: all
	@$(MESON) configure build -Dprefix="$(PREFIX)"
	@DESTDIR="$(DESTDIR)" $(MESON) install -C build
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

bench:
	@tools/deps.sh build bench
	@tools/bench.sh

fuzz:
	@tools/deps.sh build fuzz
	@FUZZ_SECONDS="$(FUZZ_SECONDS)" JOBS="$(JOBS)" tools/fuzz.sh $(FUZZ)

crash: build-check/build.ninja
	@$(NINJA) -C build-check
	@CRASH_SECONDS="$(CRASH_SECONDS)" $(MESON) test -C build-check --no-rebuild --print-errorlogs \
		--num-processes 1 --timeout-multiplier 0 --suite crash --suite torture --suite concurrent

format:
	@tools/deps.sh format
	@find include src tests bench examples -name '*.[ch]' -exec clang-format -i {} +

sources:
	@tools/sources.py

clean:
	@rm -rf build build-check build-fuzz build-bench build-clang build-clang-check build-tsan build-gcc
