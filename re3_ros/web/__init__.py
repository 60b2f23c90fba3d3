# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Web: a page that shows cameras and their targets, and takes boxes, in any browser.

In come views (an image, its stamp, its targets), out go boxes, drops and names that people gave.
`WebServer` serves the page; what tracks is behind `Tracking`: a session, or a node.
"""

from ._address import DEFAULT_ADDRESS, Address, parse_address
from ._pace import paced, started
from ._server import WebServer
from ._settings import WebSettings
from ._tracking import SessionTracking, Tracking
from ._views import Found, Matcher, View, ViewTarget, view_of

__all__ = [
    "DEFAULT_ADDRESS",
    "Address",
    "Found",
    "Matcher",
    "SessionTracking",
    "Tracking",
    "View",
    "ViewTarget",
    "WebServer",
    "WebSettings",
    "paced",
    "parse_address",
    "started",
    "view_of",
]
