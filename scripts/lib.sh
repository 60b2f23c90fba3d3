# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the other scripts share; sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
log=$root/log/scripts

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit "${code:-1}"; }

# Run a command with its output in a log file, and show the end of that file if it fails.
quietly() { # NAME COMMAND...
    mkdir -p "$log"
    local file=$log/$1.log
    shift
    "$@" >"$file" 2>&1 || { tail -n 40 "$file" >&2; die "failed: $* (all of it: $file)"; }
}

# Install Debian packages, as root or through sudo.
apt_install() {
    say "Installing Debian packages: $*"
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    command -v apt-get >/dev/null ||
        die "this machine has no apt-get: install what Debian calls $* and run this again"
    quietly apt-update $sudo apt-get update
    quietly "apt-$1" $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"
}

# The Python to make environments with: RE3_PYTHON, else python3.
find_python() {
    python=$(command -v "${RE3_PYTHON:-python3}") ||
        die "no ${RE3_PYTHON:-python3} here; install Python 3.10 to 3.14, or name it in RE3_PYTHON"
    "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' ||
        die "$python is $("$python" --version); 3.10 to 3.14 will do: name one in RE3_PYTHON"
}

make_venv() { # FOLDER; keeps one that works
    "$1/bin/python" -m pip --version >/dev/null 2>&1 && return
    find_python
    "$python" -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    quietly venv "$python" -m venv --clear "$1"
}

# What a folder was made from: its content is up to date while this stays the same.
fingerprint() { # FILES...
    { printf '%s\n' "$root" "$@"; cat "$@"; } | sha256sum | cut -d ' ' -f 1
}

# OpenCV's wheels expect these of a desktop; servers and containers lack them.
need_opencv_libraries() { # PYTHON
    "$1" -c 'import cv2' 2>/dev/null || apt_install libgl1 libglib2.0-0
}

# .venv: the package (editable), its requirements, tests and linters; no ROS.
make_test_venv() {
    local venv=$root/.venv list=scripts/requirements/test.txt now
    now=$(fingerprint constraints.txt "$list" setup.py setup.cfg)
    [ "$(cat "$venv/made-from" 2>/dev/null)" != "$now" ] || return 0
    make_venv "$venv"
    say "Installing re3_ros, torch and the tools of the tests into .venv"
    quietly test-wheels "$venv/bin/pip" install --disable-pip-version-check \
        -c constraints.txt -r "$list"
    # --no-deps: setup.cfg asks for opencv-python, and the list brought the build that replaces it.
    quietly test-package "$venv/bin/pip" install --disable-pip-version-check \
        --no-deps --no-build-isolation --use-pep517 -e .
    need_opencv_libraries "$venv/bin/python"
    echo "$now" >"$venv/made-from"
}
