# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m re3_ros.ros.follow_object``: see `re3_ros.ros.programs.follow_object`."""

import sys

from ._entry import run

if __name__ == "__main__":
    sys.exit(run("programs.follow_object"))
