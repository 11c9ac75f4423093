#!/bin/sh
# make-venv.sh PYTHON FOLDER: a virtual environment, or a plain word about what is missing.
set -eu
python=$1
folder=$2

if ! command -v "$python" >/dev/null 2>&1; then
    echo "There is no $python on this machine. Install Python 3.11 (Debian 12: apt-get install python3 python3-venv)," >&2
    echo "or name one that is there:  make demo PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'; then
    echo "The hotline runs on Python 3.11 and 3.12; $python is $("$python" -V 2>&1)." >&2
    echo "(The PJSUA2 wheel ends at 3.12, and pydub needs audioop, which left Python in 3.13.)" >&2
    echo "Name another one:  make demo PYTHON=python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$python has no venv module. Debian: apt-get install python3-venv" >&2
    exit 1
fi
echo "== making $folder with $("$python" -V 2>&1)"
"$python" -m venv "$folder"
