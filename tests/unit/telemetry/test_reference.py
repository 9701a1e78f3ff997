"""docs/metrics.md says what the server exposes, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

from surewire.telemetry.aliases import views
from surewire.telemetry.reference import reference_page
from tests.unit.telemetry.planes import all_planes

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reference_page(), "write it anew: python -m surewire.telemetry.reference > docs/metrics.md"


def test_the_page_has_a_row_for_every_exposed_family() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert documented == [view.name for view in views(all_planes().registry)]


def test_every_family_says_what_it_means() -> None:
    assert [view.name for view in views(all_planes().registry) if not view.meaning] == []
