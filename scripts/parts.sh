# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Commands that run side by side, each with a log of its own; sourced, after lib.sh.

# Each gets a process group of its own. Without, a shell lets what is in the background ignore Ctrl-C.
set -m
parts=()

# Start a command. Lines that end with a percentage are shown as they come, the others at its end.
start() { # NAME COMMAND...
    local file=$log/$1.log
    mkdir -p "$log"
    _part "$file" "$@" </dev/null &
    parts+=($!)
}

_part() { # FILE NAME COMMAND...
    local file=$1 name=$2 code=0 progress='%\]$'
    shift 2
    trap : INT TERM # they end the command; what it said until then is still shown
    : >"$file"
    tail -n +1 -f --pid $BASHPID "$file" | grep -H --label "$name" --line-buffered "$progress" >&2 &
    # Through a pipe: a command that limits the size of its files (ulimit -f) does not mean this one.
    "$@" 2>&1 | (trap '' INT TERM; exec cat >"$file") || code=$?
    say "$name: exit code $code; all of it: $file"
    grep -v "$progress" "$file" || true
    return "$code"
}

# Wait for all of them, and pass Ctrl-C on; return the last exit code that is none of success.
wait_for_parts() {
    local part code status=0
    trap 'stop_parts INT' INT
    trap 'stop_parts TERM' TERM
    for part in "${parts[@]}"; do
        # A signal ends the wait, not the part.
        until code=0; wait "$part" || code=$?; ! kill -0 "$part" 2>/dev/null; do :; done
        [ "$code" = 0 ] || status=$code
    done
    trap - INT TERM
    return "$status"
}

stop_parts() { # SIGNAL
    local part
    for part in "${parts[@]}"; do
        kill -s "${1:-TERM}" -- "-$part" 2>/dev/null || true
    done
}
