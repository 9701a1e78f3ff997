"""What alerts wait for, in PromQL.

Counts of objectives are read from recorded series (`recorded_counts` writes them), everything else from what the server exports.
Numbers are the definitions' exact decimals, and a ratio whose denominator is zero is no sample, never NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final, Literal

from surewire.contract.selector import Selector
from surewire.contract.series import format_bound
from surewire.errors import ConfigError
from surewire.monitoring.export.catalogues import Catalogues
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import Budget, Burn, Condition, Down, Gauge, GaugeShare, Increase, Latched, Share, SlowShare, WindowBelow
from surewire.slo.objective import Objective
from surewire.slo.window import Rolling

__all__ = ["BUDGET", "LATCHED", "expression", "number", "range_of", "recorded", "selector"]

BUDGET: Final = "messaging_slo_error_budget_remaining"
LATCHED: Final = "messaging_alert_latched"

_LATCH_WINDOW_S: Final = 300


def expression(rule: AlertRule, catalogues: Catalogues) -> str:
    """The rule's condition. Raises: ConfigError when it speaks of an objective that there is not."""
    return _WRITERS[type(rule.condition)](rule.condition, rule, catalogues)


def number(value: Decimal) -> str:
    """The decimal as it is, without an exponent and without zeros at its end."""
    return f"{value.normalize():f}"


def selector(selected: Selector) -> str:
    """The selector in PromQL."""
    matchers = ",".join(f'{one.label}{one.operator}"{one.value}"' for one in selected.matchers)
    return f"{selected.metric}{{{matchers}}}" if matchers else selected.metric


def recorded(what: Literal["bad", "total"], window: str, slo: str, *, gross: bool = False) -> str:
    """The recorded count of an objective's events over a window: `slo:events_bad:increase1h{slo="availability"}`."""
    return f'slo:events_{what}{"_gross" if gross else ""}:increase{window}{{slo="{slo}"}}'


def range_of(seconds: int) -> str:
    """A range that holds as many samples of a whole rhythm as fit into `seconds`.

    Versions before 3 count a sample at the very start of a range and later ones do not; a range that is 1 ms shorter means the same to
    both. Source: Prometheus, migration guide to version 3, "Range selectors and lookback exclude samples coinciding with the left
    boundary".
    """
    text, rest = "", seconds - 1
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, length_s)
        text += f"{count}{unit}" if count else ""
    return f"{text}999ms"


def _objective(slo: str, catalogues: Catalogues) -> Objective:
    for objective in catalogues.objectives:
        if objective.id == slo:
            return objective
    raise ConfigError(f"an alert is of the objective {slo!r}, which there is not.")


def _burn(burn: Burn, _: AlertRule, catalogues: Catalogues) -> str:
    objective = _objective(burn.slo, catalogues)
    threshold = number(burn.rate * (1 - (objective.target or Decimal())))
    long, short = str(Rolling(burn.long_s)), str(Rolling(burn.short_s))
    enough = f"{recorded('bad', long, burn.slo)} >= {burn.min_bad}"
    return f"{_bad_share(burn.slo, long)} > {threshold}\nand {_bad_share(burn.slo, short)} > {threshold}\nand {enough}"


def _below(below: WindowBelow, _: AlertRule, catalogues: Catalogues) -> str:
    objective = _objective(below.slo, catalogues)
    target = objective.target if below.objective is None else below.objective
    window = str(Rolling(below.window_s))
    # A strict objective must be exceeded: to reach it is not enough.
    condition = f"{_bad_share(below.slo, window)} {'>=' if objective.is_strict else '>'} {number(1 - (target or Decimal()))}"
    return f"{condition}\nand {recorded('total', window, below.slo)} >= {below.min_events}" if below.min_events else condition


def _bad_share(slo: str, window: str) -> str:
    return f"{recorded('bad', window, slo)} / {recorded('total', window, slo)}"


