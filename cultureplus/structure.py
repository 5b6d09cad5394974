"""What the questionnaires claim about their items, held against the answers.

An instrument claims that its items share a factor, or that each of its subscales does. The claim is
fitted, beside rival claims (one factor instead of several, one behind them all, a factor of the
items that are worded the other way round); the loadings say which items speak; chance says how many
factors there are; and pairs of scales are asked whether they are two.

Up to five answers are ordered categories (WLSMV on polychoric correlations), six and more are
measurements (robust ML); the rule stands here once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.estimability import MIN_COMPLETE_ROWS, MIN_RESIDUAL_DF, too_few
from cultureplus.factor import CfaFit, cfa, htmt2, parallel_analysis
from cultureplus.instrument import Instrument
from cultureplus.scoring import keyed
from cultureplus.survey import Survey

MOST_ORDERED = 5  # answers up to which they are ordered categories
GOOD = {"cfi": 0.95, "rmsea": 0.06, "srmr": 0.08}  # Hu & Bentler (1999)
BEARABLE = {"cfi": 0.90, "rmsea": 0.08, "srmr": 0.10}
DISTINCT = 0.85  # HTMT2 below which two scales are two; Henseler, Ringle & Sarstedt (2015)
_SEED = 1
_Z = 1.959963984540054

MODEL = "model"
_INDICES = [
    "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr",
]  # fmt: skip
_FIT = [c.WAVE, c.SCALE, MODEL, c.ESTIMATOR, c.N, c.N_ITEMS, c.N_FACTORS, *_INDICES]
_FIT += [c.STATUS, c.VERDICT, c.REASON]
_LOADINGS = [
    c.WAVE, c.SCALE, c.FACTOR, c.ITEM, c.TEXT, c.REVERSED, c.N, c.STD, c.LOW, c.HIGH, c.REASON,
]  # fmt: skip
_EIGENVALUES = [
    c.WAVE, c.SCALE, c.FACTOR, c.OBSERVED, c.REFERENCE, c.KEEP, c.EXPECTED, c.REASON,
]  # fmt: skip
_DISTINCT = [c.WAVE, c.SCALE, c.OTHER, "htmt2", c.N, "distinct", c.REASON]


@dataclass(frozen=True, eq=False)
class Structure:
    """The structure of a wave's questionnaires, as four tables.

    `fit`: wave, scale, model (which claim), estimator, n, n_items, n_factors, chisq, df, pvalue,
    cfi, tli, rmsea, rmsea_low, rmsea_high (90 %), srmr (all but srmr scaled), status, verdict,
    reason. `loadings`: wave, scale, factor, item, text, reversed, n, std (-1 to 1), low, high
    (95 %), reason. `eigenvalues`: wave, scale, factor, observed, reference, keep, expected (how
    many factors are claimed), reason. `distinct`: wave, scale, other, htmt2, n, distinct (below
    .85), reason.
    """

    fit: pd.DataFrame
    loadings: pd.DataFrame
    eigenvalues: pd.DataFrame
    distinct: pd.DataFrame

    def _repr_html_(self) -> str:
        return str(self.fit.round(3).to_html(index=False))

    def __repr__(self) -> str:
        return f"structure of the questionnaires\n{self.fit.round(3).to_string(index=False)}"


@dataclass(frozen=True)
class Claim:
    """What an instrument says of its items: `model` is factor -> items, in scale names."""

    instrument: Instrument
    model: dict[str, list[str]]

    @property
    def ordinal(self) -> bool:
        """Whether answers are ordered categories rather than measurements."""
        return self.instrument.high - self.instrument.low + 1 <= MOST_ORDERED

    @property
    def estimator(self) -> str:
        """What fits such answers."""
        return "wlsmv" if self.ordinal else "mlr"

    @property
    def items(self) -> list[str]:
        """The items of all factors."""
        return [item for items in self.model.values() for item in items]

    @property
    def reversed(self) -> list[str]:
        """The items that are worded the other way round."""
        return [item.id for item in self.instrument.items if item.reversed]


def claims_of(survey: Survey) -> Iterator[tuple[Claim, pd.DataFrame]]:
    """Each rated instrument's claim, with its keyed answers of all waves."""
    for instrument in survey.instruments.values():
        if instrument.kind != "rating":
            continue
        if any(item.id not in survey.answers for item in instrument.items):
            continue
        model: dict[str, list[str]] = {}
        for item in instrument.items:
            factor = f"{instrument.id}.{item.subscale}" if item.subscale else instrument.id
            model.setdefault(factor, []).append(item.id)
        yield Claim(instrument, model), keyed(survey.answers, instrument)


