"""Factor models: 19 seven-point items in 3 factors by WLSMV and MLR, beside lavaan where it is.

Both fit the same file; reading it and loading the package are not timed. The polychoric
correlations and their sampling covariance are part of WLSMV on either side.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cultureplus.factor import cfa, invariance, parallel_analysis

HERE = Path(__file__).resolve().parent
PEOPLE = (2_000, 20_000)
SIZES = (7, 6, 6)
CUTS = (-1.9, -1.3, -0.7, 0.0, 0.6, 1.3)

R_SCRIPT = """
suppressMessages(library(lavaan))
asked <- commandArgs(TRUE)
x <- read.csv(asked[1])
model <- asked[3]
start <- proc.time()[["elapsed"]]
fit <- if (asked[2] == "wlsmv") {
  cfa(model, x, estimator = "WLSMV", ordered = names(x))
} else {
  cfa(model, x, estimator = "MLR")
}
found <- fitMeasures(fit, "chisq.scaled")
cat(proc.time()[["elapsed"]] - start, found)
"""


def answers(people: int) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Made-up answers 1-7 to 19 items of three factors that correlate at .5."""
    draw = np.random.default_rng(20261)
    scores = draw.multivariate_normal(np.zeros(3), np.full((3, 3), 0.5) + 0.5 * np.eye(3), people)
    items: dict[str, np.ndarray] = {}
    model: dict[str, list[str]] = {}
    for factor, size in enumerate(SIZES):
        model[f"f{factor}"] = names = [f"q{factor}_{place}" for place in range(size)]
        for name in names:
            loading = draw.uniform(0.5, 0.85)
            latent = loading * scores[:, factor]
            latent += np.sqrt(1 - loading**2) * draw.normal(size=people)
            items[name] = np.searchsorted(CUTS, latent) + 1
    return pd.DataFrame(items), model


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """The median wall time of a call, after one that warms up."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def lavaan(items: pd.DataFrame, model: dict[str, list[str]], estimator: str) -> list[float]:
    """Seconds and scaled chi-square of lavaan, or nothing where R has none."""
    if not shutil.which("Rscript"):
        return []
    text = "\n".join(f"{factor} =~ {' + '.join(names)}" for factor, names in model.items())
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "items.csv", Path(folder) / "fit.R"
        items.to_csv(data, index=False)
        script.write_text(R_SCRIPT, "utf-8")
        asked = ["Rscript", str(script), str(data), estimator, text]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return [float(word) for word in done.stdout.split()] if done.returncode == 0 else []


def main() -> None:
    rows = []
    for people in PEOPLE:
        items, model = answers(people)
        for estimator in ("wlsmv", "mlr"):
            own = seconds(lambda e=estimator, i=items, m=model: cfa(i, m, e))
            chisq = cfa(items, model, estimator).fit["chisq_scaled"]
            theirs = lavaan(items, model, estimator)
            what = f"{estimator.upper()}, 19 seven-point items, n = {people:,}"
            peer = f"{theirs[0]:.2f} s" if theirs else "not installed"
            ratio = f"{theirs[0] / own:.0f}" if theirs else ""
            agree = f"{chisq:.3f} / {theirs[1]:.3f}" if theirs else f"{chisq:.3f}"
            rows.append((what, f"{own:.2f} s", peer, ratio, agree))
    items, model = answers(PEOPLE[0])
    group = pd.Series(np.arange(PEOPLE[0]) % 4)
    for estimator in ("mlr", "wlsmv"):
        own = seconds(lambda e=estimator: invariance(items, model, group, e), runs=3)
        what = f"invariance, {estimator.upper()}, 4 groups of 500"
        rows.append((what, f"{own:.2f} s", "", "", ""))
    million = pd.concat([answers(PEOPLE[1])[0]] * 50, ignore_index=True)
    own = seconds(lambda: cfa(million, model, "mlr"), runs=1)
    rows.append((f"MLR, n = {len(million):,}", f"{own:.2f} s", "", "", ""))
    own = seconds(lambda: parallel_analysis(million, seed=1), runs=1)
    rows.append((f"parallel analysis, n = {len(million):,}", f"{own:.2f} s", "", "", ""))
    head = ("what", "cultureplus", "lavaan", "times faster", "scaled chi-square, both")
    lines = [" | ".join(head), " | ".join(["---"] * len(head)), *(" | ".join(row) for row in rows)]
    table = "\n".join(f"| {line} |" for line in lines)
    about = "Median of 5 runs (invariance 3; lavaan and a million people 1), the call alone."
    text = f"# Factor models\n\n{about}\n\n{table}\n"
    (HERE / "results" / "factor.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
