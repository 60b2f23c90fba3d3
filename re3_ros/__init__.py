# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Re3 for ROS 2: track any object from one box, at camera rate, in constant memory.

Rooms, each importing only from those after it: `cli`, `ros`, `bags`, `media`, `evaluation`,
`training`, `tracking`, `network`, `crops`, `boxes`.
"""

# On a ROS machine the generated messages live in a second folder of the same name.
__path__ = __import__("pkgutil").extend_path(__path__, __name__)

__version__ = "0.1.0"
