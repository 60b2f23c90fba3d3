# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_recorder: records demonstrations to learn from, one file or episode each.

    ros2 run re3_ros re3_recorder           (or python -m re3_ros.ros.recorder)

TrackerStatus and Detection3DArray in, tables and JSON out; or, with images, joint states and
commands, a data set for LeRobot or robomimic. docs/demonstrations.md describes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger

from re3_ros.bags import Demonstration, TrackRow
from re3_ros.demonstrations import FORMATS, EpisodeOptions, open_store
from re3_ros.errors import ConfigError, Re3Error
from re3_ros.ros.kit import (
    QUEUE_DEPTH,
    GuardedNode,
    ParameterSpec,
    declare_parameters,
    serve,
)

from ._episodes import LiveEpisode, LiveTopics
from ._listening import Listener

SPECS = (
    ParameterSpec(
        "folder", "demonstrations", "where the files go; made if it is not there", live=True
    ),
    ParameterSpec(
        "format",
        "csv",
        "tables, or data sets of episodes",
        choices=("csv", "parquet", *FORMATS),
        live=True,
    ),
    ParameterSpec("label", "", "what is shown, in words, in the next demonstration", live=True),
    ParameterSpec("image", "image", "of a data set: topic of the images", live=True),
    ParameterSpec("state", "", "of a data set: topic of a JointState; empty = none", live=True),
    ParameterSpec("action", "", "of a data set: topic of commands, Twist or JointState", live=True),
    ParameterSpec(
        "fps", 0, "of a data set: frames a second; 0 = as images come", 0, 1000, live=True
    ),
    ParameterSpec("crops", 0, "of a data set: side of the video of a target", 0, 1024, live=True),
    ParameterSpec("relative", False, "of a data set: from where it was first seen", live=True),
    ParameterSpec("keyframes", False, "of a data set: where it starts and stops", live=True),
    ParameterSpec(
        "max_seconds", 600.0, "after which a demonstration is ended", 1.0, 86400.0, live=True
    ),
    ParameterSpec(
        "cameras",
        [""],
        "names of the tracker's cameras, if it has several; with one, the empty name",
    ),
)
"""The recorder's parameters."""
DATA_SETS = {"lerobot": "lerobot", "hdf5": "robomimic.hdf5"}
"""Names of the data sets in the folder."""


