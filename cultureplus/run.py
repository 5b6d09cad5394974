"""The quarterly run: from a survey to a folder that can be forwarded.

First the whole input is read and checked; then each notebook is executed in order; then the report,
the tables, the key numbers and the manifest are written. Everything is written into a folder beside
the target and takes its place at the very end, so that at every moment either the earlier report
or the new one stands there whole, whatever happens.
Before any notebook runs, the wave is held against what the release ledger knows of earlier
releases; it is entered there when the report is in place.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import nbformat

from cultureplus.disclosure.ledger import (
    Admission,
    admit,
    alone_in,
    put_in_place,
    read_ledger,
    write_next,
)
from cultureplus.disclosure.plan import LOWEST_MIN_N
from cultureplus.disclosure.snapshots import snapshot_of
from cultureplus.errors import InputError, NotebookFailed
from cultureplus.guesses import refuse_guesses
from cultureplus.manifest import files_in, read_manifest, sha256, write_manifest
from cultureplus.notebooks_run import execute, read_notebook, with_parameters
from cultureplus.quarter import Quarter, open_quarter
from cultureplus.released import key_numbers, unique_tables, write_tables
from cultureplus.report import Chapter, published_tables, write_report
from cultureplus.settings import Settings, read_settings
from cultureplus.spelling import slug

REPORT = "report.html"
_NEAR = 4  # folders up: notebooks, wave, reports, project
_AT_ONCE = 2  # notebooks do not need one another; more than two kernels want a larger machine
_CHECKPOINTS = ".ipynb_checkpoints/"  # JupyterLab leaves them where a notebook was opened
_FIRST = "report"  # the chapter that is executed last and read first
_HERE, _SWAP = -100, 2  # as the system's own headers have it: from this folder on; change places


def notebooks_folder() -> Path:
    """Where the notebooks are: in the package, or at the top of a checkout."""
    inside = Path(str(resources.files("cultureplus"))) / "notebooks"
    return inside if inside.is_dir() else inside.parent.parent / "notebooks"


def lay_out(folder: Path, *, survey: str) -> None:
    """Copy the notebooks into a folder, their outputs cleared, reading the survey named."""
    for path in sorted(notebooks_folder().glob("*.ipynb")):
        notebook = with_parameters(read_notebook(path), {"survey": survey}, name=path.name)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, folder / path.name)


def run_quarter(
    survey: str | Path,
    *,
    wave: str | None = None,
    out: str | Path | None = None,
    min_n: int = LOWEST_MIN_N,
    notebooks: str | Path | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Run every notebook on a wave of a survey and write the report's folder.

    `survey`: survey.toml or its folder; `wave`: default the last; `out`: default reports/<wave>;
    `notebooks`: a folder of your own notebooks. Returns the path of report.html. Raises
    `InputError` before anything is written where the input is not as declared, and
    `NotebookFailed` where a notebook stops; then the partial notebooks stand in `<out>.failed`. The
    release ledger stands in the folder that holds `out`: a wave that together with its earlier
    release would give a few people away is refused, as is a lower `min_n` than before.
    """
    source = Path(notebooks) if notebooks is not None else notebooks_folder()
    paths = sorted(source.glob("*.ipynb"))
    if not paths:
        raise InputError(f"There are no notebooks in {source}.", fix="cultureplus new FOLDER")
    steps = len(paths) + 2
    say(f"step 1 of {steps}: reading and checking {survey}")
    declared = read_settings(survey)
    refuse_guesses(declared.files)
    given = _hashes(declared)
    quarter = open_quarter(survey, wave=wave, min_n=min_n)
    target = Path(out) if out is not None else Path("reports") / slug_of(quarter.wave)
    _refuse_foreign(target, declared.folder)
    with _releasing(target, quarter, declared) as (folder, admitted):
        (folder / "notebooks").mkdir()
        where = _relative(Path(survey).resolve(), folder.resolve() / "notebooks")
        settings = {"survey": where, "wave": quarter.wave, "min_n": min_n}
        ready = {
            path: with_parameters(read_notebook(path), settings, name=path.name) for path in paths
        }
        chapters = []
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            started = {
                pool.submit(execute, notebook, folder=folder / "notebooks", name=path.name): path
                for path, notebook in ready.items()
            }
            try:
                for step, done in enumerate(as_completed(started), start=2):
                    path = started[done]
                    executed = done.result()
                    executed = with_parameters(executed, {"survey": _shown(where)}, name=path.name)
                    nbformat.write(executed, folder / "notebooks" / path.name)
                    chapters.append(Chapter(path.stem, executed))
                    say(f"step {step} of {steps}: {path.stem.replace('_', ' ')}")
            except BaseException as problem:  # also a person who stops the run
                pool.shutdown(wait=True, cancel_futures=True)
                if isinstance(problem, NotebookFailed):
                    nbformat.write(problem.notebook, folder / "notebooks" / path.name)
                raise
        chapters.sort(key=lambda chapter: chapter.name)
        say(f"step {steps} of {steps}: writing the report and the tables")
        _write(
            folder,
            quarter,
            chapters,
            settings={"wave": quarter.wave, "min_n": min_n},
            declared=declared,
            release=admitted.named,
        )
        if _hashes(declared) != given:
            # The notebooks read them too; what they published might not be what was admitted.
            raise InputError(
                "A file of the survey was changed while the run was at work.",
                fix="run the quarter again",
            )
    for line in admitted.lines:
        say(line)
    return target / REPORT


