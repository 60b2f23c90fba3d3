# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Report: results as tables, plots, filmstrips, and one HTML page that holds them all.

In come results of `re3_ros.evaluation`, out go tables on the terminal, CSV, JSON, PNG and HTML.
"""

from ._page import Extras
from ._report import write_report, write_tables
from ._scatter import reinit_plots
from ._score_report import identity_table, score_table, write_score
from ._state_path import StatePath, state_path, state_plot, state_plots
from ._tables import (
    failures,
    print_table,
    rich_sequence_table,
    rich_summary_table,
    rich_table,
    sequence_table,
    summary_table,
)

__all__ = [
    "Extras",
    "StatePath",
    "failures",
    "identity_table",
    "print_table",
    "reinit_plots",
    "rich_sequence_table",
    "rich_summary_table",
    "rich_table",
    "score_table",
    "sequence_table",
    "state_path",
    "state_plot",
    "state_plots",
    "summary_table",
    "write_report",
    "write_score",
    "write_tables",
]
