# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``re3``. It parses arguments and reports; all work is done in the rooms below.

One module a command; errors become a line and an exit code in one place.
"""

from ._main import main

__all__ = ["main"]