def _budget(budget: Budget, _: AlertRule, catalogues: Catalogues) -> str:
    # The server says what remains, since only it knows of corrections; its processes agree but for a moment.
    remaining = f'min({BUDGET}{{slo_name="{_objective(budget.slo, catalogues).name}"}})'
    at_most = f"{remaining} <= {number(budget.at_most)}"
    return at_most if budget.above is None else f"{at_most}\nand {remaining} > {number(budget.above)}"


def _share(share: Share, _: AlertRule, __: Catalogues) -> str:
    part = _sum(share.part, share.window_s)
    total = _sum(share.whole or (*share.part, *share.rest), share.window_s)
    ratio = f"{_bracketed(part)} / ({total} > 0) {share.comparison} {number(share.than)}"
    return f"{ratio}\nand {_bracketed(total)} >= {share.min_total}" if share.min_total else ratio


def _slow_share(slow: SlowShare, _: AlertRule, __: Catalogues) -> str:
    over, by = Rolling(slow.window_s), f" by ({slow.per}) " if slow.per else ""
    bound = f'le="{format_bound(float(slow.threshold_s))}"'
    within = ",".join((*(f'{one.label}{one.operator}"{one.value}"' for one in slow.histogram.matchers), bound))
    count = f"sum{by}(increase({selector(Selector(f'{slow.histogram.metric}_count', slow.histogram.matchers))}[{over}]))"
    fast = f"sum{by}(increase({slow.histogram.metric}_bucket{{{within}}}[{over}]))"
    ratio = f"1 - {fast} / ({count} > 0) {slow.comparison} {number(slow.than)}"
    return f"{ratio}\nand {count} >= {slow.min_total}" if slow.min_total else ratio


def _increase(increase: Increase, _: AlertRule, __: Catalogues) -> str:
    total = _sum(increase.counters, increase.window_s)
    per = "" if increase.per_s is None else f" / {number(Decimal(increase.window_s) / increase.per_s)}"
    return f"{_bracketed(total) if per else total}{per} {increase.comparison} {number(increase.than)}"


def _sum(counters: Iterable[Selector], window_s: int) -> str:
    return " + ".join(f"sum(increase({selector(counter)}[{Rolling(window_s)}]))" for counter in counters)


def _bracketed(terms: str) -> str:
    return f"({terms})" if " + " in terms else terms


def _gauge(gauge: Gauge, _: AlertRule, catalogues: Catalogues) -> str:
    compared = f"{gauge.comparison} {number(gauge.than)}"
    if gauge.over == "sum":
        return f"sum({selector(gauge.gauge)}) {compared}"
    found = catalogues.metrics.canonical.get(gauge.gauge.metric)
    labels = f" by ({', '.join(found.labels)}) " if found and found.labels else ""
    return f"max{labels}({selector(gauge.gauge)} {compared})"


def _down(down: Down, _: AlertRule, __: Catalogues) -> str:
    probes = f'probe_success{{job=~"{down.job}-.+"}}[{Rolling(down.probe_failures * down.interval_s)}]'
    failed = f"max_over_time({probes}) == 0 and count_over_time({probes}) >= {down.probe_failures}"
    return f'up{{job="{down.job}"}} == 0\nor ({failed})'


def _gauge_share(share: GaugeShare, _: AlertRule, __: Catalogues) -> str:
    return f"max({selector(share.gauge)} / {selector(share.limit)}) {share.comparison} {number(share.than)}"


def _latched(latched: Latched, rule: AlertRule, _: Catalogues) -> str:
    return f'{_sum(latched.counters, _LATCH_WINDOW_S)} > 0\nor max({LATCHED}{{alertname="{rule.name}"}}) == 1'


_WRITERS: Final[dict[type[Condition], Callable[[Any, AlertRule, Catalogues], str]]] = {
    Burn: _burn,
    Budget: _budget,
    WindowBelow: _below,
    Share: _share,
    SlowShare: _slow_share,
    Increase: _increase,
    Gauge: _gauge,
    GaugeShare: _gauge_share,
    Latched: _latched,
    Down: _down,
}
