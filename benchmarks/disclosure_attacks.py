"""Eight attackers on made-up organisations over four waves, under three rules side by side.

The attackers know more than any reader of a report: who is in which unit, in every wave. They know
no answer but their own. Published are the whole, every unit and every two lenses crossed, per wave,
and the change of linked people in the whole and in every unit. The rules are the threshold alone,
the remainder rule (each lens, and each pair within its two lenses, for itself; both are what the
market offers), and the reporting plan with its released changes and its ledger.

An organisation leaks to an attacker when some wave gives the sum over fewer than `MIN_N` people
exactly. For an insider and a coalition of two the attackers count among the found out: in a cell of
five that is shown, everybody knows the sum over the other four, and that is what five means. The
interval attacker has the told means only, and leaks what lies within half a point.

    python benchmarks/disclosure_attacks.py [number of organisations [folder for what is done]]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, sparse

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.disclosure import MIN_N, following, organisations, remainder_rule, threshold_only
from cultureplus.change import compare_waves
from cultureplus.disclosure.attack import attack
from cultureplus.disclosure.changes import release_changes
from cultureplus.disclosure.lattice import CELL, Lattice, lattice_of
from cultureplus.disclosure.plan import ReportingPlan, plan_reporting
from cultureplus.disclosure.snapshots import given_away, snapshot_of
from cultureplus.instrument import Instrument, Item
from cultureplus.scoring import score
from cultureplus.survey import Survey

RESULTS = Path(__file__).resolve().parent / "results" / "disclosure_attacks.md"
WAVES = ("w1", "w2", "w3", "w4")
ITEMS = 7
RULES = ("threshold only", "remainder rule", "the plan")
ATTACKERS = (
    "subtraction", "Gauss", "union", "interval", "insider", "coalition of two", "late answer",
    "joiners and leavers",
)  # fmt: skip
_PROCESSES = 2
_TRIED = 4  # insiders, and coalitions, per wave
_MOST_CELLS = 700  # of a lattice whose intervals are worked out
_MOST_PEOPLE = 2_000  # from here on fewer attacks are tried, because each takes seconds
_LARGE_AMONG = 140  # of the organisations
_INTERVALS = 6  # hidden cells per organisation


# ------------------------------------------------------------------------------ the organisations
def chosen(count: int) -> Iterator[tuple[int, str, pd.DataFrame]]:
    """So many organisations; large ones are among the first only, because each takes minutes."""
    taken = 0
    for number, (kind, membership) in enumerate(organisations(2 * count)):
        if number < _LARGE_AMONG or len(membership) <= _MOST_PEOPLE:
            yield number, kind, membership
            taken += 1
        if taken == count:
            return


def made_up(membership: pd.DataFrame, draw: np.random.Generator) -> Survey:
    """Four waves: some leave, some come, some move, and not everybody answers each time."""
    people = membership.set_axis([f"p{place:05d}" for place in range(len(membership))])
    tables, answers, count = [], [], len(people)
    for wave in WAVES:
        there = people[draw.random(len(people)) < draw.uniform(0.6, 1.0)]
        index = pd.MultiIndex.from_product([[wave], there.index], names=["wave", "respondent"])
        tables.append(there.set_axis(index))
        answers.append(answers_of(index, draw))
        rate = draw.choice([0.005, 0.03, 0.1])
        people = people[draw.random(len(people)) >= rate]
        moved = draw.random(len(people)) < rate
        if len(people):
            other = people.to_numpy()[draw.integers(0, len(people), int(moved.sum()))]
            people = people.copy()
            people.loc[moved] = other
            new = people.sample(int(draw.binomial(len(people), rate)), replace=True,
                                random_state=int(draw.integers(2**31)))  # fmt: skip
            new.index = pd.Index([f"p{count + place:05d}" for place in range(len(new))])
            count += len(new)
            people = pd.concat([people, new])
    return survey_of(pd.concat(tables), pd.concat(answers))


def answers_of(index: pd.Index, draw: np.random.Generator) -> pd.DataFrame:
    """Seven answers 1-7 of each person, who lean one way; a few leave everything out."""
    lean = draw.normal(4.5, 1.2, len(index))[:, None]
    drawn = np.clip(np.rint(draw.normal(lean, 1.2, (len(index), ITEMS))), 1, 7)
    drawn[draw.random(len(index)) < 0.01] = np.nan
    return pd.DataFrame(drawn, index=index, columns=[f"q{item}" for item in range(1, ITEMS + 1)])


def survey_of(people: pd.DataFrame, answers: pd.DataFrame) -> Survey:
    lenses = tuple(people.columns)
    items = tuple(Item(name, name) for name in answers)
    asked = Instrument(
        id="score", title="Score", kind="rating", about="", validity="", source="", licence="",
        low=1, high=7, favourable=(6, 7), items=items,
    )  # fmt: skip
    nothing = pd.DataFrame(columns=["wave", "from", "to"])
    return Survey(
        title="Made up", waves=tuple(dict.fromkeys(people.index.get_level_values("wave"))),
        lenses=lenses, adjust=(), instruments={"score": asked}, answers=answers,
        people=people.assign(responded=pd.array([True] * len(people), dtype="boolean")),
        ties=nothing, comments=pd.DataFrame(columns=["wave", "respondent", "text"]),
        import_log=pd.DataFrame(), matrix_lens={},
    )  # fmt: skip


# ---------------------------------------------------------------------------- what each rule shows
@dataclass(frozen=True)
class Release:
    """One wave of one organisation: its people with a score, the lattice, and the shown cells."""

    people: pd.DataFrame
    lattice: Lattice
    shown: np.ndarray


def releases(survey: Survey, rule: str, plan: ReportingPlan | None) -> dict[str, Release]:
    scores = score(survey)
    found = {}
    for wave in survey.waves:
        rows = scores.loc[scores.index.get_level_values("wave") == wave]
        people = rows.loc[rows["score"].notna(), list(survey.lenses)].droplevel("wave")
        lattice = lattice_of(people)
        if plan is None:
            choose = threshold_only if rule == RULES[0] else remainder_rule
            shown = choose(lattice, people)
        else:
            shown = shown_by(plan, wave, lattice)
        found[wave] = Release(people, lattice, shown)
    return found


def shown_by(plan: ReportingPlan, wave: str, lattice: Lattice) -> np.ndarray:
    """What `plan.apply` leaves of the scores of a wave."""
    names = lattice.names
    table = pd.DataFrame({
        "wave": wave, "lens": names["lens"], "unit": names["unit"], "scale": "score",
        "n": names["n"], "mean": 4.0,
    })  # fmt: skip
    after = plan.apply(table)
    shown = np.zeros(len(lattice.cells), bool)
    shown[names.loc[after["shown"].to_numpy(), CELL]] = True
    return shown


# ----------------------------------------------------------------------------------- the attackers
def subtraction(release: Release) -> int:
    """Something shown less the shown parts of one lens that lie in it."""
    lattice = release.lattice
    n = lattice.cells["n"].to_numpy()
    atoms = np.diff(lattice.matrix.indptr)
    outer = np.flatnonzero(release.shown & (lattice.cells["lenses"].to_numpy() < 2))
    common = (lattice.matrix @ lattice.matrix[outer].T).tocsc()
    lens = lattice.names[["lens", CELL]].drop_duplicates()
    found = 0
    for place, parent in enumerate(outer):
        inside = np.zeros(len(n), bool)
        rows = common.indices[common.indptr[place] : common.indptr[place + 1]]
        values = common.data[common.indptr[place] : common.indptr[place + 1]]
        inside[rows] = values == atoms[rows]
        inside[parent] = False
        for _, cells in lens.groupby("lens")[CELL]:
            parts = cells.to_numpy()[inside[cells.to_numpy()] & release.shown[cells.to_numpy()]]
            left = n[parent] - n[parts].sum()
            found += len(parts) > 0 and 0 < left < MIN_N
    return found


def unions(matrix: Any, sizes: np.ndarray, few: int = MIN_N) -> int:
    found = attack(matrix, sizes.astype(np.int64), few)
    return len(found.unions) + len(found.undecided)


def union(release: Release) -> int:
    return unions(release.lattice.matrix[np.flatnonzero(release.shown)], release.lattice.sizes)


def inside_job(release: Release, draw: np.random.Generator, together: int, tried: int) -> int:
    """One or two people who take their own answers away; most dangerous where cells are small."""
    lattice = release.lattice
    rows = lattice.matrix[np.flatnonzero(release.shown)]
    if len(release.people) <= together or not rows.shape[0]:
        return 0
    found = 0
    for _ in range(tried):
        lens = str(draw.choice(release.people.columns))
        first = int(draw.integers(len(release.people)))
        unit = release.people[lens].iloc[first]
        near = np.flatnonzero((release.people[lens] == unit).to_numpy())
        us = {first, *draw.choice(near, min(together, len(near)), replace=False).tolist()}
        us = sorted(us)[:together]
        own = lattice.atom[us]
        sizes = lattice.sizes - np.bincount(own, minlength=len(lattice.sizes))
        left = np.flatnonzero(sizes)
        matrix = sparse.hstack([rows[:, left], rows[:, own]], format="csr")
        # Whoever knows an answer may take it from any sum; a large atom is one nobody looks for.
        known = np.full(len(own), 10**6)
        found += unions(matrix, np.concatenate([sizes[left], known]), MIN_N - len(us))
    return found


def interval(release: Release, survey: Survey, wave: str, plan: ReportingPlan | None) -> int:
    """Hidden small cells whose mean is known within half a point from told means."""
    lattice = release.lattice
    if len(lattice.cells) > _MOST_CELLS:
        return 0
    n = lattice.cells["n"].to_numpy()
    rows = np.flatnonzero(release.shown)
    scores = score(survey).xs(wave, level="wave")["score"].reindex(release.people.index)
    sums = np.bincount(lattice.atom, weights=scores.to_numpy(), minlength=len(lattice.sizes))
    mean = (lattice.matrix @ sums)[rows] / n[rows]
    many = n[rows] >= 100
    told = np.where(many, mean.round(2), mean.round(1))
    half = np.where(many, 0.005, 0.05) + 1e-9
    low, high = told - half, told + half
    if plan is not None:  # a mean near an end stands for all beyond
        near = 4 / (ITEMS * n[rows])
        told = np.clip(mean, 1 + near, 7 - near)
        told = np.where(many, told.round(2), told.round(1))
        low = np.where(told - half <= 1 + near, 1, told - half)
        high = np.where(told + half >= 7 - near, 7, told + half)
    matrix = sparse.csr_array(lattice.matrix[rows], dtype=float)
    held = sparse.vstack([matrix, -matrix], format="csr")
    limits = np.concatenate([high * n[rows], -low * n[rows]])
    bounds = np.column_stack([lattice.sizes, 7 * lattice.sizes])
    found = 0
    few = np.flatnonzero(n < MIN_N)
    for cell in few[np.argsort(n[few], kind="stable")][-_INTERVALS:]:
        target = lattice.matrix[[cell]].toarray()[0].astype(float)
        ends = []
        for sign in (1, -1):
            answer = optimize.linprog(sign * target, A_ub=held, b_ub=limits, bounds=bounds)
            ends.append(sign * answer.fun if answer.status == 0 else sign * np.inf)
        found += (ends[1] - ends[0]) / n[cell] <= 0.5
    return found


def stacked(parts: list[tuple[Any, list[Any]]], n_columns: int) -> tuple[Any, np.ndarray]:
    """Rows over people, made to rows over people who stand in the same of them."""
    matrix = sparse.vstack([rows for rows, _ in parts], format="csc")
    draw = np.random.default_rng(7)
    keys = draw.integers(1, 2**62, (2, matrix.shape[0]))
    marks = np.column_stack([matrix.T @ key for key in keys])
    there = np.diff(matrix.indptr) > 0
    _, first, count = np.unique(marks[there], axis=0, return_index=True, return_counts=True)
    return sparse.csr_array(matrix[:, np.flatnonzero(there)[first]]), count


def rows_over(release: Release, everybody: pd.Index) -> Any:
    """The shown cells as rows over a list of people."""
    shown = np.flatnonzero(release.shown)
    place = everybody.get_indexer(release.people.index)
    atoms = sparse.csr_array(
        (np.ones(len(place), np.int64), (release.lattice.atom, place)),
        shape=(len(release.lattice.sizes), len(everybody)),
    )
    return release.lattice.matrix[shown] @ atoms


def late_answer(
    survey: Survey, rule: str, plan: ReportingPlan | None, first: Release, draw: np.random.Generator
) -> tuple[int, bool]:
    """The last wave once more, with one, two or six late answers; whether it was refused."""
    wave = survey.waves[-1]
    late = int(draw.choice([1, 2, 6]))
    here = survey.people.xs(wave, level="wave", drop_level=False)
    new = here.sample(late, replace=True, random_state=int(draw.integers(2**31)))
    index = pd.MultiIndex.from_product([[wave], [f"late{place}" for place in range(late)]],
                                       names=here.index.names)  # fmt: skip
    answers = survey.answers.xs(wave, level="wave", drop_level=False)
    people = pd.concat([here, new.set_axis(index)])
    again = survey_of(people[list(survey.lenses)], pd.concat([answers, answers_of(index, draw)]))
    later_plan = None if plan is None else plan_reporting(again, min_n=MIN_N)
    later = releases(again, rule, later_plan)[wave]
    if plan is not None and later_plan is not None:
        snapshots = [
            snapshot_of(each, score(each), each_plan, wave, linked=True, keyed=str)
            for each, each_plan in ((survey, plan), (again, later_plan))
        ]
        if given_away(snapshots[0], snapshots[1], MIN_N):
            return 0, True
    everybody = first.people.index.union(later.people.index)
    matrix, sizes = stacked(
        [(rows_over(first, everybody), []), (rows_over(later, everybody), [])], len(everybody)
    )
    return unions(matrix, sizes), False


def joiners(
    survey: Survey, plan: ReportingPlan | None, now: Release, then: Release, waves: tuple[str, str]
) -> int:
    """Both waves' means and the change of those who are in both.

    An answer of then counts as its negative, so that a change is a sum. Found out are few people of
    one wave, or few answers of those who came, left or moved.
    """
    rows = survey.people.index.get_level_values("wave").isin(waves)
    scores = score(survey).loc[rows]
    changes = compare_waves(scores, wave=waves[1], previous=waves[0])
    if plan is None:
        shown = changes.loc[changes["n"] >= MIN_N]
        open_cells = [cells_open(release) for release in (now, then)]
        keys = list(zip(shown["lens"], shown["unit"], strict=True))
        shown = shown.loc[[key in open_cells[0] and key in open_cells[1] for key in keys]]
    else:
        released = release_changes(changes, scores, plan)
        shown = released.loc[released["shown"] & (released["design"] == "linked")]
    everybody = now.people.index.union(then.people.index)
    linked = now.people.index.intersection(then.people.index)
    units = now.people.loc[linked]
    parts = []
    for lens, unit in zip(shown["lens"], shown["unit"], strict=True):
        members = linked if lens == "all" else linked[(units[lens] == unit).to_numpy()]
        parts.append(everybody.get_indexer(members))
    n = len(everybody)
    change = np.zeros((len(parts), n), np.int64)
    for place, members in enumerate(parts):
        change[place, members] = 1
    change = sparse.csr_array(change)
    of_now, of_then = rows_over(now, everybody), rows_over(then, everybody)
    matrix = sparse.vstack([
        sparse.hstack([of_now, sparse.csr_array(of_now.shape, dtype=np.int64)]),
        sparse.hstack([sparse.csr_array(of_then.shape, dtype=np.int64), of_then]),
        sparse.hstack([change, change]),
    ])  # fmt: skip
    place = [each.people.reindex(everybody) for each in (now, then)]
    moved = (place[0] != place[1]).any(axis=1).to_numpy()  # missing is not equal either
    every, nobody = np.ones(n, bool), np.zeros(n, bool)
    parts = (np.tile(moved, 2), np.append(every, nobody), np.append(nobody, every))
    published, sizes = sparse.csr_array(matrix), np.ones(2 * n, np.int64)
    found = [attack(published, sizes, MIN_N)]
    if len(found[0].undecided):  # given up: then what is looked for is searched part by part
        found = [attack(published, sizes, MIN_N, among=part) for part in parts]
    unions = {union for each in found for union in each.unions}
    real = [union for union in unions if any(part[list(union)].all() for part in parts)]
    return len(real) + sum(len(each.undecided) for each in found)


def cells_open(release: Release) -> set[tuple[str, str]]:
    names = release.lattice.names
    mine = names.loc[release.shown[names[CELL].to_numpy()], ["lens", "unit"]]
    return set(mine.itertuples(index=False, name=None))


# ------------------------------------------------------------------------------------ side by side
def attacked(number: int, kind: str, membership: pd.DataFrame) -> list[dict[str, Any]]:
    """Per rule: what each attacker found in an organisation, what was kept, how long it took."""
    rows = []
    survey = made_up(membership, np.random.default_rng([20269, number]))
    for rule in RULES:
        start = time.perf_counter()
        plan = plan_reporting(survey, min_n=MIN_N) if rule == RULES[2] else None
        took = time.perf_counter() - start
        rows.append(
            {"organisation": number, "kind": kind, "people": len(membership), "rule": rule}
            | attacked_one(survey, rule, plan, np.random.default_rng([20270, number]))
            | {"seconds": took}
        )
    print(number, kind, len(membership), flush=True)
    return rows


def attacked_one(
    survey: Survey, rule: str, plan: ReportingPlan | None, draw: np.random.Generator
) -> dict[str, float]:
    """What the eight attackers find in all waves of an organisation under one rule."""
    found: dict[str, float] = dict.fromkeys(ATTACKERS, 0)
    all_waves = releases(survey, rule, plan)
    big = len(all_waves[survey.waves[0]].people) > _MOST_PEOPLE
    tried = 1 if big else _TRIED
    for release in list(all_waves.values())[: 1 if big and plan is None else None]:
        found["subtraction"] += subtraction(release)
        found["Gauss"] += int(following(release.lattice, release.shown).sum())
        found["union"] += union(release)
        found["insider"] += inside_job(release, draw, 1, tried)
        found["coalition of two"] += inside_job(release, draw, 2, tried)
    first, last = survey.waves[0], survey.waves[-1]
    found["interval"] = interval(all_waves[first], survey, first, plan)
    late, refused = late_answer(survey, rule, plan, all_waves[last], draw)
    found["late answer"] = late
    for then, now in (
        () if big and plan is None else zip(survey.waves[:-1], survey.waves[1:], strict=True)
    ):
        found["joiners and leavers"] += joiners(
            survey, plan, all_waves[now], all_waves[then], (then, now)
        )
    large = [(r.lattice.cells["n"] >= MIN_N).to_numpy() for r in all_waves.values()]
    return found | {
        "refused": refused,
        "enough": sum(int(each.sum()) for each in large),
        "kept": sum(int(r.shown.sum()) for r in all_waves.values()),
    }


def table(found: pd.DataFrame) -> Iterator[str]:
    yield "| attacker | " + " | ".join(RULES) + " |\n|---|---|---|---|\n"
    for attacker in ATTACKERS:
        cells = []
        for rule in RULES:
            mine = found.loc[found["rule"] == rule, attacker]
            cells.append(f"{(mine > 0).mean():.1%} ({int(mine.sum()):,})")
        yield f"| {attacker} | " + " | ".join(cells) + " |\n"
    kept = []
    for rule in RULES:
        mine = found.loc[found["rule"] == rule]
        kept.append(f"{mine['kept'].sum() / mine['enough'].sum():.0%}")
    yield "| large-enough cells kept | " + " | ".join(kept) + " |\n"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with ProcessPoolExecutor(_PROCESSES) as pool:
        started = [pool.submit(attacked_or_kept, folder, *each) for each in chosen(count)]
        found = pd.DataFrame([row for each in started for row in each.result()])
    write(found, count)


def attacked_or_kept(
    folder: Path | None, number: int, kind: str, membership: pd.DataFrame
) -> list[dict[str, Any]]:
    """What `attacked` gives, kept in the folder so that a run cut short can be taken up again."""
    place = None if folder is None else folder / f"{number}.json"
    if place is not None and place.exists():
        return list(json.loads(place.read_text("utf-8")))
    rows = attacked(number, kind, membership)
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(rows, default=lambda value: value.item()), encoding="utf-8")
    return rows


def write(found: pd.DataFrame, count: int) -> None:
    """The table, from what was found in so many organisations."""
    refused = found.loc[found["rule"] == RULES[2], "refused"].mean()
    text = f"""# Eight attackers, three rules

`python benchmarks/disclosure_attacks.py {count}`. {found["organisation"].nunique()} made-up
organisations of {found["people"].min():,} to {found["people"].max():,} people over four waves,
`min_n` {MIN_N}; {(found.drop_duplicates("organisation")["people"] > _MOST_PEOPLE).sum()} of them
have more than {_MOST_PEOPLE:,} people.

In how many organisations an attacker finds the sum over fewer than {MIN_N} people in some wave, and
in brackets how many groups of people (of an attacker who asks for the smallest unions first).

{"".join(table(found))}
Attackers know who is in which unit in every wave, and no answer but their own. "Late answer": the
last wave is published again with one, two or six more people; the ledger refuses it in
{refused:.0%} of organisations, and only what it lets through is attacked. "Interval": the feasible
range of hidden cells from told means, in lattices of up to {_MOST_CELLS} cells, within half a
point. Of insiders and coalitions {_TRIED} a wave are tried, one where there are more than
{_MOST_PEOPLE:,} people; there the first two rules are attacked in the first and last wave only.
"""
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