def structure_of(survey: Survey) -> Structure:
    """Fit what each rated instrument claims, in the survey's last wave.

    Rows with a missing answer to an instrument are left out of its fits. Models beside the claim:
    'one factor' where there are several, 'second-order' where there are four or more, 'with a
    method factor' where three or more items are worded the other way round. A claim that can't be
    fitted says why in `reason`; so do fits with fewer than ten people more than free numbers, and
    eigenvalues and pairs of scales with fewer than ten complete rows: such numbers would tell of
    the few. Intervals of loadings are made on Fisher's scale, so that they end below 1.

    References: Hu & Bentler (1999), Structural Equation Modeling 6, 1-55 (what fits well);
    Rhemtulla, Brosseau-Liard & Savalei (2012), Psychological Methods 17, 354-373 (how many answers
    make a measurement); Henseler, Ringle & Sarstedt (2015), J. Academy of Marketing Science 43,
    115-135 (.85).
    """
    wave = survey.wave
    fits: list[dict[str, object]] = []
    loadings, eigenvalues, whole = [], [], []
    for claim, answers in claims_of(survey.in_waves([wave])):
        scale = claim.instrument.id
        for name, fit in _models(claim, answers):
            fits.append({c.WAVE: wave, c.SCALE: scale, **_fit_row(name, claim, fit)})
            if name == "as claimed":
                loadings.append(_loadings(claim, fit).assign(**{c.WAVE: wave, c.SCALE: scale}))
        chance = parallel_analysis(answers, seed=_SEED, ordinal=claim.ordinal)
        if few := _few(answers):
            nothing = {c.OBSERVED: np.nan, c.REFERENCE: np.nan, c.KEEP: False}
            chance = chance.assign(**nothing, **{c.REASON: few})
        eigenvalues.append(
            chance.assign(**{c.WAVE: wave, c.SCALE: scale, c.EXPECTED: len(claim.model)})
        )
        whole.append((claim, answers))
    return Structure(
        pd.DataFrame(fits, columns=_FIT),
        _joined(loadings, _LOADINGS),
        _joined(eigenvalues, _EIGENVALUES),
        _distinct(whole, wave),
    )


def _few(answers: pd.DataFrame) -> str:
    """Why complete rows are too few to say anything of them, or ''; where none is, that is said."""
    rows = int(answers.notna().all(axis=1).sum())
    return too_few(rows, MIN_COMPLETE_ROWS, "complete rows") if rows else ""


