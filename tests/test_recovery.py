"""Recovery: the truths of the benchmark are right, and intervals hold them as often as they say.

The benchmark makes 1,000 surveys of each kind; here it is asked for few, from fixed seeds. A count
of intervals that hold the truth is held against the binomial distribution of intervals that do so
in 95 % of cases: right ones leave its range once in a hundred thousand times on either side, and
those that are a fifth too narrow (88 % of cases) do leave it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.recovery import (
    CORRELATION,
    ESTIMATES,
    FIVE,
    LOADINGS,
    MODEL,
    NAMES,
    SEVEN,
    SHARED,
    Tally,
    Teams,
    covariances,
    in_categories,
    latent_answers,
    latent_covariances,
    loading_names,
    loadings_of,
    on_fisher_scale,
    study_loadings,
    study_teams,
    true_loadings,
    true_scale,
)
from cultureplus.factor import cfa
from cultureplus.within_group import within_group

RARE = 1e-5
USED = [each for each in ESTIMATES if each[0] in
        ("ML, no categories", "MLR, seven points", "WLSMV, five points")]  # fmt: skip
SURVEYS = 60


def bounds(intervals: int) -> tuple[float, float]:
    """The share of so many intervals of 95 % that may hold the truth."""
    held = stats.binom(intervals, 0.95)
    return held.ppf(RARE) / intervals, held.isf(RARE) / intervals


@pytest.fixture(scope="module")
def loadings() -> dict[str, Tally]:
    """300 people who have nothing to do with each other; other people for each estimator."""
    alone = Teams(300, 1, 1, 0.0)
    return {
        each[0]: study_loadings(SURVEYS, alone, seed=31 + place, estimates=[each])
        for place, each in enumerate(USED)
    }


@pytest.fixture(scope="module")
def teams() -> Tally:
    return study_teams(
        150, Teams(60, 4, 16, SHARED), seed=41, draws=0, kinds=[("five points", FIVE)]
    )  # fmt: skip


def held(tallies: dict[str, Tally], shrunk: float = 1.0) -> np.ndarray:
    """Whether each interval of each loading of each survey holds the truth."""
    found = [
        tally.covered(name, shrunk) for label, tally in tallies.items()
        for name in loading_names(label)
    ]  # fmt: skip
    return np.concatenate(found)


# -------------------------------------------------------------------------------- what is recovered
def test_true_loadings_lie_in_their_intervals(loadings):
    found = held(loadings)
    low, high = bounds(len(found))
    assert len(found) == SURVEYS * len(USED) * len(LOADINGS)
    assert low <= found.mean() <= high


def test_intervals_of_loadings_that_are_a_fifth_too_narrow_are_seen(loadings):
    found = held(loadings, shrunk=0.8)
    assert found.mean() < bounds(len(found))[0]


def test_intervals_of_loadings_that_are_a_third_too_wide_are_seen(loadings):
    found = held(loadings, shrunk=4 / 3)
    assert found.mean() > bounds(len(found))[1]


@pytest.mark.parametrize("estimator", [each[0] for each in USED])
def test_each_estimator_meets_the_true_loadings_on_average(loadings, estimator):
    for name in loading_names(estimator):
        tally = loadings[estimator]
        values = np.array(tally.found[name])[:, 0]
        error = values.std(ddof=1) / np.sqrt(len(values))
        # Five standard errors, and a hundredth for what a small survey shrinks by.
        assert abs(values.mean() - tally.truth[name]) < 5 * error + 0.01


@pytest.mark.parametrize("index", ["ICC(1), F", "pooled r_star", "pooled rwg"])
def test_true_icc_and_agreement_lie_in_their_intervals(teams, index):
    found = teams.covered(f"five points: {index}")
    low, high = bounds(len(found))
    assert low <= found.mean() <= high
    assert teams.covered(f"five points: {index}", shrunk=0.5).mean() < low


def test_the_same_survey_is_made_again():
    again = [study_teams(3, Teams(20, 3, 8, SHARED), draws=100) for _ in range(2)]
    assert again[0].found == again[1].found


# ------------------------------------------------------------------------------------ what is true
@pytest.mark.parametrize("cuts", [FIVE, SEVEN])
def test_the_truth_of_categories_is_that_of_the_normal_distribution(cuts):
    """Shares of pairs of answers, from the bivariate normal distribution function."""
    one, two = covariances(SHARED, cuts)
    latent_one, latent_two = latent_covariances(SHARED)
    for found, rho, first, second in (
        (one, latent_one, 0, 1), (one, latent_one, 2, 6), (two, latent_two, 0, 0),
        (two, latent_two, 3, 4),
    ):  # fmt: skip
        pair = stats.multivariate_normal([0, 0], [[1, rho[first, second]], [rho[first, second], 1]])
        # Answers above 1 count the cuts that are passed: covariances of passing add up.
        expected = sum(
            pair.cdf([-a, -b]) - stats.norm.cdf(-a) * stats.norm.cdf(-b)
            for a in cuts[first] for b in cuts[second]
        )  # fmt: skip
        assert found[first, second] == pytest.approx(expected, abs=1e-6)
    shares = np.diff(stats.norm.cdf(cuts[0]), prepend=0, append=1)
    answers = np.arange(1, len(shares) + 1)
    variance = shares @ (answers - shares @ answers) ** 2
    assert one[0, 0] == pytest.approx(variance, abs=1e-12)


def test_the_truth_of_agreement_is_that_of_given_teams():
    """The variance within a team of given standing, averaged over all standings."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    within = []
    for loading, cuts in zip(LOADINGS[:4], FIVE[:4], strict=True):
        shared = loading * np.sqrt(SHARED)
        edges = (cuts[:, None] - shared * nodes) / np.sqrt(1 - shared**2)
        shares = np.diff(stats.norm.cdf(edges), axis=0, prepend=0, append=1)
        answers = np.arange(1, 6)
        variance = answers**2 @ shares - (answers @ shares) ** 2
        within.append(variance @ weights / weights.sum())
    truth = true_scale(*covariances(SHARED, FIVE), 5)
    ratio = np.mean(within) / 2
    assert truth["r_star"] == pytest.approx(1 - ratio, abs=1e-10)
    assert truth["rwg"] == pytest.approx(4 * (1 - ratio) / (4 * (1 - ratio) + ratio), abs=1e-10)


