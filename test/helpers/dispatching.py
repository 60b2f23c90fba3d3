# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Counting what torch is asked to do."""

from torch.utils._python_dispatch import TorchDispatchMode


class Counted(TorchDispatchMode):
    """Lists the operations by name; those that only give another view of a tensor if asked to."""

    def __init__(self, views=False):
        super().__init__()
        self.views = views
        self.operations = []
        self._within = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        inputs = function._schema.arguments
        is_view = any(a.alias_info is not None and not a.alias_info.is_write for a in inputs)
        if not self._within and (self.views or not is_view):
            self.operations.append(str(function))
        return function(*arguments, **(keywords or {}))

    def as_one(self, name, function):
        """Return the function, all of whose operations count as one of that name."""

        def call(*arguments, **keywords):
            if not self._within:
                self.operations.append(name)
            self._within += 1
            try:
                return function(*arguments, **keywords)
            finally:
                self._within -= 1

        return call
