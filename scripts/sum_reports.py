# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Add up pytest's JUnit reports and print one line; fail if anything failed or nothing ran."""

import sys
from collections import Counter
from xml.etree import ElementTree as ET

total: Counter[str] = Counter()
for path in sys.argv[1:]:
    for suite in ET.parse(path).getroot().iter("testsuite"):
        total.update({key: int(suite.get(key, 0)) for key in ("tests", "skipped")})
        total["failed"] += int(suite.get("failures", 0)) + int(suite.get("errors", 0))

passed = total["tests"] - total["failed"] - total["skipped"]
print(f"\n{passed} passed, {total['failed']} failed, {total['skipped']} skipped")
sys.exit(total["failed"] > 0 or passed == 0)
