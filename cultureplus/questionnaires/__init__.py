"""Questionnaires out: an instrument as a file that a survey tool imports.

One file a target. All of them write the same pages, with codes such that the tool's export is read
again without a mapping in survey.toml (`cultureplus.tool_columns` knows what each tool makes of a
code).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cultureplus.errors import InputError, did_you_mean
from cultureplus.instrument import instrument_or_error, load_instruments
from cultureplus.questionnaires import limesurvey, markdown, qualtrics, xlsform
from cultureplus.questionnaires.pages import one_line, pages_of

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
_NO_TITLE = frozenset('<>{}[]$"\\')  # each is a mark in one of the formats


@dataclass(frozen=True)
class Target:
    """One tool: its name, the ending of its files, what writes them, how answers come back.

    `kind`: of its exports in survey.toml; `back`: how to export. Both blank where nothing does.
    """

    title: str
    ending: str
    write: Callable[..., bytes]
    kind: str = ""
    back: str = ""


TARGETS: Mapping[str, Target] = {
    "qualtrics": Target("Qualtrics", ".txt", qualtrics.write, "qualtrics", qualtrics.BACK),
    "limesurvey": Target("LimeSurvey", ".txt", limesurvey.write, "limesurvey", limesurvey.BACK),
    "xlsform": Target("KoboToolbox or ODK", ".xlsx", xlsform.write, "plain", xlsform.BACK),
    "markdown": Target("Markdown", ".md", markdown.write),
}


def write_questionnaire(
    names: Sequence[str],
    *,
    to: str,
    out: str | Path | None = None,
    instruments: Sequence[str | Path] = (),
    units: Sequence[str] = (),
    form: str = "full",
    title: str = "Survey",
    language: str = "en",
) -> Path:
    """Write instruments as a questionnaire that a survey tool imports; returns the file.

    `names`: ids of instruments, in the order in which they are asked; `to`: "qualtrics"
    (Advanced Format TXT), "limesurvey" (tab-separated survey structure), "xlsform" (workbook) or
    "markdown"; `out`: the file (default: `questionnaire_<to>` in the current folder), never
    written over; `instruments`: instrument files of your own; `units`: the units that a matrix
    instrument rates; `form`: "full" or "pulse", which shortens the rated instruments; `title`,
    `language`: of the survey, where the format has a place for them.

    The codes of items, options and units are such that the export is read without a mapping.
    Answers carry the instrument's labels, or where it has none their numbers, the ends marked as
    lowest and highest. Nothing is mandatory. Raises `InputError` for an instrument whose wording
    is not here, for units that are lacking, and for a text that a format cannot hold.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = write_questionnaire(["psychological_safety"], to="markdown", form="pulse",
    ...                            out=folder.name + "/pulse.md")
    >>> print(path.read_text(encoding="utf-8").splitlines()[2])
    ## Psychological safety
    >>> folder.cleanup()
    """
    if to not in TARGETS:
        raise InputError(
            f"Questionnaires are not written for '{to}'.",
            possible=TARGETS,
            fix=did_you_mean(to, TARGETS),
        )
    if not _LANGUAGE.fullmatch(language):
        raise InputError("A language is a code.", found=language, possible=["en", "de", "pt-BR"])
    title = one_line(title)
    if not title or _NO_TITLE & set(title) or title.startswith(("=", "+", "-", "@")):
        raise InputError(
            "This can't be a survey's title.",
            found=title or "nothing",
            fix=f"leave out {' '.join(sorted(_NO_TITLE))}, and begin with a letter or digit",
        )
    known = load_instruments(*instruments)
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"'{name}' would be asked twice.", fix="name it once")
    if not names:
        raise InputError("No instrument is named.", possible=sorted(known))
    asked = [instrument_or_error(known, name) for name in names]
    target = TARGETS[to]
    path = Path(f"questionnaire_{to}{target.ending}" if out is None else out)
    if path.suffix.lower() != target.ending:
        raise InputError(
            f"A questionnaire for {target.title} ends in {target.ending}.",
            found=path.suffix or "no ending",
            fix=f"name it {path.stem}{target.ending}",
        )
    if path.exists():
        raise InputError(f"{path} is there already.", fix="name another file, or remove this one")
    pages = pages_of(asked, units=units, form=form, language=language)
    content = target.write(pages, title=title, language=language)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.rename(path)
    except OSError as problem:
        raise InputError(
            f"{path} can't be written.", found=problem.strerror, fix="name a folder that is there"
        ) from None
    return path


def back_again(
    names: Sequence[str], *, to: str, instruments: Sequence[str | Path] = (), form: str = "full"
) -> str:
    r"""How the answers to such a questionnaire come back: what to export, what survey.toml says.

    Blank where nothing comes back. The arguments are those of `write_questionnaire`.

    >>> print(back_again(["seam_rating"], to="xlsform").partition(":")[2].split("\n", 1)[1])
      kind = "plain"
      [instruments.seam_rating]
      lens = "..."  # the lens whose units were named
    """
    target = TARGETS[to]
    if not target.kind:
        return ""
    known = load_instruments(*instruments)
    lines = [f"once answers are in, {target.back}; survey.toml says:"]
    lines.append(f'  kind = "{target.kind}"')
    if instruments:
        files = ", ".join(f'"{Path(each).name}"' for each in instruments)
        lines.append(f"  instrument_files = [{files}]  # copied beside survey.toml")
    for name in names:
        kind = instrument_or_error(known, name).kind
        lines.append(f"  [instruments.{name}]")
        lines += ['  form = "pulse"'] if form == "pulse" and kind == "rating" else []
        lines += ['  lens = "..."  # the lens whose units were named'] if kind == "matrix" else []
    return "\n".join(lines)
