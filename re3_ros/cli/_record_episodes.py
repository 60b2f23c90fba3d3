# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 record --format lerobot` and `--format hdf5`: demonstrations as episodes of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from re3_ros.errors import ConfigError, Re3Error

from ._bag import first_image, report_images, topic_of
from ._boxes import boxes_for
from ._options import topic_option
from ._running import INTERRUPTED, Interruption, conclude, interruptible, open_session, progress

if TYPE_CHECKING:
    from re3_ros.bags import DepthTopics
    from re3_ros.demonstrations import EpisodeOptions, EpisodeStore, EpisodeSummary, EpisodeTopics

TABLES, DATA_SETS = ("csv", "parquet"), ("lerobot", "hdf5")
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="csv or parquet: a table, by default as the name ends; lerobot: a LeRobotDataset "
        "v3.0; hdf5: a file in robomimic's layout. An episode a bag.",
    ),
]
TaskOption = Annotated[str, typer.Option(help="Of a data set: what is shown, in words.")]
StateOption = Annotated[
    str | None, topic_option("Of a data set: JointState, for observation.state.")
]
ActionOption = Annotated[
    str | None, topic_option("Of a data set: Twist, TwistStamped or JointState, for action.")
]
FpsOption = Annotated[
    int | None,
    typer.Option(min=1, max=1000, help="Of a data set: frames a second. Default: as images come."),
]
NearOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=10.0,
        metavar="SECONDS",
        help="Of a data set: how far a state or command may be from its image. Default: 0.05.",
    ),
]
CropsOption = Annotated[
    int,
    typer.Option(min=0, max=1024, metavar="PIXELS", help="Of a data set: video of each target."),
]
RelativeOption = Annotated[
    bool, typer.Option("--relative", help="Of a data set: targets from where they were first seen.")
]
KeyframesOption = Annotated[
    bool, typer.Option("--keyframes", help="Of a data set: where targets start and stop.")
]
AppendOption = Annotated[
    bool, typer.Option("--append", help="Add episodes to a data set that is there.")
]

LIVE = (
    "a live run needs ROS 2 (rclpy and the messages of re3_ros): source it, or run "
    "scripts/ros-env --run re3 record --live"
)


@dataclass(frozen=True)
class EpisodeRequest:
    """What the options of a data set say."""

    form: str | None = None
    task: str = ""
    state: str | None = None
    action: str | None = None
    fps: int | None = None
    tolerance: float | None = None
    crops: int = 0
    relative: bool = False
    keyframes: bool = False
    append: bool = False

    def wants_episodes(self, output: Path) -> bool:
        """Tell whether a data set is asked for, not a table.

        Raises ConfigError for an unknown format, and for an option that is of the other.
        """
        form = self.form or output.suffix.removeprefix(".")
        if self.form not in {None, *TABLES, *DATA_SETS}:
            known = ", ".join((*TABLES, *DATA_SETS))
            raise ConfigError(f"format is {self.form!r}; expected one of {known}")
        if form in DATA_SETS:
            return True
        if self.form is not None and output.suffix != f".{self.form}":
            raise ConfigError(f"format is {self.form}, but {output} does not end in .{self.form}")
        given = [name for name, value in vars(self).items() if value and name != "form"]
        if given:
            raise ConfigError(
                f"{', '.join(given)} is of a data set, and a table is written: give --format "
                "lerobot or --format hdf5, too"
            )
        return False

    def store(self, output: Path, overwrite: bool) -> EpisodeStore:
        """Return the data set to write. Raises ConfigError if it cannot be."""
        from re3_ros.demonstrations import open_store

        form = self.form or output.suffix.removeprefix(".")
        if overwrite and self.append:
            raise ConfigError("--append adds to a data set, --overwrite replaces it: give one")
        return open_store(
            form, output, append=self.append, overwrite=overwrite, actions=self.action is not None
        )

    def options(self, camera: str) -> EpisodeOptions:
        """Return what an episode shall hold. Raises ConfigError for a name that cannot be."""
        from re3_ros.demonstrations import TOLERANCE, EpisodeOptions

        near = TOLERANCE if self.tolerance is None else self.tolerance
        given = self.crops, self.relative, self.keyframes
        return EpisodeOptions(self.task, camera, self.fps, *given, near)


