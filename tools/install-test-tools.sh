#!/bin/bash
# The outside world of the tests, from Debian: SIPp and baresip as callers and softphones, PostgreSQL as the other
# database, Chromium for the pages, Prometheus for dashboard and alerts, systemd-analyze for the unit file, the tools
# of OpenFst for the making of a speech model. Installs what is missing, or says plainly what to install.
set -euo pipefail

missing=()
command -v sipp >/dev/null || missing+=(sip-tester)
command -v baresip >/dev/null || missing+=(baresip-core)
command -v systemd-analyze >/dev/null || missing+=(systemd)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium fonts-noto-cjk)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
command -v promtool >/dev/null || missing+=(prometheus)
command -v fstconvert >/dev/null || missing+=(libfst-tools)
compgen -G '/usr/lib/*/fst/*/olabel_lookahead-fst.so' >/dev/null || missing+=(libfst22-plugins-base)
[ ${#missing[@]} -gt 0 ] || exit 0

echo "== installing the test tools from Debian: ${missing[*]}"
run=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        echo "The tests need these Debian packages; install them as root and run make again:" >&2
        echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    run=(sudo env DEBIAN_FRONTEND=noninteractive)
fi
if ! command -v apt-get >/dev/null; then
    echo "Not a Debian machine: install what is in these Debian packages and run make again: ${missing[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
"${run[@]}" apt-get update -qq
# No cluster of its own: the tests start their own servers on their own ports.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    "${run[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | "${run[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
"${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
