# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From a camera to a policy: show, record as a LeRobot data set, learn, drive.

    python studies/imitation.py --output output/imitation [--picture docs/images/imitation.png]

A demonstrator drives a robot after a suitcase in the drawn yard by the follower's law, which sees
the tracker's boxes. Each drive becomes an episode: the images, the boxes, the commands. A small
network learns from that data set alone which command follows which box, and then drives itself,
from places and in yards that were not shown, again with the tracker's boxes. Beside it drives the
mean of all commands, to tell what the boxes are worth.

The demonstrator's wheels slip at random, and the command is what it wanted: so the data show the
way back from small errors, too.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from re3_ros.bags import track_row, typestore
from re3_ros.control import STOP, ControlLaw, Velocity, approach
from re3_ros.demonstrations import TWIST, EpisodeBuilder, EpisodeOptions, LeRobotStore, Series
from re3_ros.tracking import Frame, TrackingSession
from re3_ros.weights import default_weights
from re3_ros.worlds import Yard, YardView

RATE = 15
"""Images and commands a second."""
SECONDS = 8.0
SHOWN, TRIED = range(8), range(100, 104)
"""Seeds of the yards and starts that are shown, and of those that are driven in afterwards."""
SLIP = (0.12, 0.25)
"""Standard deviation of what the demonstrator's wheels add, m/s and rad/s."""
INERTIA = (0.8, 1.5)
"""How fast the robot changes its speed, m/s and rad/s each second."""
TARGET, FEATURE = "suitcase", "observation.target.suitcase"
LAW = ControlLaw(
    desired_height=0.35,
    forward_gain=8.0,
    turn_gain=1.5,
    max_forward=0.8,
    max_backward=0.0,
    max_turn=0.8,
)
Array = NDArray[np.float64]
Policy = Callable[[Array], Array]
"""From the values of FEATURE (6,) to forward and turn (2,), m/s and rad/s."""


class Step(NamedTuple):
    """One image, and what was done about it."""

    view: YardView
    seen: Array
    """(6,) as in FEATURE."""
    command: Array
    """(2,)."""
    robot: tuple[float, float]
    target: tuple[float, float]


def main() -> None:
    """Show, learn, drive, and say how well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--output", type=Path, required=True, help="folder, for the data set")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--shown", type=int, default=len(SHOWN), help="demonstrations")
    options = parser.parse_args()
    session = TrackingSession(default_weights(), device="cpu")
    data = options.output / "lerobot"
    store = LeRobotStore(data, overwrite=True)
    shown = [show(session, seed, store) for seed in SHOWN[: options.shown]]
    policy, mean = learn(data)
    drivers = {"demonstrator": demonstrate, "policy": policy, "mean command": lambda _seen: mean}
    runs = {
        name: [list(drive(session, seed, driver)) for seed in TRIED]
        for name, driver in drivers.items()
    }
    print("\n".join(table(runs)))
    if options.picture is not None:
        draw(shown, runs, options.picture)


def demonstrate(seen: Array) -> Array:
    """Return the command of the follower's law."""
    lens = Yard.lens
    return np.array(LAW.velocity(seen[:4], lens.width, lens.height))


def drive(
    session: TrackingSession,
    seed: int,
    policy: Policy,
    slip: tuple[float, float] = (0.0, 0.0),
) -> Iterator[Step]:
    """Drive through a yard, from a start that the seed draws; the first box is the truth.

    While the target is lost the robot stands, whoever drives.
    """
    rng = np.random.default_rng(seed)
    yard = Yard(seed)
    x, y, off = rng.uniform((-2.0, -0.9, -0.35), (-0.4, 1.3, 0.35))
    to_x, to_y = yard.object_position() - (x, y)
    yaw = float(np.arctan2(to_y, to_x) + off)
    yard.robot = dataclasses.replace(yard.robot, x=float(x), y=float(y), yaw=yaw)
    speed = STOP
    camera = session.cameras[0]
    session.clear()
    for n in range(round(SECONDS * RATE)):
        view = yard.view()
        if n == 0:
            session.initialise(camera, TARGET, view.box, upcoming=True)
        (found,) = session.process(Frame(camera, (n + 1) * 10**9 // RATE, view.image)).targets
        session.prepare()
        seen = np.array([*found.box, found.score, float(found.state.name != "LOST")])
        command = np.asarray(policy(seen), np.float64) * seen[5]
        at = tuple(float(v) for v in yard.object_position())
        yield Step(view, seen, command, (yard.robot.x, yard.robot.y), (at[0], at[1]))
        speed = approach(speed, Velocity(*command), *(limit / RATE for limit in INERTIA))
        forward, turn = speed + rng.normal(0, 1, 2) * slip
        yard.drive(max(0.0, float(forward)), float(turn), 1 / RATE)


def show(session: TrackingSession, seed: int, store: LeRobotStore) -> list[Step]:
    """Drive as the demonstrator, and add it to the data set as an episode."""
    commands = Series("/cmd_vel", commands=True)
    options = EpisodeOptions("follow the suitcase", fps=RATE)
    builder = EpisodeBuilder(store, options, action=commands)
    steps = []
    try:
        for n, step in enumerate(drive(session, seed, demonstrate, SLIP)):
            steps.append(step)
            stamp = (n + 1) * 10**9 // RATE
            box, (score, visible) = step.seen[:4], step.seen[4:]
            row = track_row(stamp, "camera", "camera", TARGET, 1 if visible else 3, score, box, n)
            builder.add_rows([row])
            builder.add_image(stamp, stamp, step.view.image)
            commands.add(twist(*step.command), TWIST, stamp)
        print(builder.finish())
    finally:
        builder.discard()
    return steps


def twist(forward: float, turn: float) -> Any:
    """Return a geometry_msgs/Twist."""
    vector = typestore().types["geometry_msgs/msg/Vector3"]
    linear, angular = vector(x=forward, y=0.0, z=0.0), vector(x=0.0, y=0.0, z=turn)
    return typestore().types[TWIST](linear=linear, angular=angular)


def learn(data: Path, rounds: int = 1500) -> tuple[Policy, Array]:
    """Return a policy from boxes to commands, and the mean of the commands of a data set."""
    import pyarrow.parquet as pq

    info = json.loads((data / "meta/info.json").read_text(encoding="utf-8"))
    table = pq.read_table(data / "data", columns=[FEATURE, "action"]).to_pydict()
    names = info["features"]["action"]["names"]
    wanted = [names.index("linear.x"), names.index("angular.z")]
    seen, commands = np.array(table[FEATURE]), np.array(table["action"])[:, wanted]
    figures = json.loads((data / "meta/stats.json").read_text(encoding="utf-8"))
    stats = figures[FEATURE]
    middle, spread = np.array(stats["mean"]), np.maximum(stats["std"], 1e-3)
    spread[4:] = 1.0  # score and visibility are between 0 and 1 already
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(6, 32),
        torch.nn.Tanh(),
        torch.nn.Linear(32, 32),
        torch.nn.Tanh(),
        torch.nn.Linear(32, 2),
    )
    inputs = torch.tensor((seen - middle) / spread, dtype=torch.float32)
    outputs = torch.tensor(commands, dtype=torch.float32)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(rounds):
        loss = torch.nn.functional.mse_loss(network(inputs), outputs)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"{len(seen)} frames, error of the commands {loss.item() ** 0.5:.3f} (root mean square)")

    def policy(now: Array) -> Array:
        with torch.no_grad():
            scaled = torch.tensor((now - middle) / spread, dtype=torch.float32)
            return np.asarray(network(scaled).numpy(), np.float64)

    return policy, commands.mean(0)


