"""Is it the same thing in every group: measurement invariance, a ladder of ever stricter models.

First the same items belong together (configural); then they speak equally strongly for the factor
(metric, for ordered answers after their thresholds); then people of equal standing answer alike
whichever group they are in (scalar), and only then do differences of means mean something. Each
rung is judged by how much worse it fits than the one before, and by whether it fits at all.

References: Chen (2007), Structural Equation Modeling 14, 464-504 (change in fit); Meredith (1993),
Psychometrika 58, 525-543; Wu & Estabrook (2016), Psychometrika 81, 1014-1045 (ordered answers);
Satorra & Bentler (2001), Psychometrika 66, 507-514 (difference of scaled tests); Jorgensen, Kite,
Chen & Short (2018), Psychological Methods 23, 708-728 (relabelling).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cultureplus.cfa import Measures, Sample, chisq_of, measures_of, sample_of
from cultureplus.cfa_report import FIT, SCALED
from cultureplus.errors import InputError
from cultureplus.tails import chi2_above, t_above

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
_FEW_DEALS, _CLEAR = 15, 8  # deals after which a p so many times from alpha is clear
_TRIED = 10  # times as many deals are tried: where answers are rare, few of them can be fitted
_PLAIN = 0.05  # of the scaled difference test, above which chance is asked no further
UNEQUAL = 2.0  # largest over smallest group, above which they hold as well


@dataclass(frozen=True)
class Limits:
    """How much worse a rung may fit: fall in CFI, rise in RMSEA, rise in SRMR by kind of rung."""

    name: str
    cfi: float
    rmsea: float
    srmr_loadings: float
    srmr_intercepts: float


@dataclass(frozen=True)
class Chance:
    """How a rung beyond the limits is tried against chance.

    `relabellings`: how often the people are dealt to the groups anew; `alpha`: the p at or below
    which the rung fails; divide it by the number of scales and rungs that are looked at; `seed`: of
    the deals.

    References: Jorgensen et al. (2018), who compare with the deals alone; Wilson & Hilferty (1931),
    Proceedings of the National Academy of Sciences 17, 684-688, whose cube root makes a small p
    from few deals, where the deals alone would need thousands.
    """

    relabellings: int = 40
    alpha: float = 0.05
    seed: int = 1


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
    chance: Chance | None = None,
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
    fitted does not hold and says why. `chance`: with small groups chance alone moves the indices
    beyond these limits; a rung above the first that is beyond them is then fitted again with the
    people dealt to groups of the same sizes at random, and fails only if its chi-square rises
    further than chance would let it (`Chance`). The same seed gives the same table, whatever the
    order of rows and columns. Raises `InputError` as `cfa` does.

    Reference: Chen (2007); Wu & Estabrook (2016); Jorgensen et al. (2018). R: lavaan,
    semTools::measEq.syntax.

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
    sample = sample_of(items, model, estimator, group, second_order=second_order, method=method)
    limits = _limits(sample)
    rows: list[dict[str, object]] = []
    before: Measures | None = None
    under: tuple[str, ...] = ()  # what is equal on the rung before
    standing = ""  # the first rung that failed
    for level, equal in ladder.items():
        fit = measures_of(sample, equal)
        row = _row(level, fit, before, standing, limits)
        beyond = not row["holds"] and not standing and np.isfinite(_index(fit, "cfi"))
        if chance is not None and before is not None and beyond:
            holds, words = _by_chance(sample, (under, equal), (before, fit), chance)
            row = _row(level, fit, before, standing, limits, held=holds, words=words)
        standing = standing or ("" if row["holds"] else level)
        before, under = fit, equal
        rows.append(row)
    numbers = [*FIT, *(SCALED if estimator != "ml" else ())]
    changes = ["change_cfi", "change_rmsea", "change_srmr"]
    return pd.DataFrame(
        rows, columns=["level", *numbers, *changes, "rule", "status", "holds", "verdict"]
    )


def _by_chance(
    sample: Sample,
    equal: tuple[tuple[str, ...], tuple[str, ...]],
    fits: tuple[Measures, Measures],
    chance: Chance,
) -> tuple[bool, str]:
    """Whether chance makes a rung fit this much worse, and that in words.

    First the difference of the two chi-squares, scaled by its mean, which in small groups finds
    too much rather than too little: what passes it is chance. What does not is compared with the
    same people dealt to the groups anew. One deal that rises as far is enough; where none does, the
    distribution that the deals predict for one more of them says how rare such a rise is. Deals in
    which a group never gives some answer are passed over; where hardly another is left, the first
    test decides.
    """
    rise = fits[1].fit["chisq"] - fits[0].fit["chisq"]
    df = fits[1].fit["df"] - fits[0].fit["df"]
    mean = _mean_of(fits[1]) - _mean_of(fits[0])
    plain = float(chi2_above(rise * df / mean, df)) if df > 0 and mean > 0 else 0.0
    if plain > _PLAIN:
        return True, f"by chance with p {plain:.2f}"
    random = np.random.default_rng(chance.seed)
    drawn: list[float] = []
    for _ in range(_TRIED * chance.relabellings):
        dealt = sample.dealt(random)
        first, second = (chisq_of(dealt, each) for each in equal)
        if not np.isfinite(second - first):
            continue
        drawn.append(second - first)
        if drawn[-1] >= rise:
            return True, f"no further than chance in deal {len(drawn)} of the people"
        p = _tail(drawn, rise)
        clear = not chance.alpha / _CLEAR < p < chance.alpha * _CLEAR
        if len(drawn) == chance.relabellings or (len(drawn) >= _FEW_DEALS and clear):
            break
    if len(drawn) < min(_FEW_DEALS, chance.relabellings):
        words = f"by chance with p {plain:.4f}; too few deals of the people could be fitted"
        return plain > chance.alpha, words
    p = _tail(drawn, rise)
    return p > chance.alpha, f"by chance with p {p:.4f}, from {len(drawn)} deals of the people"


def _mean_of(fit: Measures) -> float:
    """The chi-square that chance gives on average."""
    return float(fit.fit.get("chisq_mean", fit.fit["df"]))


def _tail(drawn: list[float], rise: float) -> float:
    """How rare such a rise would be in one more deal.

    The cube root of a chi-square, or of a sum of several, is nearly normal; that of one more deal
    lies around the mean of the others as Student's t.
    """
    roots = np.cbrt(drawn)
    if len(roots) < 2 or not np.ptp(roots) > 0:
        return 0.0
    away = np.cbrt(rise) - roots.mean()
    spread = roots.std(ddof=1) * np.sqrt(1 + 1 / len(roots))
    return float(t_above(away / spread, len(roots) - 1))


def _limits(sample: Sample) -> Limits:
    sizes = sample.n
    if not len(sizes):
        return USUAL
    return STRICT if sizes.sum() <= SMALL or np.max(sizes) > UNEQUAL * np.min(sizes) else USUAL


def _row(
    level: str,
    fit: Measures,
    before: Measures | None,
    standing: str,
    limits: Limits,
    *,
    held: bool = False,
    words: str = "",
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
        alike = before is None or _within(kind, change, limits)
        holds = held or (_bearable(fit) and alike)
        if before is not None and fit.fit["df"] == before.fit["df"]:
            words = "so few answers cannot contradict it"
        verdict = (_GOOD if holds else _BAD)[kind] + (f" ({words})." if words else ".")
    if fit.status.startswith("heywood"):
        verdict += f" Beware: {fit.reason}."
    return row | {"holds": bool(holds), "verdict": verdict}


def _index(fit: Measures, name: str) -> float:
    """The index that is judged: scaled where the estimator has such."""
    return float(fit.fit.get(f"{name}_scaled", fit.fit[name]))


def _bearable(fit: Measures) -> bool:
    near = _index(fit, "rmsea") <= MOST_RMSEA or _index(fit, "srmr") <= MOST_SRMR
    return _index(fit, "cfi") >= LEAST_CFI and near


def _within(kind: str, change: Mapping[str, float], limits: Limits) -> bool:
    srmr = limits.srmr_intercepts if kind == "scalar" else limits.srmr_loadings
    fell = -change["cfi"] > limits.cfi
    return not (fell and (change["rmsea"] >= limits.rmsea or change["srmr"] >= srmr))
