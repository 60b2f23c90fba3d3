# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 record``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from re3_ros.errors import ConfigError

from ._bag import first_image, report_images, topic_of
from ._boxes import boxes_for, parse_boxes
from ._options import (
    BagsOrNoneArgument,
    BoxOption,
    DeviceOption,
    ImageTopicOption,
    RuntimeOption,
    TimeJumpOption,
    WeightsOption,
    output_option,
    topic_option,
)
from ._outputs import OverwriteOption, claim
from ._record_episodes import (
    LIVE,
    ActionOption,
    AppendOption,
    CropsOption,
    EpisodeRequest,
    FormatOption,
    FpsOption,
    KeyframesOption,
    NearOption,
    RelativeOption,
    StateOption,
    TaskOption,
    record_bags,
    record_running,
)
from ._running import conclude, interruptible, open_session, progress

if TYPE_CHECKING:
    from re3_ros.bags import DepthTopics
    from re3_ros.demonstrations import EpisodeOptions, EpisodeStore
    from re3_ros.errors import InputError

OutputOption = Annotated[Path, output_option("Table or data set to write, see --format.")]
LiveOption = Annotated[
    bool, typer.Option("--live", help="Record a running tracker instead of a bag.")
]
RecordedOption = Annotated[
    bool, typer.Option("--recorded", help="Take the results that a tracker left in the bag.")
]
CameraOption = Annotated[
    list[str] | None,
    typer.Option(
        help="With --live: a camera of a tracker with several. May be repeated. Of a data set: the "
        "camera's name in it."
    ),
]
SecondsOption = Annotated[
    float | None, typer.Option(min=0.1, help="With --live: how long. Default: until Ctrl-C.")
]
DepthOption = Annotated[str | None, topic_option("Topic of depth aligned with the images, for 3D.")]
InfoOption = Annotated[
    str | None, topic_option("Its calibration. Default: the only one in the bag.")
]
ToleranceOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=10.0,
        metavar="SECONDS",
        help="How far the stamps of a depth image and its image may differ. Default: 0.05.",
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        help="What images the calibration is read for: rectified (P), raw (K and D), or auto: "
        "rectified if their topic has rect in its name, else raw."
    ),
]
StatusOption = Annotated[
    str | None, topic_option("With --recorded: TrackerStatus. Default: the only one in the bag.")
]
PlacesOption = Annotated[str | None, topic_option("With --recorded: Detection3DArray.")]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(record)


def record(
    output: OutputOption,
    source: BagsOrNoneArgument = None,
    live: LiveOption = False,
    recorded: RecordedOption = False,
    image: ImageTopicOption = None,
    box: BoxOption = None,
    depth: DepthOption = None,
    camera_info: InfoOption = None,
    depth_tolerance: ToleranceOption = None,
    camera_model: ModelOption = "auto",
    status: StatusOption = None,
    places: PlacesOption = None,
    namespace: Annotated[str, typer.Option(help="With --live: namespace of the tracker.")] = "/",
    camera: CameraOption = None,
    seconds: SecondsOption = None,
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    runtime: RuntimeOption = "auto",
    time_jump: TimeJumpOption = "reject",
    overwrite: OverwriteOption = False,
    form: FormatOption = None,
    task: TaskOption = "",
    state: StateOption = None,
    action: ActionOption = None,
    fps: FpsOption = None,
    tolerance: NearOption = None,
    crops: CropsOption = 0,
    relative: RelativeOption = False,
    keyframes: KeyframesOption = False,
    append: AppendOption = False,
) -> None:
    """Write the tracks of targets, in the image and in space, as a table or a data set.

    Of a bag, which is tracked anew from --box, or of a running tracker. A table has a row a target
    and image, a data set an episode a bag. docs/demonstrations.md describes both. Ctrl-C ends the
    run and keeps what is done: rows, or whole episodes.
    """
    bags = source or []
    if live == bool(bags):
        raise typer.BadParameter("give either a bag or --live")
    request = EpisodeRequest(
        form, task, state, action, fps, tolerance, crops, relative, keyframes, append
    )
    topics = image, state, action, status, places
    running = (namespace, camera or [], seconds) if live else None
    space = _depth(depth, camera_info, depth_tolerance, camera_model)
    session = weights, device, runtime, time_jump
    if request.wants_episodes(output):
        store = request.store(output, overwrite)
        options = request.options((camera or ["camera"])[0])
        _record_episodes(bags, store, options, topics, box, space, session, recorded, running)
        return
    claim(overwrite, output)
    if running:
        _record_live(output, *running)
    else:
        _record_table(bags, output, topics, box or [], space, session, recorded)


