# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``re3``. It parses arguments and reports; all work is done in the rooms below."""

from ._app import main

__all__ = ["main"]
