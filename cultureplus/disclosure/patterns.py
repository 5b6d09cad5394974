"""The patterns of a survey: per wave, which cells may be shown of whom.

One pattern for the respondents of a wave; per instrument one within it for the scores, and one
within that for the single questions. Each is worked out when it is first asked for and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from cultureplus import columns as c
from cultureplus.disclosure.answering import Question, questions_of, who_answered
from cultureplus.disclosure.lattice import CELL, Lattice, lattice_of
from cultureplus.disclosure.reasons import hidden_below
from cultureplus.disclosure.suppress import narrowed, suppress
from cultureplus.survey import Survey

Flags = npt.NDArray[np.bool_]
Cell = tuple[str, str]  # lens, unit


_NAMES = [c.LENS, c.UNIT, c.N, c.SHOWN, c.REASON]


class Patterns:
    """What may be shown of a survey's waves."""

    def __init__(self, survey: Survey, min_n: int) -> None:
        self._survey = survey
        self._min_n = min_n
        self._people: dict[str, pd.DataFrame] = {}
        self._lattices: dict[str, Lattice] = {}
        self._respondents: dict[str, pd.DataFrame] = {}
        self._shown: dict[tuple[str, str, bool], Flags] = {}
        self._there: dict[tuple[str, str, bool], Mapping[str, Flags]] = {}
        self._counts: dict[tuple[str, str], Mapping[Cell, int]] = {}
        self.lenses = survey.lenses
        self.questions: dict[str, Question] = questions_of(survey)

    def knows(self, instrument: str) -> bool:
        """Whether the survey has asked an instrument of this name."""
        return instrument in self._survey.instruments

    def people(self, wave: str) -> pd.DataFrame:
        """The respondents of a wave by name, and their units."""
        if wave not in self._people:
            rows = self._survey.people
            answered = rows[c.RESPONDED].fillna(value=True).astype("bool").to_numpy()
            here = answered & (rows.index.get_level_values(c.WAVE) == wave)
            found = rows.loc[here, list(self._survey.lenses)].droplevel(c.WAVE)
            self._people[wave] = found
        return self._people[wave]

    def respondents(self, wave: str) -> pd.DataFrame:
        """Every cell of a wave: lens, unit, n, shown, reason."""
        if wave not in self._respondents:
            found = suppress(self._lattice(wave), self._min_n)
            nobody = [[c.ALL, c.ALL, 0, False, hidden_below(self._min_n)]]
            self._respondents[wave] = found if len(found) else pd.DataFrame(nobody, columns=_NAMES)
        return self._respondents[wave]

    def hidden(self, wave: str, instrument: str, *, single: bool) -> set[Cell]:
        """The cells whose scores (or single questions) of an instrument may not be shown."""
        names = self._lattice(wave).names
        shown = self._answered(wave, instrument, single=single)[names[CELL].to_numpy()]
        gone = names.loc[~shown, [c.LENS, c.UNIT]]
        return {(str(lens), str(unit)) for lens, unit in gone.itertuples(index=False)}

    def counts(self, wave: str, instrument: str, column: str) -> Mapping[Cell, int]:
        """How many people of each cell have a value in a column; empty for no such column."""
        key = (wave, column)
        if key not in self._counts:
            there = self._columns(wave, instrument, single=False)
            if column not in there:
                there = self._columns(wave, instrument, single=True)
            self._counts[key] = self._counted(wave, there[column]) if column in there else {}
        return self._counts[key]

    def sums(self, wave: str, instrument: str, people: pd.Index) -> Any:
        """The cells shown of an instrument's scores as rows of zeros and ones over some people.

        `people`: those who have a score; who did not respond in this wave is in no cell. Returns a
        sparse matrix, shown cells x people.
        """
        lattice = self._lattice(wave)
        shown = (
            self._answered(wave, instrument, single=False)
            if self.knows(instrument)
            else self._open(wave)
        )
        place = self.people(wave).index.get_indexer(people)
        there = np.flatnonzero(place >= 0)
        atoms = sparse.csr_array(
            (np.ones(len(there), np.int64), (lattice.atom[place[there]], there)),
            shape=(len(lattice.sizes), len(people)),
        )
        return sparse.csr_array(lattice.matrix[np.flatnonzero(shown)] @ atoms)

    def _open(self, wave: str) -> Flags:
        """Per cell of the lattice, whether it is shown of all respondents."""
        lattice, table = self._lattice(wave), self.respondents(wave)
        shown = np.zeros(len(lattice.cells), np.bool_)
        shown[lattice.names.loc[table[c.SHOWN].to_numpy(), CELL]] = True
        return shown

    def _counted(self, wave: str, there: Flags) -> Mapping[Cell, int]:
        lattice = self._lattice(wave)
        n = np.asarray(lattice.matrix @ _per_atom(lattice, there), np.int64)
        names = lattice.names
        n = n[names[CELL].to_numpy()]
        return dict(zip(zip(names[c.LENS], names[c.UNIT], strict=True), n.tolist(), strict=True))

    def _lattice(self, wave: str) -> Lattice:
        if wave not in self._lattices:
            self._lattices[wave] = lattice_of(self.people(wave))
        return self._lattices[wave]

    def _columns(self, wave: str, instrument: str, *, single: bool) -> Mapping[str, Flags]:
        key = (wave, instrument, single)
        if key not in self._there:
            people = self.people(wave).index
            self._there[key] = who_answered(self._survey, people, wave, instrument, single=single)
        return self._there[key]

    def _answered(self, wave: str, instrument: str, *, single: bool) -> Flags:
        """Per cell of the lattice, whether scores or single questions may be shown of it."""
        key = (wave, instrument, single)
        if key not in self._shown:
            lattice = self._lattice(wave)
            wider = self._answered(wave, instrument, single=False) if single else None
            shown = self._open(wave) if wider is None else wider
            columns = self._columns(wave, instrument, single=single).values()
            for there in {column.tobytes(): column for column in columns}.values():
                if there.any() and not there.all():
                    shown = narrowed(lattice, shown, _per_atom(lattice, there), self._min_n)
            self._shown[key] = shown
        return self._shown[key]


def _per_atom(lattice: Lattice, there: Flags) -> npt.NDArray[np.int64]:
    """How many people of each atom are among those flagged."""
    return np.bincount(lattice.atom[there], minlength=len(lattice.sizes)).astype(np.int64)
