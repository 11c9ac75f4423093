#!/bin/sh
# Prints the first Python on this machine that the hotline runs on, or plain `python3` when there is none
# (tools/make-venv.sh then says what to do).
for name in python3.11 python3.12 python3; do
    if command -v "$name" >/dev/null 2>&1 &&
        "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
        echo "$name"
        exit 0
    fi
done
echo python3
