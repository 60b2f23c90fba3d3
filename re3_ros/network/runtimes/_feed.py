# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The way of a camera's images to a device, and of a step's few numbers back.

An image and the places of its crops travel as one piece, from memory that the device reads by
itself (pinned), on a stream of its own. There are two such pieces in turn, so that an image can be
put into one while the other is still on its way, and one place on the device, which stays where it
is: graphs read from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from re3_ros.images import Image

from ._device_crops import COLUMNS

ALIGNMENT = 16
"""Bytes that the table begins at a multiple of."""
ROW = 2 * COLUMNS * 4
"""Bytes of the table for a target."""
LEAST_ROWS = 64


class Link:
    """Copies between host and device: the only ones that there are, and the only waiting."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._stream: Any = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def host(self, size: int) -> Tensor:
        """Return bytes on the host that the device can read by itself."""
        return torch.zeros(size, dtype=torch.uint8, pin_memory=self._stream is not None)

    def up(self, source: Tensor, target: Tensor) -> Any:
        """Copy to the device, once what has been queued there is done, and before what will be.

        Returns what `wait` takes, until when the source must stay as it is.
        """
        if self._stream is None:
            target.copy_(source)
            return None
        queue = torch.cuda.current_stream(self.device)
        self._stream.wait_stream(queue)
        with torch.cuda.stream(self._stream):
            target.copy_(source, non_blocking=True)
            sent = self._stream.record_event()
        queue.wait_event(sent)
        return sent

    def wait(self, sent: Any) -> None:
        """Wait until a copy to the device is done."""
        if sent is not None:
            sent.synchronize()

    def down(self, numbers: Tensor) -> NDArray[np.generic]:
        """Return numbers of the device, once they are there."""
        return numbers.cpu().numpy()


class Feed:
    """The newest image of one camera on the device, and the places of crops in it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._shape: tuple[int, ...] = ()
        self._rows = 0
        self._sent: list[Any] = [None, None]
        self._turn = 0
        self.number = 0
        """Images sent so far."""
        self.layout = 0
        """How often image and table were given another place."""
        self.frame: Tensor = torch.empty(0)
        """(H, W, 3) uint8."""
        self.table: Tensor = torch.empty(0)
        """(rows, 2, COLUMNS) float32."""

    def send(self, image: Image, table: NDArray[np.float32]) -> None:
        """Send an image (H, W, 3) and a row of the table for each crop."""
        if image.shape != self._shape or len(table) > self._rows:
            self._arrange(image.shape, max(len(table), LEAST_ROWS))
        host = self._next_host()
        size = image.nbytes
        np.copyto(host[:size].numpy().reshape(image.shape), image)
        self._put(host, table)
        end = self._begin + ROW * len(table)
        self._sent[self._turn] = self._link.up(host[:end], self._place[:end])
        self.number += 1

    def send_table(self, table: NDArray[np.float32]) -> None:
        """Send other places in the same image."""
        if len(table) > self._rows:
            raise ValueError(f"{len(table)} crops of an image that was sent for {self._rows}")
        host = self._next_host()
        self._put(host, table)
        part = slice(self._begin, self._begin + ROW * len(table))
        self._sent[self._turn] = self._link.up(host[part], self._place[part])

    def _next_host(self) -> Tensor:
        self._turn = 1 - self._turn
        self._link.wait(self._sent[self._turn])
        return self._hosts[self._turn]

    def _put(self, host: Tensor, table: NDArray[np.float32]) -> None:
        part = host[self._begin : self._begin + ROW * len(table)]
        np.copyto(part.numpy().view(np.float32).reshape(table.shape), table)

    def _arrange(self, shape: tuple[int, ...], rows: int) -> None:
        size = int(np.prod(shape))
        self._begin = -(-size // ALIGNMENT) * ALIGNMENT
        whole = self._begin + ROW * rows
        for sent in self._sent:
            self._link.wait(sent)
        self._hosts = [self._link.host(whole) for _ in range(2)]
        self._place = torch.zeros(whole, dtype=torch.uint8, device=self._link.device)
        self.frame = self._place[:size].view(shape)
        self.table = self._place[self._begin :].view(torch.float32).view(rows, 2, COLUMNS)
        self._shape, self._rows, self._sent = shape, rows, [None, None]
        self.layout += 1
