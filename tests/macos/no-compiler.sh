#!/bin/sh
# Stands for a C compiler and an archiver of macOS where there is none: `cargo check` links nothing, so that an empty file
# does for what a package compiles.
while [ $# -gt 0 ]; do
    if [ "$1" = -o ]; then
        : >"$2"
    fi
    shift
done
