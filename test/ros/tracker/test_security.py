# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The SROS2 policy allows what the node does, and nothing more; weights are checked."""

import pickle
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.ros

NODE = "/re3_tracker"
ALONE = {"/clock"}
"""With use_sim_time only, which a node has from its start on."""


def policy(root):
    """Return {(what, right): names} of the policy, names resolved."""
    text = (root / "security" / "policies" / "re3_tracker.policy.xml").read_text()
    (profile,) = ET.fromstring(text).iter("profile")
    assert (profile.get("ns"), profile.get("node")) == ("/", "re3_tracker")
    found = {}
    for rules in profile:
        for right, value in rules.attrib.items():
            assert value == "ALLOW"
            found.setdefault(right, set()).update(resolve(rule.text) for rule in rules)
    return found


def resolve(name):
    return f"{NODE}/{name[2:]}" if name.startswith("~/") else f"/{name.lstrip('/')}"


def graph(tracker):
    """Return what the running node has, in the words of the policy."""

    def names(ask):
        return {name for name, _ in ask("re3_tracker", "/")}

    node = tracker.node
    return {
        "publish": names(node.get_publisher_names_and_types_by_node),
        "subscribe": names(node.get_subscriber_names_and_types_by_node),
        "reply": names(node.get_service_names_and_types_by_node),
        "request": names(node.get_client_names_and_types_by_node),
    }


def whole(tracker, expected):
    """Return the graph, once it has all that is expected, or what there is after some seconds."""
    end = tracker.node.get_clock().now().nanoseconds + 10 * 10**9

    def settled():
        late = tracker.node.get_clock().now().nanoseconds > end
        return late or all(names <= graph(tracker)[key] for key, names in expected.items())

    tracker.spin(settled)
    return graph(tracker)


@pytest.mark.parametrize("transport", ["raw", "compressed"])
def test_the_policy_allows_all_that_the_node_has(tracker, root, transport):
    assert tracker.set(image_transport=transport, detector="detector") == []
    tracker.lifecycle.bring_up()
    allowed = policy(root)
    found = whole(tracker, {"publish": {"/status"}, "reply": {f"{NODE}/enable"}})
    assert not {k: extra for k, names in found.items() if (extra := names - allowed.get(k, set()))}
    assert "/status" in found["publish"], "there was something to see"


def test_the_policy_allows_nothing_that_the_node_never_has(tracker, root):
    from re3_ros.ros.tracker._interface import PUBLISHED, SERVICES, SUBSCRIBED

    documented = {
        "publish": {resolve(topic.name) for topic in PUBLISHED},
        "subscribe": {resolve(topic.name) for topic in SUBSCRIBED},
        "reply": {resolve(topic.name) for topic in SERVICES},
    }
    assert tracker.set(detector="detector") == []
    tracker.lifecycle.bring_up()
    allowed = policy(root)
    found = whole(tracker, {"publish": {"/status"}, "reply": {f"{NODE}/enable"}})
    other = {"/clock", "/bond", "/image/compressed"}
    for right, names in allowed.items():
        assert names <= found[right] | documented.get(right, set()) | other, right
    for right, names in documented.items():
        assert names <= allowed[right], f"{right}: documented, but not allowed"


def refusal(tracker, path):
    """Return what the log says when configure is asked for with these weights."""
    start = len(tracker.log.read_text())
    assert tracker.set(weights=str(path)) == []
    assert not tracker.lifecycle.change("configure")
    assert tracker.lifecycle.state() == "unconfigured"
    tracker.spin(lambda: "configure failed" in tracker.log.read_text()[start:])
    return tracker.log.read_text()[start:]


class Evil:
    def __reduce__(self):
        import os

        return os._exit, (66,)


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pkl", "model.safetensors"])
def test_weights_that_are_a_pickle_are_refused_unread(tracker, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Evil()))
    said = refusal(tracker, path)
    assert f"{path} is not a safetensors file" in said
    assert tracker.process.exit_code is None, "it was not unpickled"


def test_a_checkpoint_of_torch_is_refused(tracker, tmp_path):
    import torch

    path = tmp_path / "model.pt"
    torch.save({"weight": torch.zeros(3)}, path)
    assert "is not a safetensors file" in refusal(tracker, path)


def test_weights_that_differ_from_their_hash_are_refused(tracker, tmp_path, weights):
    from pathlib import Path

    path = tmp_path / "changed.safetensors"
    data = bytearray(Path(weights("still")).read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    beside = Path(weights("still") + ".sha256").read_text()
    path.with_name("changed.safetensors.sha256").write_text(beside)
    said = refusal(tracker, path)
    assert "has sha256" in said
    assert beside[:64] in said


def test_a_file_beside_that_holds_no_hash_is_named(tracker, tmp_path, weights):
    from pathlib import Path

    path = tmp_path / "unsure.safetensors"
    path.write_bytes(Path(weights("still")).read_bytes())
    path.with_name("unsure.safetensors.sha256").write_text("to be filled in\n")
    assert "holds no sha256" in refusal(tracker, path)


@pytest.fixture(scope="session")
def root():
    from pathlib import Path

    return Path(__file__).resolve().parents[3]