def slug_of(wave: str) -> str:
    """A wave's name as a folder's; ordinary names stay as they are."""
    return wave if wave.replace("-", "").replace("_", "").isalnum() else slug(wave)


@contextmanager
def _releasing(
    target: Path, quarter: Quarter, declared: Settings
) -> Iterator[tuple[Path, Admission]]:
    """A new folder for a wave that may be released; when all went well, report and ledger stand."""
    with alone_in(target.parent):
        admitted = _admitted(quarter, declared, target.parent)
        with _beside(target) as folder:
            yield folder, admitted
            if admitted.is_new:
                write_next(target.parent, admitted.ledger)
        put_in_place(target.parent)


def _admitted(quarter: Quarter, declared: Settings, folder: Path) -> Admission:
    """What the ledger says to this wave and to the one before it, whose answers make the change."""
    ledger = read_ledger(folder)
    linked = "respondent" in declared.columns
    snapshots = [
        snapshot_of(
            quarter.history, quarter.score_history, quarter.plan, wave,
            linked=linked, keyed=ledger.keyed, salt=declared.salt,
        )
        for wave in quarter.history.waves[-2:]
    ]  # fmt: skip
    return admit(ledger, quarter.history.title, snapshots)


def _hashes(declared: Settings) -> dict[Path, str]:
    """What the survey's files hold; one that is not there is said when it is read."""
    return {path: sha256(path) for path in declared.files if path.is_file()}


def _write(
    folder: Path,
    quarter: Quarter,
    chapters: list[Chapter],
    *,
    settings: dict[str, object],
    declared: Settings,
    release: dict[str, object],
) -> None:
    ordered = sorted(chapters, key=lambda chapter: not chapter.name.endswith(_FIRST))
    title = quarter.history.title
    subtitle = f"Wave {quarter.wave}"
    page = write_report(ordered, title=title, subtitle=subtitle)
    (folder / REPORT).write_text(page, encoding="utf-8")
    tables = unique_tables(
        [table for chapter in ordered for table in published_tables(chapter.notebook)]
    )
    write_tables(folder / "tables", tables)
    parameters = {"title": title, **settings}
    (folder / "key_numbers.json").write_text(key_numbers(tables, parameters), encoding="utf-8")
    inputs = told(declared.files, declared.folder)
    write_manifest(folder, inputs=inputs.items(), parameters=parameters, release=release)


def told(files: Iterable[Path], folder: Path) -> dict[str, Path]:
    """Input files by name as a released manifest may tell it: seen from the survey's folder.

    Of a file that lies elsewhere only its own name is told, not the way to it.
    """
    found: dict[str, Path] = {}
    for path in files:
        name = _relative(path, folder)
        if name.startswith("..") or Path(name).is_absolute():
            same = sum(Path(each).name == path.name for each in found)
            name = f"elsewhere/{path.name}" if not same else f"elsewhere/{same + 1}/{path.name}"
        found[name] = path
    return found


def _shown(where: str) -> str:
    """The way to the survey as a released notebook may tell it.

    A short way lets the notebook be run again where it stands; a long one would tell the folders,
    and so perhaps the names, of somebody's machine.
    """
    near = where.startswith("..") and where.split("/").count("..") <= _NEAR
    return where if near else Path(where).name


def _relative(path: Path, start: Path) -> str:
    """The way from a notebook to the survey, so that the executed notebook can be run again."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _refuse_foreign(target: Path, survey: Path) -> None:
    """Only a folder that an earlier run made, with nothing put into it since, is replaced."""
    place = target.resolve()
    if place in (Path.cwd(), *Path.cwd().parents, survey.resolve(), *survey.resolve().parents):
        raise InputError(
            f"{target} can't be the report's folder: work is done in it, or the survey is in it.",
            fix="name a folder of its own with --out",
        )
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file.", fix="name a folder with --out")
    if not target.is_dir() or not any(target.iterdir()):
        return
    try:
        ours = read_manifest(target)["outputs"]
    except InputError:
        ours = {}
    strange = [name for name in files_in(target) if name not in ours and _CHECKPOINTS not in name]
    if strange or not ours:
        raise InputError(
            f"{target} holds files that no run of cultureplus wrote.",
            found=", ".join(strange[:3]) or None,
            fix="name another folder with --out, or move these files",
        )


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new folder beside the target that replaces it when all went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part, old = (target.with_name(f".{target.name}.{kind}") for kind in ("part", "old"))
    failed = target.with_name(f"{target.name}.failed")
    if old.exists() and not target.exists():
        old.rename(target)  # an earlier run was stopped between the two renamings
    for rest in (part, old):
        if rest.exists():
            shutil.rmtree(rest)
    part.mkdir()
    try:
        yield part
    except NotebookFailed:
        if failed.exists():
            shutil.rmtree(failed)
        part.rename(failed)
        raise
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if not (target.exists() and _exchanged(part, target)):
        if target.exists():
            target.rename(old)
        part.rename(target)
    for rest in (part, old, failed):
        if rest.exists():
            shutil.rmtree(rest)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where this machine has no such step.

    There two renamings follow one another. Who is killed between them finds the earlier report
    under its other name, from where the next run puts it back.
    """
    names = os.fsencode(one), os.fsencode(other)
    try:
        system = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return bool(system.renamex_np(*names, _SWAP) == 0)
        return bool(system.renameat2(_HERE, names[0], _HERE, names[1], _SWAP) == 0)
    except (AttributeError, OSError, TypeError):  # too old a system, or Windows
        return False
