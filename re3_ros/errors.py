# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Every error that re3_ros raises on purpose.

::

    Re3Error
    ├── InputError (ValueError)   what a caller handed in is not usable; nothing was changed
    │   ├── ImageError            image of the wrong type, shape, size or encoding
    │   ├── BoxError              box that is not finite, inverted, too small or outside the image
    │   ├── TargetError           unknown or duplicate target id
    │   ├── CameraError           camera that was not declared, or whose calibration is of no use
    │   ├── StampError            time stamp that goes backwards or is no longer remembered
    │   └── MissingDepthError     image without a depth image of its time
    ├── WeightsError              weights missing, truncated, of another network, or of a wrong hash
    ├── SourceError               video, image folder, bag or topic that cannot be read
    ├── OutputError (OSError)     file that cannot be written to its end, such as on a full disk
    └── ConfigError               setting out of range or unknown

Each message names the offending value, what was expected, and the way out. Where a setting is the
way out, the error bears its name: how a user turns it differs from front end to front end, and each
adds that itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Re3Error(Exception):
    """Base of all errors raised on purpose."""


class InputError(Re3Error, ValueError):
    """Input that is not usable; the receiver's state is as it was before the call.

    ``setting`` names the setting that would have let it pass, empty if none would.
    """

    def __init__(self, *args: object, setting: str = "") -> None:
        super().__init__(*args)
        self.setting = setting


class ImageError(InputError):
    """Image of the wrong type, shape, size or encoding."""


class BoxError(InputError):
    """Box that is not finite, inverted, too small, or outside the image."""


class TargetError(InputError):
    """Unknown or duplicate target id."""


class CameraError(InputError):
    """Camera that was not declared, or whose calibration is of no use."""


class StampError(InputError):
    """Time stamp that goes backwards or is no longer remembered."""


class MissingDepthError(InputError):
    """Image without a depth image of its time."""


class WeightsError(Re3Error):
    """Weights that are missing, truncated, of another network, or with a wrong hash."""


class SourceError(Re3Error):
    """Video, image folder, bag or topic that cannot be read."""


class OutputError(Re3Error, OSError):
    """File that cannot be written to its end; says what of it is whole."""


@contextmanager
def writing(
    path: Path | str, kept: str = "it is not whole", also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Turn an OSError, and errors ``also``, into an OutputError that names the file.

    ``kept`` says what is there of it.
    """
    failures: tuple[type[Exception], ...] = (OSError, *also)
    try:
        yield
    except OutputError:
        raise
    except failures as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise OutputError(
            f"{path} cannot be written: {reason}; {kept}; make room, or give another output"
        ) from error


class ConfigError(Re3Error):
    """Setting that is unknown or out of range."""
