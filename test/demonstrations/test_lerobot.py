# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from re3_ros.demonstrations import EpisodeOptions, LeRobotStore, record_episode


@pytest.fixture
def record(make_bag, boxes, session, topics, tmp_path):
    def run(store, options=EpisodeOptions("push"), **given):
        bag = make_bag(f"bag{len(list(tmp_path.iterdir()))}", **given)
        return record_episode(bag, store, boxes, session, options, topics)[0]

    return run


def frames(path, number=0):
    return pq.read_table(path / f"data/chunk-000/file-{number:03d}.parquet").to_pydict()


def test_one(record, tmp_path):
    store = LeRobotStore(tmp_path / "set")
    summary = record(store)
    print(summary)
    table = frames(tmp_path / "set")
    print(table.keys(), table["observation.target.cup"][3], table["observation.state"][3], table["action"][3])
    print(json.dumps(json.loads((tmp_path / "set/meta/info.json").read_text()))[:1500])
