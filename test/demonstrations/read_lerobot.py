# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Read a data set with the package lerobot, in an environment of its own; print what came as JSON.

python read_lerobot.py FOLDER COUNT; a COUNT that is not 0 adds an episode of as many frames.
"""

import json
import sys
from pathlib import Path

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from lerobot.datasets.utils import DEFAULT_FEATURES, dataset_to_policy_features

PERIODS = (-1, 0, 1)


def red_box(picture):
    """Return the box of what is red in a picture (3, H, W) of values 0 to 1."""
    red, green, blue = picture.numpy()
    y, x = np.nonzero((red > 0.6) & (green < 0.35) & (blue < 0.4))
    return [int(v) for v in (x.min(), y.min(), x.max() + 1, y.max() + 1)] if len(x) else None


def add(folder, count):
    """Add an episode of zeros, as LeRobot's own recorder would."""
    data = LeRobotDataset("re3/cup", root=folder, vcodec="h264")
    for _ in range(count):
        frame = {"task": "rest"}
        for key, feature in data.features.items():
            if key not in DEFAULT_FEATURES:
                kind = "uint8" if feature["dtype"] == "video" else feature["dtype"]
                frame[key] = np.zeros(feature["shape"], kind)
        data.add_frame(frame)
    data.save_episode()
    data.finalize()


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    if count:
        add(folder, count)
        return
    camera, target = "observation.images.camera", "observation.target.cup"
    rate = json.loads(Path(folder, "meta", "info.json").read_text())["fps"]
    delta = [n / rate for n in PERIODS]
    several = {camera: delta, target: delta}
    data = LeRobotDataset("re3/cup", root=folder, delta_timestamps=several)
    items = []
    for item in data:
        pictures, boxes = item[camera], item[target]
        items.append(
            {
                "episode": int(item["episode_index"]),
                "frame": int(item["frame_index"]),
                "task": item["task"],
                "shape": list(pictures.shape),
                "red": [red_box(p) for p in pictures],
                "boxes": boxes[:, :4].tolist(),
                "padded": item[f"{camera}_is_pad"].tolist(),
                **{k: item[k].tolist() for k in ("action", "observation.state") if k in item},
                "crop": [red_box(v) for k, v in item.items() if k.endswith("_crop")],
            }
        )
    features = dataset_to_policy_features(data.meta.features)
    print(
        json.dumps(
            {
                "items": items,
                "episodes": data.num_episodes,
                "fps": data.fps,
                "names": {k: list(v) for k, v in data.meta.names.items()},
                "policy": {k: [f.type.value, list(f.shape)] for k, f in features.items()},
                "stats": {
                    k: {n: np.asarray(v).tolist() for n, v in s.items()}
                    for k, s in data.meta.stats.items()
                },
            }
        )
    )


if __name__ == "__main__":
    main()
