"""The command line: init, check, run, verify, audit, scan, new, lab, questionnaire.

Exit code 0 where all went well, 1 where a notebook failed, a report is not as it was, or an audit
or a scan found something, 2 where the input is not as declared.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import cultureplus
from cultureplus.errors import CultureplusError, InputError, NotebookFailed

_SURVEY_TEMPLATE = "survey.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        code = int(chosen.command(chosen))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read along has read enough, as `| head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except NotebookFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    except CultureplusError as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; an earlier report is untouched", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cultureplus", description="Collaboration-culture surveys, from export to report."
    )
    parser.add_argument("--version", action="version", version=cultureplus.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = commands.add_parser("init", help="propose a survey.toml from an export")
    init.add_argument(
        "export", nargs="+", metavar="EXPORT",
        help="a survey tool's export, one per wave; behind them the folder for survey.toml "
        "(default: here)",
    )  # fmt: skip
    init.add_argument("--people", metavar="FILE", help="everybody invited, and their units")
    init.add_argument("--ties", metavar="FILE", help="who works with whom")
    init.add_argument("--dictionary", metavar="FILE", help="the export's own dictionary (REDCap)")
    init.add_argument(
        "--instruments", action="append", default=[], metavar="FILE",
        help="a questionnaire of your own; may be given again",
    )  # fmt: skip
    init.add_argument(
        "--draft", action="append", nargs=2, default=[], metavar=("NAME", "COLUMNS"),
        help="draft a questionnaire from columns, such as: --draft satisfaction 'sat_*', or from a "
        "first to a last one: 'My pay* -> My desk*'; may be given again",
    )  # fmt: skip
    init.set_defaults(command=_init)

    run = commands.add_parser("run", help="run every notebook on a wave and write the report")
    run.add_argument("survey", nargs="?", default=".", help="survey.toml or its folder")
    run.add_argument("--wave", help="which wave (default: the last)")
    run.add_argument("--out", help="the report's folder (default: reports/WAVE)")
    run.add_argument("--min-n", type=int, default=5, help="smallest group that is shown (5)")
    run.add_argument("--notebooks", help="a folder of your own notebooks")
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="only check a survey's files")
    check.add_argument("survey", nargs="?", default=".")
    check.set_defaults(command=_check)

    verify = commands.add_parser("verify", help="check a report's files against its manifest")
    verify.add_argument("report", help="the report's folder")
    verify.set_defaults(command=_verify)

    audit = commands.add_parser("audit", help="attack a report with what it publishes")
    audit.add_argument("report", help="the report's folder")
    audit.add_argument(
        "--earlier", action="append", metavar="FOLDER",
        help="an earlier report; may be given again (default: those beside the report)",
    )  # fmt: skip
    audit.set_defaults(command=_audit)

    scan = commands.add_parser("scan", help="look through files for anything of a single person")
    scan.add_argument("path", help="a folder or a file")
    scan.add_argument("--survey", default=".", help="survey.toml or its folder")
    scan.set_defaults(command=_scan)

    new = commands.add_parser(
        "new", help="lay out the notebooks, and a survey.toml to write by hand where none is"
    )
    new.add_argument("folder")
    new.set_defaults(command=_new)

    asked = commands.add_parser("questionnaire", help="write a questionnaire for a survey tool")
    asked.add_argument("instrument", nargs="+", help="ids of instruments, in the order asked")
    asked.add_argument(
        "--to", required=True, help="qualtrics, limesurvey, xlsform (KoboToolbox, ODK) or markdown"
    )
    asked.add_argument("--out", help="the file (default: questionnaire_TOOL in this folder)")
    asked.add_argument(
        "--instruments", nargs="+", default=[], metavar="FILE", help="instrument files of your own"
    )
    asked.add_argument(
        "--units", nargs="+", default=[], metavar="NAME",
        help="the units that a matrix rates: their names, or a file with one a line",
    )  # fmt: skip
    asked.add_argument("--form", default="full", help="full or pulse (full)")
    asked.add_argument("--title", default="Survey", help="the survey's title (Survey)")
    asked.add_argument("--language", default="en", help="the language of the texts (en)")
    asked.set_defaults(command=_questionnaire)

    lab = commands.add_parser("lab", help="open JupyterLab on the notebooks, without pop-ups")
    lab.add_argument("folder", nargs="?", default=".")
    lab.add_argument("--no-browser", action="store_true")
    lab.set_defaults(command=_lab)
    return parser


def _init(chosen: argparse.Namespace) -> int:
    from cultureplus.proposing.init_survey import exports_and_folder, init_survey

    exports, folder = exports_and_folder(chosen.export)
    init_survey(
        exports,
        folder,
        people=_path(chosen.people),
        ties=_path(chosen.ties),
        dictionary=_path(chosen.dictionary),
        instruments=[Path(each) for each in chosen.instruments],
        drafts=_drafts(chosen.draft),
    )
    return 0


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


def _run(chosen: argparse.Namespace) -> int:
    from cultureplus.run import run_quarter

    report = run_quarter(
        chosen.survey,
        wave=chosen.wave,
        out=chosen.out,
        min_n=chosen.min_n,
        notebooks=chosen.notebooks,
        say=lambda line: print(line, flush=True),
    )
    print(report.resolve())
    return 0


def _drafts(pairs: Sequence[Sequence[str]]) -> dict[str, str]:
    """Name of a new questionnaire -> pattern of its columns."""
    found: dict[str, str] = {}
    for name, pattern in pairs:
        if name in found:
            raise InputError(
                f"Two drafts are called '{name}'.",
                fix="give each a name of its own, or draft from a first to a last column: "
                f"--draft {name} 'My pay* -> My desk*'",
            )
        found[name] = pattern
    return found


def _check(chosen: argparse.Namespace) -> int:
    import pandas as pd

    from cultureplus.disclosure.plan import plan_reporting
    from cultureplus.guesses import guesses_in, guesses_said
    from cultureplus.intake import read_survey
    from cultureplus.settings import read_settings

    survey = read_survey(chosen.survey)
    print(survey)
    for line in survey.import_log.itertuples(index=False):
        place = ", ".join(str(part) for part in (line.file, line.wave, line.column) if part)
        counted = not (line.rows_in is pd.NA or line.rows_in is None)
        rows = f" ({line.rows_in} rows in, {line.rows_out} out)" if counted else ""
        print(f"  {place}: {line.decision}{rows}")
    print(plan_reporting(survey))
    left = guesses_said(guesses_in(read_settings(chosen.survey).files))
    if left:
        print(f"{left}. Correct each line or leave it, and delete its comment; then check again.")
    else:
        print(f"Nothing is wrong. Next: cultureplus run {chosen.survey}")
    return 0


def _verify(chosen: argparse.Namespace) -> int:
    from cultureplus.disclosure.ledger import entry_of
    from cultureplus.manifest import differences, read_manifest

    found = differences(Path(chosen.report))
    for line in found:
        print(line)
    if not found:
        count = len(read_manifest(Path(chosen.report))["outputs"])
        print(f"{count} files are as the run wrote them")
    entered, said = entry_of(Path(chosen.report))
    if said:
        print(said)
    return 1 if found or not entered else 0


def _audit(chosen: argparse.Namespace) -> int:
    from cultureplus.disclosure.audit import audit

    found = audit(chosen.report, earlier=chosen.earlier)
    print(found)
    if not found.breached:
        print(f"nothing about too few people follows from {chosen.report}")
    return 1 if found.breached else 0


def _scan(chosen: argparse.Namespace) -> int:
    from cultureplus.disclosure.scan import scan
    from cultureplus.identity import identities_of
    from cultureplus.intake import read_survey
    from cultureplus.settings import read_settings

    path = Path(chosen.path)
    if not path.exists():  # said before the survey is read
        raise InputError(f"There is no {path}.", fix="name a folder or a file")
    found = scan(path, read_survey(chosen.survey), identities_of(read_settings(chosen.survey)))
    for line in found.itertuples(index=False):
        place = f"{line.file}, {line.place}" if line.place else line.file
        print(f"{place}: {line.kind} ({line.hint})")
    if found.empty:
        print(f"nothing in {path} comes from a single person of this survey")
    return 0 if found.empty else 1


def _new(chosen: argparse.Namespace) -> int:
    from cultureplus.run import lay_out

    folder = Path(chosen.folder)
    settings = folder / _SURVEY_TEMPLATE
    described = settings.is_file() and not (folder / "notebooks").exists()
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not described)):
        raise InputError(
            f"{folder} is there already and is not an empty folder.",
            fix="name a folder that is not there yet, or one with a survey.toml and no notebooks",
        )
    (folder / "notebooks").mkdir(parents=True)
    lay_out(folder / "notebooks", survey="..")
    if described:
        print(f"The notebooks stand in {folder / 'notebooks'}; survey.toml is left as it is.")
        return 0
    template = resources.files("cultureplus") / "templates" / _SURVEY_TEMPLATE
    text = template.read_text("utf-8").replace('salt = ""', f'salt = "{secrets.token_hex(16)}"')
    settings.write_text(text, encoding="utf-8")
    print(
        f"{folder} is laid out. Put your export beside {_SURVEY_TEMPLATE}, change its lines,"
        " then:\n"
        f"  cultureplus check {folder}\n  cultureplus run {folder} --out {folder / 'report'}"
    )
    return 0


def _questionnaire(chosen: argparse.Namespace) -> int:
    from cultureplus.questionnaires import back_again, write_questionnaire
    from cultureplus.questionnaires.units_file import unit_names

    path = write_questionnaire(
        chosen.instrument,
        to=chosen.to,
        out=chosen.out,
        instruments=chosen.instruments,
        units=unit_names(chosen.units),
        form=chosen.form,
        title=chosen.title,
        language=chosen.language,
    )
    print(path)
    said = back_again(
        chosen.instrument, to=chosen.to, instruments=chosen.instruments, form=chosen.form
    )
    if said:
        print(said)
    return 0


def _lab(chosen: argparse.Namespace) -> int:
    folder = Path(chosen.folder).resolve()
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    settings = Path(str(resources.files("cultureplus"))) / "templates" / "lab"
    notebooks = folder / "notebooks"
    command = [
        sys.executable, "-m", "jupyterlab", f"--LabApp.app_settings_dir={settings}",
        "--KernelManager.transport_encryption=auto",
        f"--notebook-dir={notebooks.parent if notebooks.is_dir() else folder}",
    ]  # fmt: skip
    if chosen.no_browser:
        command.append("--no-browser")
    return subprocess.call(command, env=dict(os.environ))  # noqa: S603 - our own words
