# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Every runtime gives what the network's own modules give."""

import logging
import os
import subprocess
import sys

import pytest
import torch

from re3_ros import versions
from re3_ros.errors import ConfigError
from re3_ros.network import recorded_ranges, save
from re3_ros.network.runtimes import TorchRuntime, _choice, candidates, is_installed, make_runtime

CASES = [
    ("openvino-float32", "compact", {}),
    ("openvino", "compact", {}),
    ("openvino-float32", "compact", {"wide": True, "trunk": "mobilenet", "pyramid": False}),
    ("openvino-int8", "paper", {"fc_width": 48}),
    ("onnx", "compact", {}),
    ("onnx", "paper", {"lstm_layers": 0}),
]


def need(name):
    kind = name.partition("-")[0]
    if not is_installed(kind):
        pytest.skip(f"{kind} {versions.problem(versions.RUNTIMES[kind])}")


@pytest.fixture
def cut(crops):
    """Return a function that draws crops as a runtime takes them."""
    return lambda n, size, seed=0: crops(n, size, seed).permute(0, 2, 3, 1).contiguous()


def passes(runtime, cut, targets):
    """Start ``targets`` on a crop, look twice, reset in between; return all that came out."""
    first, second = (cut(targets, runtime.crop_size, seed) for seed in (1, 2))
    seen = runtime.remember(first)
    template = runtime.template(seen, first)
    state = runtime.initial_step(seen, template, runtime.initial_state(targets))
    one, state = runtime.step(second, seen.remembered, template, state)
    again = runtime.remember(second)
    state = runtime.initial_step(again, template, state)
    two, state = runtime.step(first, again.remembered, template, state)
    logits = [] if one.visibility is None else [one.visibility, two.visibility]
    return [one.corners, two.corners, state, *logits]


@pytest.mark.parametrize(("name", "preset", "options"), CASES)
def test_runtimes_agree_with_torch_for_any_number_of_targets(lively, cut, name, preset, options):
    need(name)
    network = lively(preset, **options)
    runtime, exact = make_runtime(network, name), TorchRuntime(network)
    for targets in (1, 3):
        found, wanted = passes(runtime, cut, targets), passes(exact, cut, targets)
        assert [(t.shape, t.dtype) for t in found] == [(t.shape, t.dtype) for t in wanted]
        signal = float((wanted[0] - wanted[1]).abs().max())
        for a, b in zip(found, wanted, strict=True):
            exact_limit = 1e-3 * min(signal, 1)
            limit = exact_limit if runtime.precision == "float32" else 0.1 * float(b.abs().max())
            torch.testing.assert_close(a, b, rtol=0, atol=limit)


def test_torch_is_the_joint_pass_to_the_bit(small, cut):
    network = small("compact").double()
    runtime = make_runtime(network, "torch")
    first, second = (cut(2, network.crop_size, seed) for seed in (1, 2))
    seen = runtime.remember(first)
    template = runtime.template(seen, first)
    state = network.initial_state(2)
    output, new = runtime.step(second, seen.remembered, template, state)
    joint, after = network(first.permute(0, 3, 1, 2), second.permute(0, 3, 1, 2), state)
    torch.testing.assert_close(output.corners, joint.corners, rtol=0, atol=1e-12)
    torch.testing.assert_close(new, after, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["openvino-float32", "onnx"])
def test_answers_are_not_overwritten_by_the_next_pass(lively, cut, name):
    need(name)
    network = lively("compact")
    runtime = make_runtime(network, name)
    first = cut(1, network.crop_size, 1)
    seen = runtime.remember(first)
    template = runtime.template(seen, first)
    kept, zeros = seen.remembered.clone(), runtime.initial_state(1)
    output, state = runtime.step(cut(1, network.crop_size, 2), seen.remembered, template, zeros)
    before = output.corners.clone(), state.clone()
    runtime.remember(cut(1, network.crop_size, 3))
    runtime.step(cut(1, network.crop_size, 3), kept, template, state)
    assert torch.equal(seen.remembered, kept)
    assert torch.equal(output.corners, before[0])
    assert torch.equal(state, before[1])
    assert not zeros.any()


def test_a_runtime_keeps_the_weights_it_was_made_from(lively, cut):
    need("onnx")
    network = lively("compact").double()
    runtime = make_runtime(network, "onnx")
    before = passes(runtime, cut, 1)
    with torch.no_grad():
        network.head.bias.add_(1)
    assert torch.equal(passes(runtime, cut, 1)[0], before[0])
    assert network.head.bias.dtype == torch.float64, "the caller's network is left as it was"


@pytest.fixture
def here(monkeypatch):
    """Return the versions that are found, as they are to be pretended."""
    found = dict.fromkeys(("openvino", "onnx", "onnxruntime", "onnxscript", "torch"), "3000.0")
    monkeypatch.setattr(versions, "found", found.get)
    return found


def test_auto_tries_what_is_installed_the_fastest_first(small, here):
    network = small("compact")
    assert candidates(network) == ("openvino", "onnx", "torch")
    del here["openvino"]
    assert candidates(network) == ("onnx", "torch")
    del here["onnx"]
    assert candidates(network) == ("torch",)


def test_auto_leaves_gpus_and_foreign_networks_to_torch(small, here):
    class Foreign(type(small("compact"))):
        pass

    assert candidates(small("compact"), "cuda") == ("torch",)
    assert candidates(Foreign()) == ("torch",)


