# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the rooms without ROS log with Python's logging, in the log of a node."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OURS = "re3_ros"


@contextmanager
def logged_by(get_logger: Callable[[], Any]) -> Iterator[None]:
    """Hand the warnings and errors of this package to a node's logger, and to no one else."""
    logger, handler = logging.getLogger(OURS), _Handler(get_logger)
    before, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


class _Handler(logging.Handler):
    def __init__(self, get_logger: Callable[[], Any]) -> None:
        super().__init__(logging.WARNING)
        self._get_logger = get_logger

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record's text. Two lines: rclpy wants one severity of each line of code."""
        text = record.getMessage()
        if record.levelno >= logging.ERROR:
            self._get_logger().error(text)
        else:
            self._get_logger().warning(text)