def record_bags(
    bags: list[Path],
    store: EpisodeStore,
    options: EpisodeOptions,
    topics: EpisodeTopics,
    box: list[str],
    depth: DepthTopics | None,
    session: tuple[Path | None, str, str, str],
    recorded: bool,
) -> None:
    """Add each bag as an episode; one that cannot be is told, and costs no other."""
    failed: list[Path] = []
    with interruptible() as wish:
        for bag in bags:
            try:
                if recorded:
                    episode = _add_recorded(bag, store, options, topics, wish)
                else:
                    episode = _add_tracked(bag, store, options, topics, box, depth, session, wish)
            except Re3Error as error:
                if len(bags) == 1:
                    raise
                typer.echo(f"Error: {bag} was not added: {error}", err=True)
                failed.append(bag)
                continue
            if episode is None:
                typer.echo(f"interrupted: {bag} was not added, nor what comes after it")
                raise typer.Exit(INTERRUPTED)
            typer.echo(str(episode))
    conclude(wish, store.path if len(failed) < len(bags) else None)
    if failed:
        raise typer.Exit(1)


def _add_tracked(
    bag: Path,
    store: EpisodeStore,
    options: EpisodeOptions,
    topics: EpisodeTopics,
    box: list[str],
    depth: DepthTopics | None,
    session: tuple[Path | None, str, str, str],
    wish: Interruption,
) -> EpisodeSummary | None:
    """Track through a bag and add it; return the episode, None if that was interrupted."""
    from re3_ros.demonstrations import record_episode

    topic, total = topic_of(bag, topics.image)
    tracking, _ = open_session(*session)
    boxes = boxes_for(box, lambda: first_image(bag, topic))
    with progress("tracking", total) as advance:
        episode, summary = record_episode(
            bag,
            store,
            boxes,
            tracking,
            options,
            topics,
            depth,
            on_frame=lambda _result: advance(),
            stop=wish,
        )
    report_images(summary, wish)
    return episode


def _add_recorded(
    bag: Path,
    store: EpisodeStore,
    options: EpisodeOptions,
    topics: EpisodeTopics,
    wish: Interruption,
) -> EpisodeSummary | None:
    """Add a bag with the results in it; return the episode, None if that was interrupted."""
    from re3_ros.demonstrations import record_recorded_episode

    _, total = topic_of(bag, topics.image)
    with progress("reading", total) as advance:
        episode, refused = record_recorded_episode(
            bag, store, options, topics, on_frame=advance, stop=wish
        )
    if refused:
        typer.echo(f"left out {len(refused)} messages that make no sense, first: {refused[0]}")
    return episode


def record_running(
    store: EpisodeStore,
    options: EpisodeOptions,
    topics: EpisodeTopics,
    namespace: str,
    cameras: list[str],
    seconds: float | None,
) -> None:
    """Add what a running tracker publishes as an episode."""
    if len(cameras) > 1:
        raise ConfigError(f"cameras are {', '.join(cameras)}; an episode is of one: name it alone")
    try:
        from re3_ros.ros import record_live_episode
    except ImportError as error:
        raise ConfigError(f"{LIVE} ({error})") from error
    typer.echo("recording until Ctrl-C ..." if seconds is None else "recording ...")
    with interruptible() as wish, progress("images", None) as advance:
        episode = record_live_episode(
            store, options, topics, namespace, cameras, lambda _status: advance(), wish, seconds
        )
    typer.echo(str(episode))
    typer.echo(f"wrote {store.path}")
