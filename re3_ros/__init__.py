# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Re3 for ROS 2: track any object from one box, at camera rate, in constant memory.

Each folder is a room with a face that says what it is for; ARCHITECTURE.md shows them all. To track
without ROS begin at `re3_ros.tracking.TrackingSession`.
"""

# On a ROS machine the generated messages live in a second folder of the same name.
__path__ = __import__("pkgutil").extend_path(__path__, __name__)

__version__ = "0.1.0"
