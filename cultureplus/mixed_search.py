"""Where a deviance over variances is lowest, and how far from there it is still near.

Newton's steps over numbers that may not fall below 0, with exact second derivatives; and the ends
of likelihood-profile intervals, where twice the drop of the log likelihood is the 95 % point of
chi-square with one degree of freedom. Nothing here knows what the deviance is of: a curve is a
function from numbers to value, gradient, second derivatives and expected information.

References: Bertsekas (1982), SIAM J. Control and Optimization 20, 221-246; Venzon & Moolgavkar
(1988), Applied Statistics 37, 87-94.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Here = tuple[float, Array, Array, Array]
Curve = Callable[[Array], Here]

_STEPS, _HALVINGS, _WIDENINGS = 200, 60, 60
_NEAR = 1e-8  # of the deviance, still to be won: one more step of Newton's is exact
_CLOSE = 1e-8  # of the root of the deviance at the end of an interval
_ALL = 1e8  # odds of a share that is as good as 1
_FAR = 1.0e3  # the signed root of a deviance that is infinite


def lowest(curve: Curve, starts: Sequence[Array]) -> tuple[Array, Here]:
    """The lowest of the minima that are reached from several starts, and the curve there.

    No number falls below 0.

    >>> def curve(z):
    ...     two = 2 * np.eye(2)
    ...     return float(((z - [1.0, -1.0]) ** 2).sum()), 2 * (z - [1.0, -1.0]), two, two
    >>> lowest(curve, [np.array([3.0, 3.0])])[0].tolist()
    [1.0, 0.0]
    """
    found = [_descend(curve, np.asarray(start, dtype="float64")) for start in starts]
    return min(found, key=lambda pair: pair[1][0])


def _descend(curve: Curve, z: Array) -> tuple[Array, Here]:
    now = curve(z)
    for _ in range(_STEPS):
        step = _step(z, now)
        won = -float(now[1] @ step)
        if not won > 0:
            break
        if won < _NEAR:
            near = np.maximum(z + step, 0.0)
            there = curve(near)
            if there[0] <= now[0] + _NEAR:
                z, now = near, there
            break
        moved = _shorten(curve, z, now, step)
        if moved is None:
            break
        z, now = moved
    return z, now


def _step(z: Array, now: Here) -> Array:
    """Newton's step over the numbers that are free to move; expected information where it bends."""
    _, slope, bend, information = now
    free = (z > 0) | (slope < 0)
    while True:
        step = np.zeros(len(z))
        places = np.flatnonzero(free)
        if not len(places):
            return step
        square = np.ix_(places, places)
        for matrix in (bend[square], information[square], np.diag(np.diag(information[square]))):
            try:
                factor = np.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                continue
            half = np.linalg.solve(factor, -slope[places])
            step[places] = np.linalg.solve(factor.T, half)
            break
        else:
            step[places] = -slope[places]
        # At 0 a number that would go on falling is held as well.
        pushed = free & (z <= 0) & (step <= 0)
        if not pushed.any():
            return step
        free = free & ~pushed


def _shorten(curve: Curve, z: Array, now: Here, step: Array) -> tuple[Array, Here] | None:
    """The first of ever shorter steps that lowers the deviance enough."""
    falling = step < 0
    reach = float(np.min(z[falling] / -step[falling], initial=1.0))
    length = 1.0
    for _ in range(_HALVINGS):
        trial = z + length * step
        trial = np.where(trial <= 1e-12 * z, 0.0, trial)
        there = curve(trial)
        if there[0] <= now[0] + 1e-4 * min(float(now[1] @ (trial - z)), 0.0):
            return (trial, there) if there[0] < now[0] else None
        length = reach if length == 1.0 and reach < 1 else length / 2
    return None


