"""One organisation, surveyed for some waves: the parts put together.

`organisation` draws everything from one seed; the `Simulation` that it gives back holds who was
invited, what was answered, who works with whom, the latent values behind the answers, and the
truth in numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cultureplus import columns
from cultureplus.errors import InputError, did_you_mean
from cultureplus.instrument import Instrument, load_instruments
from cultureplus.simulate import files, model, truths
from cultureplus.simulate.latents import draw_latents, draw_programme
from cultureplus.simulate.responses import CARELESS, QUESTIONS, SEEN, Care, draw_answers
from cultureplus.simulate.roster import TENURE, UNITS, draw_roster
from cultureplus.simulate.talk import draw_comments, draw_ties

COMMENT = "comment"


@dataclass(frozen=True)
class Simulation:
    """A made-up organisation and its survey.

    people: wave, respondent, function, location, level, team, tenure_years; one row per person
        invited and wave.
    answers: wave, respondent, seconds, language, then a column per question, then comment; one
        row per respondent and wave, answers as exported (reversed items not turned), NaN where
        there is none. Select-all columns are 1 or 0, or NaN where the question was skipped.
    ties: wave, from, to; empty where ties were not asked.
    comments: wave, respondent, language, text.
    latents: wave, respondent, then a column per construct and subscale (standard deviations
        within the organisation); one row per person invited and wave.
    truth: what was put in, and what it came to, as nested tables of numbers.
    """

    people: pd.DataFrame
    answers: pd.DataFrame
    ties: pd.DataFrame
    comments: pd.DataFrame
    latents: pd.DataFrame
    truth: Mapping[str, Any]
    instruments: Mapping[str, Instrument] = field(repr=False)
    seed: int
    waves: tuple[str, ...]
    people_file: bool = True
    columns_seen: tuple[int, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        return (
            f"Simulation(seed {self.seed}: {len(self.waves)} waves, {len(self.people)} "
            f"invitations, {len(self.answers)} respondents)"
        )

    def write(self, folder: str | Path, *, kind: str = "qualtrics", note: str = "") -> Path:
        """Write the raw files of the survey into a folder and give back its path.

        `kind`: "qualtrics" (three header rows, codes for what was seen and left out, answer texts
        for one instrument) or "plain" (one header row, numbers). `note`: a sentence to add to the
        README. The same simulation gives the same bytes; files of other names that are in the
        folder stay. Raises `InputError` for another kind.
        """
        if kind not in files.KINDS:
            raise InputError(
                f"There is no kind of export '{kind}'.",
                possible=files.KINDS,
                fix=did_you_mean(kind, files.KINDS),
            )
        return files.write_survey(
            Path(folder),
            kind=kind,
            seed=self.seed,
            waves=self.waves,
            people=self.people,
            answers=self.answers,
            seen=self.columns_seen,
            ties=self.ties,
            instruments=self.instruments,
            truth=self.truth,
            people_file=self.people_file,
            note=note,
        )


def organisation(
    *,
    seed: int,
    people: int = 1200,
    waves: Sequence[str] = ("2025Q4", "2026Q1", "2026Q2", "2026Q3"),
    teams: int | None = None,
    functions: int = 8,
    locations: int = 4,
    team_sizes: tuple[int, int] = (3, 25),
    response_rate: float = 0.70,
    careless: float = 0.04,
    missing: float = 0.02,
    break_off: float = 0.015,
    turnover: float = 0.04,
    participants: int | None = None,
    comments: float = 0.25,
    ties: bool = True,
    anonymous: bool = False,
    people_file: bool = True,
    instruments: Sequence[str] | None = None,
) -> Simulation:
    """Draw an organisation with known truth and survey it once per wave.

    seed: a whole number from 0; the same seed gives the same organisation everywhere.
    people: invited at a time. teams: how many (about one for eleven people where not said), each
    in one of `functions` (1-8) and mostly in one of `locations` (1-4), of `team_sizes` people.
    response_rate, careless, break_off, comments: shares of invited or of respondents (0-1);
    missing: share of answers left out (0-1); turnover: share of people who leave, who join and
    who move between two waves (0-1). participants: people in the programme (a tenth where not
    said). anonymous: each wave gives everybody a new key. people_file: whether there is a file of
    all invited, or the units stand in the export. instruments: ids asked, all where not said.

    Raises `InputError` for a number out of its range, for people that do not fit into the teams,
    and for an instrument that the simulator does not know.

    >>> small = organisation(seed=1, people=60, teams=8, functions=3, waves=["2026Q3"])
    >>> small.people["team"].nunique(), len(small.people)
    (8, 60)
    """
    shares = {
        "response_rate": response_rate, "careless": careless, "missing": missing,
        "break_off": break_off, "turnover": turnover, "comments": comments,
    }  # fmt: skip
    _check(seed, waves, shares)
    asked = _asked(instruments)
    roster = draw_roster(
        seed,
        people=people,
        waves=tuple(waves),
        teams=max(functions, round(people / 11)) if teams is None else teams,
        functions=functions,
        locations=locations,
        team_sizes=team_sizes,
        turnover=turnover,
        anonymous=anonymous,
    )
    wanted = round(people / 10) if participants is None else participants
    programme = draw_programme(seed, roster, wanted)
    subscales: dict[str, list[str]] = {}
    for name, instrument in asked.items():
        if name in model.CONSTRUCTS:
            subscales[name] = [f"{name}.{each}" for each in instrument.subscales]
    latents = draw_latents(seed, roster, programme, subscales)
    care = Care(response_rate, careless, missing, break_off)
    answers = draw_answers(seed, roster, latents, programme, asked, care)

    keys = [columns.WAVE, columns.RESPONDENT]
    frame = pd.concat([roster.rows[keys], pd.DataFrame(latents)], axis=1)
    safety = answers[keys].merge(frame, on=keys, how="left")[model.SAFETY]
    levels = answers[keys].merge(roster.rows, on=keys, how="left")["level_no"]
    n_columns = int(answers[SEEN].max()) if len(answers) else 0
    texts = draw_comments(
        seed,
        answers[columns.LANGUAGE].tolist(),
        np.asarray(safety, dtype=np.float64),
        np.asarray(levels, dtype=np.float64),
        np.asarray((answers[SEEN] == n_columns) & ~answers[CARELESS]),
        comments,
    )
    tied = draw_ties(seed, roster, answers) if ties else _no_ties()
    truth = truths.truth_of(
        seed, roster, frame, answers, programme, asked, shares, anonymous=anonymous
    )
    said = answers[[*keys, columns.LANGUAGE]].assign(**{columns.TEXT: texts})
    return Simulation(
        people=roster.rows[[*keys, *UNITS, TENURE]],
        answers=answers.drop(columns=[SEEN, CARELESS]).assign(**{COMMENT: texts}),
        ties=tied,
        comments=said[said[columns.TEXT] != ""].reset_index(drop=True),
        latents=frame,
        truth=truth,
        instruments=asked,
        seed=seed,
        waves=tuple(waves),
        people_file=people_file,
        columns_seen=tuple(int(value) for value in answers[SEEN]),
    )


def _no_ties() -> pd.DataFrame:
    names = (columns.WAVE, columns.FROM, columns.TO)
    return pd.DataFrame({name: [] for name in names}, dtype="str")


def _check(seed: int, waves: Sequence[str], shares: Mapping[str, float]) -> None:
    if seed < 0:
        raise InputError("'seed' is a whole number from 0.", found=seed)
    if not waves or len(set(waves)) != len(waves):
        raise InputError("'waves' names each wave once, in order of time.", found=list(waves))
    for name, share in shares.items():
        if not 0 <= share <= 1 or math.isnan(share):
            raise InputError(f"'{name}' is a share between 0 and 1.", found=share)


def _asked(names: Sequence[str] | None) -> dict[str, Instrument]:
    known = load_instruments()
    for name in names or ():
        if name not in QUESTIONS:
            raise InputError(
                f"The simulator knows no truth about the instrument '{name}'.",
                possible=QUESTIONS,
                fix=did_you_mean(name, QUESTIONS),
            )
    return {name: known[name] for name in QUESTIONS if names is None or name in names}
