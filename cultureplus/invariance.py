"""Is it the same thing in every group: measurement invariance, a ladder of ever stricter models.

First the same items belong together (configural); then they speak equally strongly for the factor
(metric, for ordered answers after their thresholds); then people of equal standing answer alike
whichever group they are in (scalar), and only then do differences of means mean something. Each
rung is judged by how much worse it fits than the one before, and by whether it fits at all.

References: Chen (2007), Structural Equation Modeling 14, 464-504 (change in fit); Meredith (1993),
Psychometrika 58, 525-543; Wu & Estabrook (2016), Psychometrika 81, 1014-1045 (ordered answers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cultureplus.cfa import cfa
from cultureplus.cfa_report import FIT, SCALED, CfaFit
from cultureplus.errors import InputError

CONTINUOUS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
}
ORDINAL = {
    "configural": (),
    "thresholds": ("thresholds",),
    "loadings": ("thresholds", "loadings"),
    "intercepts": ("thresholds", "loadings", "intercepts"),
}
LEAST_CFI, MOST_RMSEA, MOST_SRMR = 0.90, 0.08, 0.08  # what a rung must reach by itself
SMALL = 300  # people in all, up to which the stricter rules hold
UNEQUAL = 2.0  # largest over smallest group, above which they hold as well


@dataclass(frozen=True)
class Limits:
    """How much worse a rung may fit: fall in CFI, rise in RMSEA, rise in SRMR by kind of rung."""

    name: str
    cfi: float
    rmsea: float
    srmr_loadings: float
    srmr_intercepts: float


USUAL = Limits("usual", 0.010, 0.015, 0.030, 0.015)
STRICT = Limits("strict", 0.005, 0.010, 0.025, 0.005)

_GOOD = {
    "configural": "The same items belong together in every group",
    "thresholds": "The steps between answers lie alike in every group",
    "metric": "The items speak equally strongly in every group; relations may be compared",
    "scalar": "People of equal standing answer alike in every group; means may be compared",
}
_BAD = {
    "configural": "The items do not belong together alike in every group; compare nothing",
    "thresholds": "The steps between answers lie differently; compare neither relations nor means",
    "metric": "Items do not speak equally strongly in every group; compare no relations, no means",
    "scalar": "Groups answer some items differently at equal standing; do not compare means",
}
_KIND = {"loadings": "metric", "intercepts": "scalar"}


def invariance(
    items: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    group: pd.Series,
    estimator: str = "mlr",
    *,
    second_order: str | None = None,
    method: Sequence[str] = (),
) -> pd.DataFrame:
    """How far a factor model is the same in all groups, rung by rung.

    `items`, `model`, `group`, `second_order`, `method`: as in `cfa`. `estimator`: 'ml' or 'mlr'
    gives the rungs configural, metric, scalar; 'wlsmv' configural, thresholds, loadings,
    intercepts. Returns level, the numbers of `CfaFit.fit`, then change_cfi, change_rmsea,
    change_srmr (against the rung before; scaled indices where there are such), rule, status,
    holds, verdict.

    A rung holds where those before it hold, its own fit is bearable (CFI at least .90 and RMSEA or
    SRMR at most .08), and not both CFI falls by more than .010 and either RMSEA rises by at least
    .015 or SRMR by .030 (intercepts: .015). With 300 people or fewer in all, or groups of which one
    is more than twice another, `rule` is 'strict': .005, .010, .025 (.005). A rung that can't be
    fitted does not hold and says why. Raises `InputError` as `cfa` does.

    Reference: Chen (2007); Wu & Estabrook (2016). R: semTools::measEq.syntax, lavaan.

    >>> draw = np.random.default_rng(1)
    >>> trust, team = draw.normal(size=600), pd.Series(["x", "y"] * 300)
    >>> items = pd.DataFrame({name: trust + draw.normal(size=600) for name in "abcd"})
    >>> ladder = invariance(items, {"trust": ["a", "b", "c", "d"]}, team)
    >>> ladder[["level", "holds"]]
            level  holds
    0  configural   True
    1      metric   True
    2      scalar   True
    """
    if group is None:
        raise InputError("Invariance is across groups: give the group of each row.")
    ladder = ORDINAL if estimator == "wlsmv" else CONTINUOUS
    rows: list[dict[str, object]] = []
    before: CfaFit | None = None
    standing = ""  # the first rung that failed
    for level, equal in ladder.items():
        fit = cfa(
            items, model, estimator, group=group, equal=equal,
            second_order=second_order, method=method,
        )  # fmt: skip
        row = _row(level, fit, before, standing, _limits(group, items, model))
        standing = standing or ("" if row["holds"] else level)
        before = fit
        rows.append(row)
    numbers = [*FIT, *(SCALED if estimator != "ml" else ())]
    changes = ["change_cfi", "change_rmsea", "change_srmr"]
    return pd.DataFrame(
        rows, columns=["level", *numbers, *changes, "rule", "status", "holds", "verdict"]
    )


def _limits(group: pd.Series, items: pd.DataFrame, model: Mapping[str, Sequence[str]]) -> Limits:
    names = [name for mine in model.values() for name in mine]
    sizes = group[items[names].notna().all(axis=1).to_numpy()].dropna().value_counts()
    few = sizes.sum() <= SMALL
    return STRICT if few or sizes.max() > UNEQUAL * sizes.min() else USUAL


def _row(
    level: str, fit: CfaFit, before: CfaFit | None, standing: str, limits: Limits
) -> dict[str, object]:
    kind = _KIND.get(level, level)
    change = dict.fromkeys(("cfi", "rmsea", "srmr"), np.nan)
    if before is not None:
        change = {name: _index(fit, name) - _index(before, name) for name in change}
    row: dict[str, object] = {
        "level": level, **fit.fit, **{f"change_{name}": value for name, value in change.items()},
        "rule": limits.name, "status": fit.status,
    }  # fmt: skip
    failed = fit.status in ("not_estimable", "not_converged")
    if len(fit.groups) < 2:
        verdict, holds = "Not estimable: one group only.", False
    elif failed:
        reason = fit.reason.removeprefix("not estimable: ").removeprefix("not estimable ")
        verdict, holds = f"Not estimable: {reason}.", False
    elif not np.isfinite([_index(fit, name) for name in change]).all():
        verdict, holds = "Not estimable: the test has no scaling.", False
    elif standing:
        verdict, holds = f"Not reached: the rung '{standing}' does not hold.", False
    else:
        holds = _bearable(fit) and (before is None or _within(kind, change, limits))
        verdict = f"{(_GOOD if holds else _BAD)[kind]} ({_why(fit, before, change, limits)})."
    if fit.status.startswith("heywood"):
        verdict += f" Beware: {fit.reason}."
    return row | {"holds": bool(holds), "verdict": verdict}


def _index(fit: CfaFit, name: str) -> float:
    """The index that is judged: scaled where the estimator has such."""
    return float(fit.fit.get(f"{name}_scaled", fit.fit[name]))


def _bearable(fit: CfaFit) -> bool:
    near = _index(fit, "rmsea") <= MOST_RMSEA or _index(fit, "srmr") <= MOST_SRMR
    return _index(fit, "cfi") >= LEAST_CFI and near


def _within(kind: str, change: Mapping[str, float], limits: Limits) -> bool:
    srmr = limits.srmr_intercepts if kind == "scalar" else limits.srmr_loadings
    fell = -change["cfi"] > limits.cfi
    return not (fell and (change["rmsea"] >= limits.rmsea or change["srmr"] >= srmr))


def _why(fit: CfaFit, before: CfaFit | None, change: Mapping[str, float], limits: Limits) -> str:
    now = ", ".join(f"{name.upper()} {_index(fit, name):.3f}" for name in change)
    if before is None:
        return now
    if fit.fit["df"] == before.fit["df"]:
        return f"{now}; so few answers cannot contradict it"
    moves = ", ".join(f"{name.upper()} {value:+.3f}" for name, value in change.items())
    rule = "; rules for small or unequal groups" if limits is STRICT else ""
    return f"{now}; change {moves}{rule}"
