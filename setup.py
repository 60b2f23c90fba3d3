# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import setup

setup()  # everything is in setup.cfg