def test_auto_goes_on_and_says_in_a_line_why(small, here, caplog, monkeypatch):
    def fail(*_):
        raise AttributeError("module 'torch' has no attribute\n'float8_e4m3fn'")

    monkeypatch.setitem(_choice._MAKERS, "openvino", fail)
    here["onnxruntime"] = "1.2.3"
    with caplog.at_level(logging.WARNING, logger="re3_ros"):
        assert str(make_runtime(small("compact"))) == "torch float32"
    first, second = (record.getMessage() for record in caplog.records)
    assert first == (
        "runtime openvino cannot be had, onnx is tried: "
        "AttributeError: module 'torch' has no attribute 'float8_e4m3fn'"
    )
    assert second.startswith("runtime onnx cannot be had, torch is tried: runtime onnx needs onnxr")
    assert "(here is 1.2.3)" in second
    assert "\n" not in second


def test_auto_is_silent_about_what_works(small, here, caplog, monkeypatch):
    monkeypatch.setitem(_choice._MAKERS, "openvino", lambda network, *_: TorchRuntime(network))
    make_runtime(small("compact"))
    assert not caplog.records


def test_auto_finds_something_here(lively, cut):
    """With whatever is installed: in .venv-oldest torch is too old for the others."""
    network = lively("compact")
    runtime = make_runtime(network)
    assert runtime.name == next(
        kind for kind in ("openvino", "onnx", "torch") if is_installed(kind)
    )
    assert len(passes(runtime, cut, 1)) == 4 + 1


def test_the_status_line_names_runtime_and_precision(small):
    assert str(make_runtime(small("compact"), "torch")) == "torch float32"


def test_a_runtime_that_cannot_be_used_is_refused_with_the_way_out(small, here):
    network = small("compact")
    with pytest.raises(ConfigError, match=r"runtime is 'tpu'; choose one of auto, torch"):
        make_runtime(network, "tpu")
    del here["openvino"]
    here["torch"] = "1.13.1"
    says = r"here is none\), torch 2\.5 .*here is 1\.13\.1\); .* 'openvino>=.*; or choose run"
    with pytest.raises(ConfigError, match=says):
        make_runtime(network, "openvino-int8")
    with pytest.raises(ConfigError, match=r"runs on the CPU only, and device is cuda"):
        make_runtime(network, "onnx", "cuda")


IN_INT8 = """
import collections, sys
import torch
from re3_ros.network import load, quantised, recorded_ranges
from re3_ros.network.runtimes import TorchRuntime, _openvino
network = load(sys.argv[1])
crops = torch.load(sys.argv[2])
kinds = collections.Counter()
whole = _openvino.Compiler.compile_fixed
def counted(compiler, model):
    made = compiler._core.compile_model(model, "CPU", compiler._options).get_runtime_model()
    about = [node.get_rt_info() for node in made.get_ops()]
    kinds.update(a["primitiveType"].value for a in about if a["layerType"].value == "Convolution")
    return whole(compiler, model)
_openvino.Compiler.compile_fixed = counted
def passes(runtime):
    seen = runtime.remember(crops[0])
    template = runtime.template(seen, crops[0])
    state = runtime.initial_state(len(crops[0]))
    out, state = runtime.step(crops[1], seen.remembered, template, state)
    return [seen.remembered, template, out.corners, out.visibility, state]
exact = passes(TorchRuntime(network))
rounded = passes(TorchRuntime(quantised(network, network.activation_ranges)))
found = passes(_openvino.OpenVINORuntime(network, "int8"))
for a, b, c in zip(exact, rounded, found, strict=True):
    print(float((a - b).abs().mean()), float((b - c).abs().mean()))
print(sum(n for kind, n in kinds.items() if kind.endswith("I8")), kinds.total(), kinds)
"""


@pytest.mark.parametrize("limit", ["AVX2", "AVX512_CORE_VNNI"])
def test_without_amx_convolutions_compute_in_int8(lively, cut, tmp_path, limit):
    """As near to the rounding that is meant as that is to float32, even where sums are largest."""
    need("openvino-int8")
    network = lively("compact")
    with torch.no_grad():  # all inputs and weights at their largest would overflow 16 bits
        network.trunk.fire3.squeeze1x1.weight.abs_().clamp_(min=0.1)
    crops = [cut(3, network.crop_size, seed) for seed in (1, 2)]
    with recorded_ranges(network) as ranges, torch.no_grad():
        passes(TorchRuntime(network), cut, 3)
    network.activation_ranges = ranges
    save(network, tmp_path / "w.safetensors")
    torch.save(crops, tmp_path / "crops.pt")
    program = [sys.executable, "-c", IN_INT8, tmp_path / "w.safetensors", tmp_path / "crops.pt"]
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": limit}
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    *rows, counted = done.stdout.splitlines()
    for row in rows:
        meant, apart = map(float, row.split())
        assert 0 < apart < 1.5 * meant
    in_int8, convolutions, _ = counted.split(maxsplit=2)
    assert int(in_int8) == int(convolutions) > 100, counted


def test_openvino_starts_no_thread_and_tells_nobody():
    need("openvino-float32")
    program = (
        "import sys, threading\n"
        "from re3_ros.network import build\nfrom re3_ros.network.runtimes import make_runtime\n"
        "network = build('paper', trunk_widths=[8] * 5, fc_width=8, lstm_width=8)\n"
        "make_runtime(network, 'openvino-float32')\n"
        "assert 'openvino_telemetry' not in sys.modules, 'it is loaded'\n"
        "print([thread.name for thread in threading.enumerate()])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['MainThread']"


@pytest.mark.parametrize("targets", [1, 2, 3, 5])
def test_threads_that_share_a_batch_answer_as_one_does(lively, cut, targets):
    need("openvino-float32")
    from re3_ros.network.runtimes._openvino import OpenVINORuntime

    network = lively("compact")
    alone, shared = (OpenVINORuntime(network, "float32", threads) for threads in (1, 2))
    for a, b in zip(passes(alone, cut, targets), passes(shared, cut, targets), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
