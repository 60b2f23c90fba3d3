# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What libraries do to the stack of signal handlers is undone."""

import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from re3_ros.network import build
from re3_ros.network.runtimes import is_installed, make_runtime
from re3_ros.network.runtimes._signal_stack import SignalStack, keep_signal_stack, signal_stack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's layout of the stack")

SIZE = 1 << 17


def in_thread(function):
    """Run a function in a thread of its own, whose signal stack is gone with it."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(function).result()


def use(memory):
    stack = SignalStack(ctypes.addressof(memory), 0, SIZE)
    assert ctypes.CDLL(None).sigaltstack(ctypes.byref(stack), None) == 0


def test_a_thread_without_a_signal_stack_has_none_again():
    memory = ctypes.create_string_buffer(SIZE)

    def check():
        with keep_signal_stack():
            use(memory)
            assert signal_stack().address == ctypes.addressof(memory)
        assert signal_stack().address is None

    in_thread(check)


def test_a_thread_has_its_own_signal_stack_again_even_after_an_error():
    mine, theirs = (ctypes.create_string_buffer(SIZE) for _ in range(2))

    def fail():
        with keep_signal_stack():
            use(theirs)
            raise OSError("broken")

    def check():
        use(mine)
        with pytest.raises(OSError, match="broken"):
            fail()
        assert signal_stack().address == ctypes.addressof(mine)
        assert signal_stack().size == SIZE

    in_thread(check)


@pytest.mark.skipif(not is_installed("openvino"), reason="openvino is not installed")
def test_loading_openvino_leaves_the_signal_stack_as_it_was():
    network = build("paper", trunk_widths=[8] * 5, skip_widths=(), fc_width=8, lstm_width=8)

    def check():
        runtime = make_runtime(network, "openvino-float32")
        assert signal_stack().address is None
        del runtime
        assert signal_stack().address is None

    in_thread(check)
