"""Reading a large export into a `Survey`: wall time and peak memory, beside pandas alone.

A million people (and once three million), 60 columns: a respondent, four lenses, an adjusting
column, seconds, language, two columns that nobody asks for, 50 answers. Every reading has a process
of its own, so that its peak is its own. pandas reads the same file and does nothing with it: it
knows no declared range, no labels, no units, no keys, and refuses nothing.

    python benchmarks/reading.py [number of people]
"""

from __future__ import annotations

import csv
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "reading.md"
PEOPLE, ITEMS = 1_000_000, 50
RUNS = 5
_MEASURED = """
import resource, sys, time
sys.path.insert(0, sys.argv[1])
{0}
start = time.perf_counter()
{1}
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
OURS = "from cultureplus.intake import read_survey", "read_survey(sys.argv[2])"
PANDAS = "import pandas", "pandas.read_{0}(sys.argv[2])"
_SURVEY = """title = "Large"
kind = "plain"
instrument_files = ["q.toml"]
salt = "0123456789abcdef"

[waves]
2026Q3 = "{0}"

[columns]
respondent = "respondent"
seconds = "seconds"
language = "language"

[units]
function = "function"
location = "location"
level = "level"
team = "team"

[adjust]
columns = ["tenure"]

[instruments.q]
"""


def table(people: int) -> pd.DataFrame:
    """Made-up answers 1-7, three in a hundred blank, of people in four lenses."""
    draw = np.random.default_rng(20261)
    teams = [f"Team {number:04d}" for number in range(3_000)]
    found = {
        "respondent": [f"R{number:07d}" for number in range(people)],
        "function": draw.choice([f"Function {number}" for number in range(20)], people),
        "location": draw.choice([f"Site {number}" for number in range(12)], people),
        "level": draw.choice(list("ABCD"), people),
        "team": draw.choice(teams, people),
        "tenure": draw.integers(0, 30, people),
        "seconds": draw.integers(60, 2_000, people),
        "language": draw.choice(["en", "de"], people),
        "status": 0,
        "version": 3,
    }
    for item in range(1, ITEMS + 1):
        answers = pd.array(draw.integers(1, 8, people), dtype="Int8")
        answers[draw.random(people) < 0.03] = pd.NA
        found[f"q_{item}"] = answers
    return pd.DataFrame(found)


def measured(*readings: tuple[tuple[str, str], Path]) -> list[tuple[float, float]]:
    """Median seconds and peak GiB of readings, by turns, each in a process of its own."""
    times: list[list[float]] = [[] for _ in readings]
    peaks = [0.0 for _ in readings]
    for _ in range(RUNS):
        for place, (code, path) in enumerate(readings):
            command = [sys.executable, "-c", _MEASURED.format(*code), str(ROOT), str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, kilobytes = done.stdout.split()
            times[place].append(float(seconds))
            peaks[place] = max(peaks[place], float(kilobytes) / 2**20)
    return list(zip(map(statistics.median, times), peaks, strict=True))


def files(folder: Path, people: int) -> dict[str, tuple[Path, str]]:
    """The same people as several files, each with pandas' name of its reader."""
    made = table(people)
    found = {
        "csv": (folder / "plain.csv", "csv"),
        "csv, every cell in quotation marks": (folder / "quoted.csv", "csv"),
        "csv with one short row (read row by row)": (folder / "short.csv", "csv"),
        "parquet": (folder / "table.parquet", "parquet"),
    }
    made.to_csv(folder / "plain.csv", index=False)
    made.to_csv(folder / "quoted.csv", index=False, quoting=csv.QUOTE_ALL)
    text = (folder / "plain.csv").read_text()
    (folder / "short.csv").write_text(text.rstrip("\n").rpartition(",")[0] + "\n")
    made.to_parquet(folder / "table.parquet")
    found[f"csv of {3 * people:,} people"] = (folder / "three.csv", "csv")
    with (folder / "three.csv").open("w", encoding="utf-8") as file:
        head, _, body = text.partition("\n")
        file.write(f"{head}\n")
        for part in "ABC":
            file.write(body.replace("\nR", f"\n{part}").replace("R", part, 1))
    questions = "".join(
        f'[[items]]\nid = "q_{item}"\ntext = "Statement {item}."\n' for item in range(1, ITEMS + 1)
    )
    (folder / "q.toml").write_text(
        'id = "q"\ntitle = "Q"\nvalidity = "None"\nsource = "Made up"\nlicence = "GPL"\n'
        "[answers]\nlow = 1\nhigh = 7\nfavourable = [6, 7]\n" + questions
    )
    for path, _ in found.values():
        path.with_suffix(path.suffix + ".toml").write_text(_SURVEY.format(path.name))
    return found


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for what, (path, kind) in files(Path(folder), people).items():
            own, theirs = measured(
                (OURS, path.with_suffix(path.suffix + ".toml")),
                ((PANDAS[0], PANDAS[1].format(kind)), path),
            )
            size = path.stat().st_size / 1e6
            rows.append(
                f"| {what} | {size:,.0f} MB | {own[0]:.1f} s | {own[1]:.1f} GiB | {theirs[0]:.2f} s"
                f" | {theirs[1]:.1f} GiB | {own[0] / theirs[0]:.1f} |\n"
            )
            print(rows[-1], end="", flush=True)
    text = f"""# Reading an export

`python benchmarks/reading.py {people}`. {people:,} people, {ITEMS + 10} columns into a `Survey`;
medians of {RUNS} runs by turns, peak memory of the whole process.

| file | size | ours | peak | pandas alone | peak | ratio |
|---|---|---|---|---|---|---|
{"".join(rows)}"""
    if people == PEOPLE:
        RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
