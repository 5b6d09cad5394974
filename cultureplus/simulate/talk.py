"""Whom people work with, and what they write in the box for comments.

Colleagues are named mostly from one's own team, then one's function, then one's location. A
comment is put together from invented sentences, in English or German; how often it says "we"
rather than "I" depends on the writer's level and on how safe the writer feels. No sentence names
a person or a unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cultureplus import columns
from cultureplus.simulate import model
from cultureplus.simulate.draws import Draws, Flags, Floats
from cultureplus.simulate.roster import Roster

_SENTENCES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "EN": {
        "we": (
            "We talk openly about what is not working",
            "We share what we have learned with other departments",
            "We find time to help one another out",
            "We decide once everybody has spoken",
            "In our meetings we ask first and judge later",
            "We look after our handovers before they hurt",
        ),
        "I": (
            "I often hear about changes too late",
            "I try to ask before I assume",
            "I would like more time with people outside my own area",
            "I sort out most handovers on my own",
            "I keep my doubts to myself in large meetings",
            "I learned a lot from a day with another department",
        ),
        "neither": (
            "Meetings are shorter than a year ago",
            "Handovers between departments still take too long",
            "Decisions are made far away from the work",
            "More time for one another would do a lot of good",
            "The goals for next year are not clear yet",
            'There is much talk of "working together", less of how',
        ),
        "ending": (
            "", "", "", ", and that helps", ", most of the time", ", at least on good days",
            ", which was different a year ago",
        ),
    },
    "DE": {
        "we": (
            "Wir sprechen offen an, was nicht läuft",
            "Wir teilen mit anderen Bereichen, was wir gelernt haben",
            "Wir nehmen uns Zeit füreinander",
            "Wir entscheiden erst, wenn alle gesprochen haben",
            "In unseren Besprechungen fragen wir zuerst",
            "Wir kümmern uns früh um die Übergaben",
        ),
        "I": (
            "Ich erfahre Änderungen oft zu spät",
            "Ich versuche zu fragen, bevor ich urteile",
            "Ich hätte gern mehr Zeit mit Menschen außerhalb meines Bereichs",
            "Ich kläre die meisten Übergaben allein",
            "Ich behalte meine Zweifel in großen Runden für mich",
            "Ich habe an einem Tag in einem anderen Bereich viel gelernt",
        ),
        "neither": (
            "Die Besprechungen sind kürzer als vor einem Jahr",
            "Übergaben zwischen den Bereichen dauern noch immer zu lange",
            "Entscheidungen fallen weit weg von der Arbeit",
            "Mehr Zeit füreinander täte allen gut",
            "Die Ziele für das nächste Jahr sind noch nicht klar",
            "Es wird viel von „Zusammenarbeit“ gesprochen, weniger vom Wie",
        ),
        "ending": ("", "", "", ", und das hilft", ", meistens jedenfalls", ", an guten Tagen"),
    },
}  # fmt: skip


def draw_comments(
    seed: int,
    languages: Sequence[str],
    safety: Floats,
    levels: Floats,
    may_write: Flags,
    share: float,
) -> list[str]:
    """A comment per respondent, or an empty text."""
    draws = Draws(seed, "comments")
    n = len(languages)
    writes = (draws.uniform(n) < share) & may_write
    chance = model.WE["base"] + model.WE["psychological_safety"] * safety
    chance = np.clip(chance + model.WE["level"] * levels, 0.02, 0.95)
    comments = []
    for row in range(n):
        if not writes[row]:
            comments.append("")
            continue
        book = _SENTENCES[languages[row]]
        said: list[str] = []
        for _ in range(1 + draws.pick(3)):
            sentence = _sentence(draws, book, float(chance[row]))
            if sentence not in said:
                said.append(sentence)
        # A few press Enter between sentences: a comment may have lines.
        comments.append(("\n" if draws.pick(12) == 0 else " ").join(said))
    return comments


def _sentence(draws: Draws, book: Mapping[str, Sequence[str]], chance: float) -> str:
    speaks, other = draws.uniform(2).tolist()
    kind = "we" if speaks < chance else "I" if other < model.I_OF_THE_REST else "neither"
    opening = book[kind][draws.pick(len(book[kind]))]
    return opening + book["ending"][draws.pick(len(book["ending"]))] + "."


def draw_ties(seed: int, roster: Roster, answered: pd.DataFrame) -> pd.DataFrame:
    """Whom respondents of the first and the last wave name: columns wave, from, to.

    Two to six colleagues each, also such as did not answer themselves; nobody twice.
    """
    tables = []
    for wave in dict.fromkeys((roster.waves[0], roster.waves[-1])):
        rows = roster.rows[roster.rows[columns.WAVE] == wave].reset_index(drop=True)
        here = set(answered.loc[answered[columns.WAVE] == wave, columns.RESPONDENT])
        tables.append(_ties_of(Draws(seed, f"ties {wave}"), rows, here, wave))
    return pd.concat(tables, ignore_index=True)


def _ties_of(draws: Draws, rows: pd.DataFrame, here: set[str], wave: str) -> pd.DataFrame:
    keys = list(rows[columns.RESPONDENT])
    codes = {
        "same team": rows["team_no"].tolist(),
        "same function": rows["function_no"].tolist(),
        "same location": rows["location_no"].tolist(),
        "anyone": [0] * len(rows),
    }
    members: dict[str, dict[int, list[int]]] = {kind: {} for kind in codes}
    for kind, values in codes.items():
        for row, code in enumerate(values):
            members[kind].setdefault(code, []).append(row)
    cuts, kinds, total = [], list(model.TIE_KINDS), 0.0
    for kind in kinds:
        total += model.TIE_KINDS[kind]
        cuts.append(total)
    cuts[-1] = 1.0
    pairs: list[tuple[str, str]] = []
    for row, key in enumerate(keys):
        if key not in here:
            continue
        named: list[int] = []
        for _ in range(2 + draws.pick(5)):
            chance = float(draws.uniform(1)[0])
            kind = kinds[sum(chance >= cut for cut in cuts)]
            group = members[kind][codes[kind][row]]
            # A small team is soon used up: whoever is alone or already named costs a nomination.
            other = group[draws.pick(len(group))]
            if other != row and other not in named:
                named.append(other)
        pairs += [(key, keys[other]) for other in sorted(named)]
    return pd.DataFrame(
        {
            columns.WAVE: [wave] * len(pairs),
            columns.FROM: [pair[0] for pair in pairs],
            columns.TO: [pair[1] for pair in pairs],
        },
        dtype="str",
    )