def _record_table(
    bags: list[Path],
    output: Path,
    topics: tuple[str | None, ...],
    box: list[str],
    depth: DepthTopics | None,
    session: tuple[Path | None, str, str, str],
    recorded: bool,
) -> None:
    """Write a table of one bag."""
    image, _, _, status, places = topics
    if len(bags) > 1:
        raise typer.BadParameter("a table is of one bag; --format lerobot takes several")
    if recorded:
        _record_statuses(bags[0], output, status, places)
    else:
        parse_boxes(box)
        _record_bag(bags[0], output, image, box, depth, session)


def _record_episodes(
    bags: list[Path],
    store: EpisodeStore,
    options: EpisodeOptions,
    topics: tuple[str | None, ...],
    box: list[str] | None,
    depth: DepthTopics | None,
    session: tuple[Path | None, str, str, str],
    recorded: bool,
    running: tuple[str, list[str], float | None] | None,
) -> None:
    """Add bags, or a running tracker, to a data set."""
    from re3_ros.demonstrations import EpisodeTopics

    named = EpisodeTopics(*topics)
    if running is not None:
        record_running(store, options, named, *running)
        return
    if not recorded:
        parse_boxes(box or [])
    record_bags(bags, store, options, named, box or [], depth, session, recorded)


def _depth(
    depth: str | None, camera_info: str | None, tolerance: float | None, model: str
) -> DepthTopics | None:
    from re3_ros.bags import DEPTH_TOLERANCE, DepthTopics

    for name, value in (("camera_info", camera_info), ("depth_tolerance", tolerance)):
        if depth is None and value is not None:
            raise ConfigError(f"{name} is {value}, but there is no depth: give --depth too")
    if depth is None:
        return None
    near = DEPTH_TOLERANCE if tolerance is None else tolerance
    return DepthTopics(depth, camera_info, near, model)


def _record_bag(
    source: Path,
    output: Path,
    image: str | None,
    box: list[str],
    depth: DepthTopics | None,
    session: tuple[Path | None, str, str, str],
) -> None:
    """Track through a bag."""
    from re3_ros.bags import TrackTable, record_bag

    topic, total = topic_of(source, image)
    table = TrackTable(output)
    tracking, path = open_session(*session)
    boxes = boxes_for(box, lambda: first_image(source, topic))
    table.note(weights=path.name)
    with table, interruptible() as wish, progress("tracking", total) as advance:
        summary = record_bag(
            source,
            table,
            boxes,
            tracking,
            topic,
            depth,
            on_frame=lambda _result: advance(),
            stop=wish,
        )
    report_images(summary, wish, f"; {summary.rows} rows, {summary.located} of them in space")
    conclude(wish, output)


def _record_statuses(source: Path, output: Path, status: str | None, places: str | None) -> None:
    """Take the results in a bag as they are."""
    from re3_ros.bags import STATUS, TrackTable, record_statuses

    topic, total = topic_of(source, status, {STATUS})
    refused: list[InputError] = []
    with TrackTable(output) as table, progress("reading", total) as advance:
        count = record_statuses(source, table, topic, places, advance, refused.append)
    typer.echo(f"{table.rows} rows of {count} images of {topic}")
    if refused:
        typer.echo(f"left out {len(refused)} messages that make no sense, first: {refused[0]}")
    typer.echo(f"wrote {output}" if table.rows else f"{output} was not written: no target in it")


def _record_live(output: Path, namespace: str, cameras: list[str], seconds: float | None) -> None:
    """Listen to a running tracker."""
    from re3_ros.bags import TrackTable

    try:
        from re3_ros.ros import record_live
    except ImportError as error:
        raise ConfigError(f"{LIVE} ({error})") from error
    typer.echo("recording until Ctrl-C ..." if seconds is None else "recording ...")
    with TrackTable(output) as table, interruptible() as wish, progress("images", None) as advance:
        count = record_live(table, namespace, cameras, lambda _status: advance(), wish, seconds)
    typer.echo(f"{table.rows} rows of {count} images")
    typer.echo(
        f"wrote {output}" if table.rows else f"{output} was not written: no target was there"
    )
