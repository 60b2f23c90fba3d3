# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration of a run that takes a moment."""

import pytest

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16, "pyramid": True}


@pytest.fixture(scope="session")
def recipe():
    """Return a function that gives the values of a tiny run's configuration."""

    def values(steps=(2, 2), **changes):
        stages = [
            {"steps": steps[0], "unroll": 2, "batch": 2, "self_training": 0, "rate": [1e-3, 1e-3]},
            {
                "steps": steps[1],
                "unroll": 3,
                "batch": 2,
                "self_training": 0.5,
                "rate": [1e-3, 1e-4],
            },
        ]
        stages[0]["frozen"] = ["trunk."]
        shared = {"options": SMALL, "stills": "stills", "videos": "videos", "held_out": ["two"]}
        exact = {"precision": "float32", "threads": 1, "save_every": 1}
        return {**shared, **exact, "stages": stages, **changes}

    return values
