# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Import of the weights that the authors of Re3 published for TensorFlow and PyTorch.

In comes a user's own copy of such a file, out goes a safetensors file of a network of ours.
"""

from ._import import detect_layout, import_published

__all__ = [
    "detect_layout",
    "import_published",
]