def profile_interval(
    curve: Curve, best: Array, least: float, place: int, *, share: bool, drop: float
) -> tuple[float, float]:
    """The ends of a profile interval of one variance, or of its share of all of them.

    `best`: the variances of lowest deviance `least`; `drop`: how much higher the deviance is at the
    ends. The low end is 0 where the deviance never rises that far; the high end infinite (a share:
    1) where it does not rise that far either.
    """
    others = [index for index in range(len(best)) if index != place]
    even = np.full(len(others), best.sum() / len(best))
    path: list[tuple[float, Array]] = []  # roots visited and the others' best there

    def signed(root: float, *, thorough: bool = False) -> tuple[float, float]:
        """How far the deviance stands above the ends (below 0: inside), and how fast it rises.

        Both on the scale of roots, where a profile is nearly a straight line.
        """
        value = root * root
        frame = np.zeros((len(best), len(others)))
        frame[others, range(len(others))] = 1.0
        held = np.zeros(len(best))
        if share:
            frame[place] = value  # as odds: this variance against the sum of the others
        else:
            held[place] = value
        pull = [0.0]

        def along(z: Array) -> Here:
            height, slope, bend, information = curve(held + frame @ z)
            pull[0] = float(slope[place])
            return height, frame.T @ slope, frame.T @ bend @ frame, frame.T @ information @ frame

        start = _ahead(path, root) if path else best[others]
        starts = [start, even] if thorough else [start]
        z, (height, *_) = lowest(along, starts)
        if not np.isfinite(height):
            return _FAR, 0.0
        path.append((root, z))
        above = float(np.sqrt(max(height - least, 0.0)))
        if thorough:
            along(z)
        rise = pull[0] * (float(z.sum()) if share else 1.0) * root
        return above - float(np.sqrt(drop)), rise / above if above > 0 else 0.0

    def end(inside: float, outside: float) -> float:
        path[:] = [(here, best[others])]
        found = _crossing(signed, inside, outside)
        # The way there may have followed a minimum that is not the lowest at its end.
        if signed(found, thorough=True)[0] > -_CLOSE:
            return found * found
        return _crossing(lambda root: signed(root, thorough=True), inside, outside) ** 2

    rest = float(best[others].sum())
    at = min(float(best[place]) / max(rest, 1e-300), _ALL) if share else float(best[place])
    here = float(np.sqrt(at))
    low = end(here, 0.0) if at > 0 and signed(0.0, thorough=True)[0] > 0 else 0.0
    path[:] = [(here, best[others])]
    high = np.inf
    inside, step = here, max(0.3 * here, 1e-2 * (1.0 if share else float(np.sqrt(best.sum()))))
    for _ in range(_WIDENINGS):
        if share and inside * inside >= _ALL:
            break
        if signed(inside + step)[0] > 0:
            high = end(inside, inside + step)
            break
        inside, step = inside + step, 1.6 * step
    if share:
        return low / (1 + low), high / (1 + high) if np.isfinite(high) else 1.0
    return low, high


def _ahead(path: list[tuple[float, Array]], root: float) -> Array:
    """Where the others will be best, by the line through the last two places."""
    after, z = path[-1]
    if len(path) < 2 or path[-2][0] == after:
        return z
    before, earlier = path[-2]
    guess = z + (z - earlier) * (root - after) / (after - before)
    return np.asarray(np.clip(guess, 0.1 * z, 10 * z))


def _crossing(
    signed: Callable[[float], tuple[float, float]], inside: float, outside: float
) -> float:
    """Where the deviance reaches its height between two roots: Newton's steps, else halves."""
    root = (inside + outside) / 2
    for _ in range(_STEPS):
        height, rise = signed(root)
        if abs(height) < _CLOSE:
            break
        if height < 0:
            inside = root
        else:
            outside = root
        if abs(outside - inside) <= 1e-12 * max(inside, outside):
            break
        tried = root - height / rise if rise else np.inf
        between = min(inside, outside) < tried < max(inside, outside)
        root = tried if between else (inside + outside) / 2
    return float(root)