def _joined(parts: Sequence[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def _models(claim: Claim, answers: pd.DataFrame) -> Iterator[tuple[str, CfaFit]]:
    """The claim and its rivals, each with a name."""
    estimator, factors, turned = claim.estimator, len(claim.model), claim.reversed
    yield "as claimed", _of_many(cfa(answers, claim.model, estimator))
    if factors > 1:
        one = {claim.instrument.id: claim.items}
        yield "one factor", _of_many(cfa(answers, one, estimator))
    if factors > 3:  # with three it is the same model as three factors that go together
        second = cfa(answers, claim.model, estimator, second_order="whole")
        yield "second-order", _of_many(second)
    if 3 <= len(turned) < len(claim.items):
        yield "with a method factor", _of_many(cfa(answers, claim.model, estimator, method=turned))


def _of_many(fit: CfaFit) -> CfaFit:
    """The fit, without its numbers where too few people stand behind them."""
    n, free = fit.fit["n"], fit.fit["n_parameters"]
    if not n - free < MIN_RESIDUAL_DF:  # missing where there are no numbers anyhow
        return fit
    needed = int(free) + MIN_RESIDUAL_DF
    gone = fit.fit.mask(fit.fit.index != "n")
    loadings = fit.loadings.assign(**{c.STD: np.nan, "std_se": np.nan})
    reason = too_few(int(n), needed, f"people for {free:.0f} free numbers")
    return replace(fit, fit=gone, loadings=loadings, status="not_estimable", reason=reason)


def _fit_row(name: str, claim: Claim, fit: CfaFit) -> dict[str, object]:
    factors = 1 if name == "one factor" else len(claim.model)
    row: dict[str, object] = {
        MODEL: name, c.ESTIMATOR: fit.estimator, c.N: int(fit.fit["n"]),
        c.N_ITEMS: len(claim.items), c.N_FACTORS: factors, c.STATUS: fit.status,
        c.REASON: fit.reason,
    }  # fmt: skip
    row |= {each: float(fit.fit.get(f"{each}_scaled", fit.fit[each])) for each in _INDICES[:-1]}
    for end in ("low", "high"):
        row[f"rmsea_{end}"] = float(fit.fit.get(f"rmsea_scaled_{end}", fit.fit[f"rmsea_{end}"]))
    row |= {"df": float(fit.fit["df"]), "srmr": float(fit.fit["srmr"])}
    return row | {c.VERDICT: _verdict(row, fit)}


def _verdict(row: dict[str, object], fit: CfaFit) -> str:
    if fit.status in ("not_estimable", "not_converged"):
        return "not estimable"
    if not all(np.isfinite(float(str(row[name]))) for name in GOOD):
        return "not estimable: the test has no scaling"
    beware = "; beware of an impossible number" if fit.status != "ok" else ""
    if row["df"] == 0:
        return "so few items cannot contradict it" + beware
    for words, limits in (("fits well", GOOD), ("fits bearably", BEARABLE)):
        now = {name: float(str(row[name])) for name in limits}
        near = now["rmsea"] <= limits["rmsea"] and now["srmr"] <= limits["srmr"]
        if now["cfi"] >= limits["cfi"] and near:
            return words + beware
    return "does not fit" + beware


def _loadings(claim: Claim, fit: CfaFit) -> pd.DataFrame:
    table = fit.loadings[[c.FACTOR, c.ITEM, c.STD]].copy()
    std = table[c.STD].where(table[c.STD].abs() < 1)  # an impossible loading has no interval
    half = _Z * fit.loadings["std_se"] / (1 - std**2)
    known = {item.id: item for item in claim.instrument.items}
    table[c.LOW], table[c.HIGH] = np.tanh(np.arctanh(std) - half), np.tanh(np.arctanh(std) + half)
    table[c.TEXT] = [known[name].text for name in table[c.ITEM]]
    table[c.REVERSED] = [known[name].reversed for name in table[c.ITEM]]
    table[c.N], table[c.REASON] = int(fit.fit["n"]), fit.reason
    return table


def _distinct(whole: list[tuple[Claim, pd.DataFrame]], wave: str) -> pd.DataFrame:
    """Whether the factors of one instrument, and instruments of one factor, are distinct."""
    rows = []
    pairs = [(answers, claim.model, claim.ordinal) for claim, answers in whole]
    for (one, first), (two, second) in combinations(whole, 2):
        if len(one.model) == len(two.model) == 1:
            together = first.join(second)
            pairs.append((together, one.model | two.model, one.ordinal or two.ordinal))
    for answers, model, ordinal in pairs:
        if len(model) > 1:
            found = htmt2(answers, model, ordinal=ordinal)
            few = _few(answers)
            rows.append(found.assign(htmt2=np.nan, **{c.REASON: few}) if few else found)
    if not rows:
        return pd.DataFrame(columns=_DISTINCT)
    table = pd.concat(rows, ignore_index=True).rename(columns={c.FACTOR: c.SCALE})
    below = [None if np.isnan(value) else bool(value < DISTINCT) for value in table["htmt2"]]
    return table.assign(**{c.WAVE: wave, "distinct": pd.array(below, dtype="boolean")})[_DISTINCT]
