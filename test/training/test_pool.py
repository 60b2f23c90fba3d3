# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from waiting import wait_until

from re3_ros.datasets import read_stills
from re3_ros.errors import ConfigError, Re3Error
from re3_ros.simulation import Simulator
from re3_ros.simulation._videos import VideoTrack
from re3_ros.training import TrainingConfig, read_data
from re3_ros.training._pool import Pool

STAGE = {"steps": 1, "unroll": 4, "batch": 6, "self_training": 0, "rate": [1e-3, 1e-3]}


def test_tracks_are_the_same_wherever_they_are_drawn(data_root):
    values = {"stills": "stills", "videos": "videos", "video_share": 0.4, "draw": "track"}
    batches = []
    for workers in (0, 2):
        config = TrainingConfig.model_validate({**values, "stages": [STAGE], "workers": workers})
        data = read_data(config, data_root)
        batches.append(data.batch(config, config.stages[0], 3, slice(1, 6)))
        for pool in data._pools.values():
            pool.close()
    kinds = [isinstance(track, VideoTrack) for track in batches[0]]
    assert len(set(kinds)) == 2
    for here, there in zip(*batches, strict=True):
        np.testing.assert_array_equal(here.boxes, there.boxes)
        crops = [track.crop(2, track.boxes[1], 48, 2.0) for track in (here, there)]
        np.testing.assert_array_equal(*crops)


def test_workers_want_tracks_of_their_own(data_root):
    config = TrainingConfig.model_validate({"stills": "stills", "workers": 2, "stages": [STAGE]})
    with pytest.raises(ConfigError, match="draw: track"):
        read_data(config, data_root)


def test_a_process_that_dies_is_reported(data_root):
    pool = Pool(Simulator(read_stills(data_root / "stills")).draw, 1)
    (track,) = pool.draw([(np.random.default_rng(0), 3)])
    assert len(track) == 3
    for process in pool._executor._processes.values():
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(Re3Error, match=r"1 processes that draw tracks has died.*fewer `workers`"):
        pool.draw([(np.random.default_rng(0), 3)] * 20)
    pool.close()


MAIN = """
import sys, time
from pathlib import Path
import numpy as np
from re3_ros.datasets import read_stills
from re3_ros.simulation import Simulator
from re3_ros.training._pool import Pool

if __name__ == "__main__":
    pool = Pool(Simulator(read_stills(Path(sys.argv[1]))).draw, 1)
    pool.draw([(np.random.default_rng(0), 2)])
    print(*pool._executor._processes, flush=True)
    time.sleep(600)
"""


def test_processes_do_not_outlive_a_killed_run(data_root, tmp_path):
    script = tmp_path / "main.py"
    script.write_text(MAIN)
    command = [sys.executable, str(script), str(data_root / "stills")]
    paths = os.pathsep.join(p or str(Path.cwd()) for p in sys.path)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    ) as run:
        worker = int(run.stdout.readline())
        assert is_alive(worker)
        run.kill()
    wait_until(lambda: not is_alive(worker))


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