class DemonstrationRecorder(GuardedNode):
    """Records between one call of ``~/record`` (or one message on ``record``) and another."""

    def __init__(self, name: str = "re3_recorder", **arguments: Any) -> None:
        super().__init__(name, **arguments)
        declare_parameters(self, SPECS)
        self._demonstration: Demonstration | LiveEpisode | None = None
        self._tracker: dict[str, str] = {}
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._state = self.create_publisher(Bool, "~/recording", latched)
        self._say_state()
        self._listeners = [
            Listener(self, f"{camera}/" if camera else "", self._on_rows, self._on_status)
            for camera in self.get_parameter("cameras").value
        ]
        self.create_subscription(Bool, "record", self._on_switch, QUEUE_DEPTH)
        self.create_service(SetBool, "~/record", self._on_record)
        self.create_service(Trigger, "~/discard", self._on_discard)

    def close(self) -> None:
        """End the demonstration at hand, keep it, and say where it is."""
        if self._demonstration is not None:
            self.get_logger().info(self._switch(False)[1])

    def _on_switch(self, message: Bool) -> None:
        self.get_logger().info(self._switch(message.data)[1])

    def _on_record(self, request: Any, response: Any) -> Any:
        response.success, response.message = self._switch(request.data)
        self.get_logger().info(response.message)
        return response

    def _on_discard(self, _request: Any, response: Any) -> Any:
        response.success = self._demonstration is not None
        response.message = "nothing is recorded at present"
        if self._demonstration is not None:
            self._demonstration.discard()
            response.message = f"{self._demonstration.path.name} discarded"
            self._leave()
        return response

    def _switch(self, on: bool) -> tuple[bool, str]:
        """Begin or end a demonstration; return whether that could be done, and what was done."""
        try:
            return self._begin() if on else self._end()
        except (OSError, Re3Error) as error:
            self._leave()
            return False, f"cannot record: {error}"

    def _begin(self) -> tuple[bool, str]:
        if self._demonstration is not None:
            return True, f"{self._demonstration.path} is being recorded already"
        self._flush()  # what came before does not belong to it
        values = {spec.name: self.get_parameter(spec.name).value for spec in SPECS}
        if values["format"] in DATA_SETS:
            self._demonstration = self._episode(values)
        else:
            about = {"label": values["label"]}
            self._demonstration = Demonstration(values["folder"], values["format"], about)
        self._say_state()
        return True, f"recording {self._demonstration.path}"

    def _episode(self, values: dict[str, Any]) -> LiveEpisode:
        """Begin an episode of a data set."""
        cameras = values["cameras"]
        if len(cameras) > 1:
            raise ConfigError(f"cameras are {cameras}; a data set is of one: name it alone")
        options = EpisodeOptions(
            values["label"],
            cameras[0] or "camera",
            values["fps"] or None,
            values["crops"],
            values["relative"],
            values["keyframes"],
        )
        path = Path(values["folder"]).expanduser() / DATA_SETS[values["format"]]
        actions = bool(values["action"])
        store = open_store(values["format"], path, append=True, actions=actions)
        topics = LiveTopics(values["image"], values["state"], values["action"])
        return LiveEpisode(self, topics, store, options, self._on_failure)

    def _on_failure(self, error: Exception) -> None:
        self._leave()
        self.get_logger().error(f"recording ends: {error}; nothing of this episode is kept")

    def _end(self) -> tuple[bool, str]:
        ended = self._demonstration
        if isinstance(ended, LiveEpisode):
            return self._end_episode(ended)
        if ended is None:
            return True, "nothing is recorded at present"
        ended.about["tracker"] = self._tracker
        with ExitStack() as steps:  # whatever one of them raises, the last one first
            steps.callback(self._leave)
            steps.callback(ended.close)
            steps.callback(self._flush)  # which ends it, if that is too much
        if not ended.rows:
            return False, "nothing came from the tracker: no demonstration was kept"
        return True, f"{ended.path}: {ended.rows} rows in {ended.seconds:.1f} s"

    def _end_episode(self, ended: LiveEpisode) -> tuple[bool, str]:
        try:
            self._flush()
            return True, f"{ended.path}: {ended.finish()}"
        finally:
            ended.discard()
            self._leave()

    def _flush(self) -> None:
        for listener in self._listeners:
            listener.flush()

    def _leave(self) -> None:
        self._demonstration = None
        self._say_state()

    def _say_state(self) -> None:
        self._state.publish(Bool(data=self._demonstration is not None))

    def _on_status(self, message: Any) -> None:
        self._tracker = {"weights": message.weights, "device": message.device}

    def _on_rows(self, rows: Sequence[TrackRow]) -> None:
        if self._demonstration is None:
            return
        try:
            self._demonstration.add(rows)
        except OSError as error:  # of a table: an episode tells through _on_failure
            ended = self._demonstration
            assert isinstance(ended, Demonstration)
            with suppress(OSError):
                ended.close()
            self._leave()
            kept = f"{ended.path} has the {ended.rows} rows written before"
            self.get_logger().error(f"recording ends: {error}; {kept}")
            return
        recorded: Any = self._demonstration  # None where a failure has ended it
        if recorded is not None and recorded.seconds > self.get_parameter("max_seconds").value:
            told = self._switch(False)[1]
            self.get_logger().warning(f"{told}; that is as long as max_seconds allows")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recorder until SIGINT or SIGTERM; return the exit code."""
    return serve(DemonstrationRecorder, arguments)