def distances(run: list[Step]) -> Array:
    """Return how far ahead of the robot the object is, in metres."""
    return np.array([step.view.ahead for step in run])


def aim() -> float:
    """Return the distance in metres at which the object is as high as the law wants it."""
    lens = Yard.lens
    return lens.focal * Yard.object_size[1] / (LAW.desired_height * lens.height)


def table(runs: dict[str, list[list[Step]]]) -> Iterator[str]:
    """Yield the lines of the table in Markdown: the last three seconds of each run."""
    yield "| driver | distance to keep missed by | beside the middle of the image | seen |"
    yield "|---|---|---|---|"
    last = round(3 * RATE)
    for name, some in runs.items():
        off = np.concatenate([np.abs(distances(run)[-last:] - aim()) for run in some])
        beside = np.concatenate([[beside_of(s.view) for s in run[-last:]] for run in some])
        shown = np.mean([s.view.visibility > 0.5 for run in some for s in run[-last:]])
        yield f"| {name} | {off.mean():.2f} m | {beside.mean():.0f} px | {100 * shown:.0f} % |"


def beside_of(view: YardView) -> float:
    """Return how far the object's middle is beside the image's, at most half its width."""
    half = Yard.lens.width / 2
    return float(min(abs((view.box[0] + view.box[2]) / 2 - half), half))


def draw(shown: list[list[Step]], runs: dict[str, list[list[Step]]], path: Path) -> None:
    """Draw what was shown, what was seen, and who drove how."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    figure, axes = plt.subplots(2, 2, figsize=(9.6, 6.4), layout="constrained")
    (camera, demos), (ways, kept) = axes
    step = shown[0][len(shown[0]) // 2]
    x1, y1, x2, y2 = step.seen[:4]
    camera.imshow(step.view.image)
    camera.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, ec="C3", lw=2))
    forward, turn = step.command
    camera.set(title=f"a frame: box, command {forward:.2f} m/s {turn:.2f} rad/s")
    camera.axis("off")
    for run in shown:
        demos.plot(*np.array([s.robot for s in run]).T, color="C0", lw=1)
        demos.plot(*np.array([s.target for s in run]).T, ":", color="0.4", lw=1)
    demos.set(title=f"{len(shown)} demonstrations, wheels slip (dotted: suitcase)")
    colours = dict(zip(runs, (("0.6", 4), ("C3", 1.5), ("C1", 1)), strict=True))
    for name, (colour, width) in colours.items():
        for n, run in enumerate(runs[name]):
            label = name if n == 0 else None
            ways.plot(*np.array([s.robot for s in run]).T, color=colour, lw=width, label=label)
            time = np.arange(len(run)) / RATE
            kept.plot(time, distances(run), color=colour, lw=width)
    for run in runs["demonstrator"]:
        ways.plot(*np.array([s.target for s in run]).T, ":", color="0.4", lw=1)
    ways.set(title=f"{len(TRIED)} new starts and yards")
    ways.legend(frameon=False, fontsize="small", loc="lower right")
    kept.axhline(aim(), color="0.4", lw=1, ls=":")
    kept.set(title="distance, and the one to keep", xlabel="time in s", ylabel="m")
    for plot in (demos, ways):
        plot.set(xlabel="m", ylabel="m", aspect="equal")
    for plot in (demos, ways, kept):
        plot.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
