# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 bench``: how fast it is here, and what reduced precision costs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from re3_ros.errors import ConfigError, SourceError

from ._options import RuntimeOption, output_option
from ._outputs import OverwriteOption, claim

if TYPE_CHECKING:
    from re3_ros.bench import BarsPlan, Roofline
    from re3_ros.network import Re3Network

QUIET_LOAD = 0.5
WIDTH = 120
"""Characters of a line at least, where the output is not a terminal."""
WeightsOption = Annotated[
    Path | None, typer.Option(help="Weights, NAME.safetensors. Default: the shipped ones.")
]
PresetOption = Annotated[
    str | None, typer.Option(help="Random weights of this preset instead, such as paper.")
]
RuntimesOption = Annotated[
    str, typer.Option(help="Runtimes, with commas: auto, torch, openvino-float32, onnx, ...")
]
TargetsOption = Annotated[str, typer.Option(help="Numbers of targets, with commas.")]
ThreadsOption = Annotated[int, typer.Option(min=1, help="Threads of all that is measured.")]
ModelsOption = Annotated[Path, typer.Option(help="Folder of NanoTrack's files.")]
DeviceOption = Annotated[str, typer.Option(help="Device of re3: cpu, cuda, ...")]
OutputOption = Annotated[Path | None, output_option("JSON file to write.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    commands = typer.Typer(help="Measure speed and precision here.", no_args_is_help=True)
    for command in (bars, model, layers, session, precision, node):
        commands.command()(command)
    app.add_typer(commands, name="bench")


def bars(
    weights: WeightsOption = None,
    threads: Annotated[str, typer.Option(help="Numbers of threads, with commas.")] = "1,2",
    instructions: Annotated[
        str, typer.Option(help="The processor's, with commas: avx2 (no more than that), own.")
    ] = "avx2,own",
    frames: Annotated[int, typer.Option(min=20, help="Frames of a round.")] = 85,
    rounds: Annotated[int, typer.Option(min=1, help="Times that all take turns.")] = 2,
    seconds: Annotated[float, typer.Option(min=0.1, help="Longest round of a tracker.")] = 2.0,
    models: ModelsOption = Path("nanotrack"),
    device: DeviceOption = "cpu",
    large: Annotated[str, typer.Option(help="Preset of the large network.")] = "paper",
    output: Annotated[Path | None, output_option("Folder for JSON and plots.")] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Print all tables of speed, and at the end which of this project's bars hold here."""
    claim(overwrite, output)
    from re3_ros.bench import INSTRUCTIONS, OWN, BarsPlan, demo_clip, has_more_than_avx2

    limits, counts = _words(instructions), _numbers(threads, "threads")
    if unknown := [name for name in limits if name not in INSTRUCTIONS]:
        choices = ", ".join(INSTRUCTIONS)
        raise ConfigError(f"instructions has {unknown[0]!r}; choose from {choices}")
    if not device.startswith("cpu"):
        limits, counts = [OWN], [1]  # neither makes much of a difference to a GPU
    elif limits != [OWN] and not has_more_than_avx2():
        typer.echo("this processor has no more than AVX2: everything is measured once")
        limits = [OWN]
    given = {"threads": threads, "frames": frames, "rounds": rounds, "seconds": seconds}
    given |= {"models": models, "large": large, **({"weights": weights} if weights else {})}
    verdicts: list[str] = []
    for limit in limits:
        if limit == OWN:
            networks = {"compact": _network(weights, None), "paper": _network(None, large)}
            plan = BarsPlan(networks, demo_clip(frames), device, models, rounds, seconds)
            verdicts += [line for n in counts for line in _bars_with(plan, n, output)]
        else:
            verdicts += _bars_under(limit, given, output and output / limit)
    typer.echo("")
    for verdict in verdicts:
        typer.echo(verdict)


def _bars_with(plan: BarsPlan, threads: int, output: Path | None) -> list[str]:
    """Print all tables for so many threads; return the verdicts."""
    from rich.console import Console
    from rich.progress import Progress

    from re3_ros.bench import (
        describe_instructions,
        describe_machine,
        measure_everything,
        measure_roofline,
    )
    from re3_ros.evaluation.trackers import limit_threads

    load = _load()
    limit_threads(threads)
    heading = f"{threads} {'thread' if threads == 1 else 'threads'}"
    used = "; ".join(f"{name} {kinds}" for name, kinds in describe_instructions().items())
    typer.echo(f"\n{describe_machine()['processor']}; {heading}; instructions: {used}\n")
    verdicts = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Measuring", total=plan.steps)
        for measured in measure_everything(plan, lambda: progress.advance(bar)):
            _print(measured.table, list(measured.notes))
            about = {"clip": plan.clip.name, "device": plan.device}
            path = output and output / f"{measured.name}_{threads}.json"
            _save(path, about, list(measured.rows), load)
            verdicts += [f"{heading}: {verdict}" for verdict in measured.bars]
    try:
        limits = measure_roofline(plan.device)
        typer.echo(str(limits))
        for name, network in plan.networks.items():
            typer.echo(f"{name}: ", nl=False)
            _print_floors(limits, network)
    except ConfigError as error:
        typer.echo(str(error))
    return verdicts


def _bars_under(limit: str, given: dict[str, Any], output: Path | None) -> list[str]:
    """Print the tables that another process prints under a limit; return its verdicts."""
    from re3_ros.bench import OWN, run_limited

    options = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    options += ["--instructions", OWN, *(["--output", str(output)] if output else [])]
    typer.echo(f"\nlimited to {limit}")
    verdicts: list[str] = []
    for line in run_limited(limit, ["bench", "bars", *options]):
        if re.match(r"\d+ threads?: ", line):
            verdicts.append(f"{limit}, {line}")
        else:
            typer.echo(line)
    return verdicts


def model(
    weights: WeightsOption = None,
    preset: PresetOption = None,
    runtimes: RuntimesOption = "auto",
    targets: TargetsOption = "1,4,16",
    threads: ThreadsOption = 1,
    repeats: Annotated[int, typer.Option(min=1, help="Times that one target is looked at.")] = 100,
    device: DeviceOption = "cpu",
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Time the network's stages by runtime and number of targets, against the machine's limits."""
    claim(overwrite, output)
    from re3_ros.bench import bench_model, measure_roofline, model_bars, model_table
    from re3_ros.evaluation.trackers import limit_threads

    load = _load()
    limit_threads(threads)
    network = _network(weights, preset)
    limits = measure_roofline(device)
    rows = bench_model(network, _words(runtimes), _numbers(targets), repeats, device)
    _print(model_table(rows), model_bars(rows))
    typer.echo(str(limits))
    floors = _print_floors(limits, network)
    about = {"device": device, "floors": floors, "bandwidth": limits.bandwidth}
    _save(output, {**about, "rates": limits.rates}, rows, load)


def layers(
    weights: WeightsOption = None,
    preset: PresetOption = None,
    precision: Annotated[str, typer.Option(help="float32, bfloat16 or int8.")] = "int8",
    targets: TargetsOption = "1",
    threads: ThreadsOption = 1,
    repeats: Annotated[int, typer.Option(min=1, help="Times that each graph is run.")] = 200,
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Time each layer of what OpenVINO computes for an image and between images."""
    claim(overwrite, output)
    from re3_ros.bench import layers_table
    from re3_ros.network.runtimes import profile_layers

    if precision not in ("float32", "bfloat16", "int8"):
        raise ConfigError(f"precision is {precision!r}; choose float32, bfloat16 or int8")
    load, network = _load(), _network(weights, preset)
    rows = [
        row
        for count in _numbers(targets)
        for row in profile_layers(network, precision, threads, count, repeats)
    ]
    _print(layers_table(rows), [])
    _save(output, {"precision": precision, "runtime_threads": threads}, rows, load)


def _print_floors(limits: Roofline, network: Re3Network) -> dict[str, float]:
    """Print and return the least milliseconds of a look by precision."""
    from re3_ros.bench import workload_of

    work = workload_of(network)
    floors = {p: limits.floor(work, p) for p in ("float32", "bfloat16", "int8")}
    named = {**{p: p for p in floors}, "int8": "int8 weights"}
    least = ", ".join(f"{named[precision]} {time:.2f} ms" for precision, time in floors.items())
    typer.echo(f"a look takes {work}; least for a look: {least}")
    return floors


def session(
    weights: WeightsOption = None,
    preset: PresetOption = None,
    runtimes: RuntimesOption = "auto",
    peers: Annotated[str, typer.Option(help="Plain pass and OpenCV's trackers, with commas.")] = (
        "joint,kcf,csrt,mosse,nano"
    ),
    targets: TargetsOption = "1",
    cameras: Annotated[
        str, typer.Option(help="Numbers of cameras in one session, with commas; of re3 alone.")
    ] = "1",
    threads: ThreadsOption = 1,
    sequence: Annotated[
        Path | None, typer.Option(help="Folder with img/ and groundtruth.txt. Default: the demo.")
    ] = None,
    frames: Annotated[int, typer.Option(min=20, help="Frames of a round.")] = 100,
    rounds: Annotated[int, typer.Option(min=1, help="Times that all take turns.")] = 5,
    models: ModelsOption = Path("nanotrack"),
    device: DeviceOption = "cpu",
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Time image to box, as the node runs it, against OpenCV's trackers on the same frames."""
    claim(overwrite, output)
    from re3_ros.bench import (
        PEERS,
        bench_session,
        demo_clip,
        sequence_clip,
        session_bars,
        session_table,
    )
    from re3_ros.datasets import read_sequence
    from re3_ros.evaluation.trackers import limit_threads

    names = _words(peers)
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise ConfigError(f"peers has {unknown[0]!r}; choose from {', '.join(PEERS)}")
    load = _load()
    limit_threads(threads)
    network = _network(weights, preset)
    clip = sequence_clip(read_sequence(sequence), frames) if sequence else demo_clip(frames)
    counts, seen = _numbers(targets), _numbers(cameras, "cameras")
    rows = bench_session(
        network, clip, _words(runtimes), names, counts, rounds, device, models, seen
    )
    _print(session_table(rows), session_bars(rows))
    _save(output, {"clip": clip.name, "frames": len(clip.rgb), "rounds": rounds}, rows, load)


def precision(
    data: Annotated[Path, typer.Option(help="Folder of sequences, see re3 evaluate.")],
    weights: WeightsOption = None,
    runtimes: RuntimesOption = "auto",
    only: Annotated[str | None, typer.Option(help="Sequences, with commas. Default: all.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each sequence.")] = 8,
    length: Annotated[int, typer.Option(min=2, help="Frames of a run.")] = 100,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Compare a runtime's boxes with those of torch in float32 on sequences."""
    claim(overwrite, output)
    from rich.progress import Progress

    from re3_ros.bench import PrecisionChange, compare_precision, precision_table
    from re3_ros.datasets import read_sequences
    from re3_ros.evaluation.trackers import limit_threads

    load = _load()
    limit_threads(threads)
    chosen = [s for s in read_sequences(data) if only is None or s.name in _words(only)]
    if not chosen:
        raise ConfigError(f"{data} holds no sequence named {only}; leave out --only, or list it")
    names = _words(runtimes)
    with Progress() as progress:
        bar = progress.add_task("Tracking", total=len(chosen))
        rows = compare_precision(
            _network(weights, None),
            chosen,
            names,
            device,
            runs,
            length,
            lambda: progress.advance(bar),
        )
    _print(precision_table(rows), PrecisionChange.of(rows))
    _save(output, {"data": str(data)}, rows, load)


def node(
    weights: WeightsOption = None,
    size: Annotated[str, typer.Option(help="Of the images, WIDTHxHEIGHT.")] = "1280x720",
    seconds: Annotated[float, typer.Option(min=2.0, help="Length of each part.")] = 15.0,
    rate: Annotated[float, typer.Option(min=1.0, help="Camera of the first part, Hz.")] = 10.0,
    fast: Annotated[float, typer.Option(min=1.0, help="Camera of the second part, Hz.")] = 60.0,
    network: Annotated[float, typer.Option(min=1.0, help="Network of the second, Hz.")] = 20.0,
    device: DeviceOption = "cpu",
    runtime: RuntimeOption = "auto",
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Time what the ROS 2 node adds to the network, and a camera faster than the network."""
    claim(overwrite, output)
    if not re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", size):
        raise ConfigError(f"size is {size!r}; expected WIDTHxHEIGHT, such as 1280x720")
    try:
        from re3_ros.ros import NodeSetting, bench_node, node_bars, node_table, plot_latency
    except ModuleNotFoundError as error:
        raise SourceError(
            f"re3 bench node needs ROS 2, and {error.name} is not here: source a workspace with "
            "this package, or run scripts/ros-env --run re3 bench node"
        ) from error
    load = _load()
    plain = NodeSetting("node", size, rate, seconds, 0.0, str(weights or ""), device, runtime)
    name = f"{fast:g} Hz camera, {network:g} Hz network"
    rows = bench_node([plain, replace(plain, name=name, rate=fast, period=1 / network)])
    _print(node_table(rows), node_bars(rows))
    _save(output, {"size": size, "device": device, "runtime": runtime}, rows, load)
    if output is not None:
        typer.echo(f"wrote {plot_latency(rows, output.with_suffix('.png'))}")


def _network(weights: Path | None, preset: str | None) -> Re3Network:
    from re3_ros.network import build, load
    from re3_ros.weights import default_weights

    if preset is not None and weights is not None:
        raise ConfigError("give --weights or --preset, not both")
    return build(preset).eval() if preset else load(weights or default_weights())


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str, option: str = "targets") -> list[int]:
    words = _words(text)
    if not words or not all(w.isdecimal() and int(w) > 0 for w in words):
        raise ConfigError(f"{option} is {text!r}; expected whole numbers from 1, such as 1,4,16")
    return [int(word) for word in words]


def _print(table: object, lines: list[Any]) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    console.print(table)
    for line in lines:
        typer.echo(str(line))


def _load() -> float:
    """Return the load by others before anything is measured, and warn of a high one."""
    from re3_ros.bench import load_now

    load = round(load_now(), 2)
    if load > QUIET_LOAD:
        typer.echo(f"the load of this machine is {load}: not for the record", err=True)
    return load


def _save(output: Path | None, about: dict[str, Any], rows: list[Any], load: float) -> None:
    from re3_ros.bench import describe_machine, write_results

    if output is not None:
        for path in write_results(output, {**about, **describe_machine(), "load": load}, rows):
            typer.echo(f"wrote {path}")
