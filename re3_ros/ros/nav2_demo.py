# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m re3_ros.ros.nav2_demo``: see `re3_ros.ros.demos.nav2_demo`."""

import sys

from ._entry import run

if __name__ == "__main__":
    sys.exit(run("demos.nav2_demo"))
