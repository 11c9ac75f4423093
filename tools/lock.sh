#!/bin/sh
# lock.sh PYTHON: write the lock files anew, for Python 3.11 and 3.12 alike. uv lives in build/, away from .venv.
set -eu
python=$1
tool=build/lock
[ -x "$tool/bin/uv" ] || { "$python" -m venv "$tool"; "$tool/bin/python" -m pip install --quiet uv; }
for name in requirements requirements-model requirements-dev; do
    echo "== $name.lock"
    "$tool/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links "$name.in" -o "$name.lock"
done
git --no-pager diff --stat -- requirements.lock requirements-model.lock requirements-dev.lock