def test_the_truths_are_those_of_a_very_large_survey():
    random = np.random.default_rng(5)
    latent, group = latent_answers(random, Teams(40_000, 5, 5, SHARED))
    answers = in_categories(latent, FIVE)
    assert answers.min(axis=None) == 1
    assert answers.max(axis=None) == 5
    one, two = covariances(SHARED, FIVE)
    assert np.abs(answers.cov().to_numpy() - one).max() < 0.02
    truth = true_scale(one, two, 5)
    scale = answers.iloc[:, :4]
    means = scale.mean(axis=1).groupby(group).mean()
    # Five people to a team: the variance of their mean is (icc + (1 - icc) / 5) of a person's.
    share = means.var() / scale.mean(axis=1).var()
    assert (5 * share - 1) / 4 == pytest.approx(truth["icc1"], abs=0.006)
    agreed = within_group(scale, group, 1, 5)["r_star"].mean()
    assert agreed == pytest.approx(truth["r_star"], abs=0.005)
    seven = cfa(in_categories(latent, SEVEN), MODEL).loadings["std"]
    assert np.abs(seven - true_loadings("ml", SEVEN)[0]).max() < 0.01


def test_the_best_fit_to_a_population_that_fits_is_the_population():
    found, correlation = loadings_of(latent_covariances(0.0)[0])
    assert found == pytest.approx(LOADINGS, abs=1e-5)
    assert correlation == pytest.approx(CORRELATION, abs=1e-5)
    coarse, _ = true_loadings("ml", SEVEN)
    assert (coarse < LOADINGS).all()  # categories take from a correlation
    assert (coarse > 0.9 * LOADINGS).all()
    assert true_loadings("wlsmv", FIVE)[0] is LOADINGS


# -------------------------------------------------------------------------------- how it is counted
def test_a_tally_counts_what_is_held_missed_and_missing():
    tally = Tally()
    for low, high in ((0, 2), (1.5, 3), (-1, 0.5), (np.nan, 1), (0.9, 1.1)):
        tally.add("it", 1.0, 1.0, low, high)
    row = tally.table().iloc[0]
    assert tally.covered("it").tolist() == pytest.approx([1, 0, 0, np.nan, 1], nan_ok=True)
    assert row["coverage"] == 50
    rest = row[["truth below", "truth above", "not estimable"]].tolist()
    assert rest == pytest.approx([25, 25, 20])
    assert row["from"] < 50 < row["to"]
    assert tally.intervals("it", 0.5)[1][0] == 0.5


def test_surveys_without_any_interval_do_not_count_together():
    tally = Tally()
    for low, high in ((0, 2), (np.nan, np.nan), (1.5, 2)):
        tally.add("one", 1.0, 1.0, low, high)
        tally.add("other", 1.0, 1.0, 0.0 * low, high)
    mean, low, high = tally.together(["one", "other"])
    assert mean == pytest.approx(75)  # both held, nothing, one of two held
    assert low < mean < high


def test_an_interval_on_fishers_scale():
    low, high = on_fisher_scale(0.0, 0.1)
    assert low == -high == pytest.approx(-np.tanh(stats.norm.ppf(0.975) / 10))
    low, high = on_fisher_scale(0.95, 0.05)
    assert low < 0.95 < high < 1
    assert 0.95 - low > high - 0.95


def test_the_population_is_the_one_that_is_described():
    assert [name for items in MODEL.values() for name in items] == NAMES
    assert (np.diff(FIVE) > 0).all()
    assert (np.diff(SEVEN) > 0).all()
    one = pd.DataFrame(latent_covariances(SHARED)[0])
    assert np.diag(one) == pytest.approx(1)
