# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m re3_ros.cli``: ``re3`` where no script of that name is installed."""

import sys

from ._main import main

sys.exit(main())
