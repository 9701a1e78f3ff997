"""What holds for every test: Hypothesis profiles, that Ctrl-C reaches what a test starts, and that CI proves everything."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

ON_CI = os.environ.get("CI") == "true"

# A deadline judges the machine, not the code; a derandomised run fails on a change and never on its luck.
settings.register_profile("everywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("everywhere"), derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if ON_CI else "everywhere"))

# A shell that runs the tests in the background has them ignore SIGINT, and every process that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test is a failed one on CI; an expected failure is not a skip."""
    report = yield
    return report if hasattr(report, "wasxfail") else _without_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A skipped file is a failed one on CI."""
    return _without_skip((yield))


def _without_skip(report: Report) -> Report:
    if ON_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"Skipped, but CI must prove everything: {report.longrepr}"
    return report
