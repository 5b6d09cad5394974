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
_SURE = 1e-2  # of the deviance, still to be won: a step that leads to a known minimum is enough
_ALIKE = 1e-3  # of a number: nearer than that two minima are one
_STRAIGHT = 25  # steps that go straight to the end of an interval; six are usual
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
    found: list[tuple[Array, Here]] = []
    for start in starts:
        found.append(_descend(curve, np.asarray(start, dtype="float64"), found))
    return min(found, key=lambda pair: pair[1][0])


def _descend(curve: Curve, z: Array, known: Sequence[tuple[Array, Here]]) -> tuple[Array, Here]:
    """Downhill from z, to a minimum of its own or into one that is known."""
    now = curve(z)
    for _ in range(_STEPS):
        step = _step(z, now)
        won = -float(now[1] @ step)
        if not won > 0:
            break
        if won < _SURE:
            for other in known:
                if _leads_to(other, z + step, now[0] - won):
                    return other
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


def _leads_to(known: tuple[Array, Here], near: Array, height: float) -> bool:
    """Whether a step ends at a minimum that is known, and at about its height."""
    place, (lowest_, *_) = known
    same = np.abs(np.maximum(near, 0.0) - place) <= _ALIKE * (place + place.mean())
    return bool(same.all()) and lowest_ <= height + _SURE


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
    target = float(np.sqrt(drop))

    def lowest_at(root: float, starts: Sequence[Array]) -> tuple[Array, float, float]:
        """The others' best beside a held variance, the deviance there, and its slope in the held.

        What is held is root squared: the variance, or its odds against the sum of the others.
        """
        value = root * root
        frame, held = _frame(len(best), place, others), np.zeros(len(best))
        if share:
            frame[place] = value
        else:
            held[place] = value
        pulls: dict[bytes, float] = {}

        def along(z: Array) -> Here:
            height, slope, bend, information = curve(held + frame @ z)
            pulls[z.tobytes()] = float(slope[place])
            return height, frame.T @ slope, frame.T @ bend @ frame, frame.T @ information @ frame

        z, (height, *_) = lowest(along, starts)
        return z, height, pulls[z.tobytes()]

    def signed(root: float, *, thorough: bool = False) -> tuple[float, float]:
        """How far the deviance stands above the ends (below 0: inside), and how fast it rises.

        Both on the scale of roots, where a profile is nearly a straight line.
        """
        start = _ahead(path, root) if path else best[others]
        z, height, pull = lowest_at(root, [start, even] if thorough else [start])
        if not np.isfinite(height):
            return _FAR, 0.0
        path.append((root, z))
        above = float(np.sqrt(max(height - least, 0.0)))
        rise = pull * (float(z.sum()) if share else 1.0) * root
        return above - target, rise / above if above > 0 else 0.0

    def straight(way: int) -> float | None:
        """The end that Newton's steps reach at once, if no lower valley passes there."""
        found = _straight(curve, best, least, place, here, way, share=share, drop=drop)
        if found is None:
            return None
        path[:] = [found]
        return found[0] ** 2 if signed(found[0], thorough=True)[0] > -_CLOSE else None

    def end(inside: float, outside: float) -> float:
        path[:] = [(here, best[others])]
        found = _crossing(signed, inside, outside)
        # The way there may have followed a minimum that is not the lowest at its end.
        if signed(found, thorough=True)[0] > -_CLOSE:
            return found * found
        return _crossing(lambda root: signed(root, thorough=True), inside, outside) ** 2

    def widened() -> float:
        """The high end by ever wider steps; infinite where the deviance never rises so far."""
        path[:] = [(here, best[others])]
        step = max(0.3 * here, 1e-2 * (1.0 if share else float(np.sqrt(best.sum()))))
        inside = here
        for _ in range(_WIDENINGS):
            if share and inside * inside >= _ALL:
                break
            if signed(inside + step)[0] > 0:
                return end(inside, inside + step)
            inside, step = inside + step, 1.6 * step
        return np.inf

    rest = float(best[others].sum())
    at = min(float(best[place]) / max(rest, 1e-300), _ALL) if share else float(best[place])
    here = float(np.sqrt(at))
    low = 0.0
    if at > 0 and signed(0.0, thorough=True)[0] > 0:
        known = straight(-1)
        low = end(here, 0.0) if known is None else known
    known = straight(+1)
    high = widened() if known is None else known
    if share:
        return low / (1 + low), high / (1 + high) if np.isfinite(high) else 1.0
    return low, high


def _frame(size: int, place: int, others: Sequence[int]) -> Array:
    """All variances as a linear map of all but one."""
    frame = np.zeros((size, size - 1))
    frame[others, range(size - 1)] = 1.0
    return frame


def _straight(
    curve: Curve,
    best: Array,
    least: float,
    place: int,
    here: float,
    way: int,
    *,
    share: bool,
    drop: float,
) -> tuple[float, Array] | None:
    """The root at an end and the others' best there, all of them moved at once.

    Each step follows the profile that the second derivatives foretell, on the scale of roots. `way`
    is -1 for the low end and 1 for the high one, `here` the root at the lowest point. None where
    the steps stray, as they do where a profile is crooked: then a slower search has to do.
    """
    others = [index for index in range(len(best)) if index != place]
    root, z, target = here, best[others].copy(), float(np.sqrt(drop))
    for count in range(_STRAIGHT):
        amount = float(z.sum()) if share else 1.0
        variances = np.empty(len(best))
        variances[others], variances[place] = z, root * root * amount
        height, slope, bend, _ = curve(variances)
        if not np.isfinite(height):
            return None
        # From derivatives in the variances to those in the root and in the others.
        turn = np.column_stack([np.zeros(len(best)), _frame(len(best), place, others)])
        turn[place, 0] = 2 * root * amount
        if share:
            turn[place, 1:] = root * root
        along, twice = turn.T @ slope, turn.T @ bend @ turn
        twice[0, 0] += 2 * amount * slope[place]
        if share:
            twice[0, 1:] += 2 * root * slope[place]
            twice[1:, 0] = twice[0, 1:]
        free = np.flatnonzero((z > 0) | (along[1:] < 0))
        inner, edge = twice[1:, 1:][np.ix_(free, free)], twice[1:, 0][free]
        pull = along[1:][free]
        try:
            np.linalg.cholesky(inner)
        except np.linalg.LinAlgError:
            return None
        to_best, with_root = np.linalg.solve(inner, -np.column_stack([pull, edge])).T
        won = -float(pull @ to_best)
        rise, curved = along[0] + float(with_root @ pull), twice[0, 0] + float(edge @ with_root)
        square = height - won / 2 - least
        if count and won < _NEAR and abs(np.sqrt(max(square, 0.0)) - target) < _CLOSE:
            return root, np.maximum(z, 0.0)
        if count:
            above = float(np.sqrt(max(square, 0.0)))
            if not above * rise * way > 0:
                return None
            step = (target - above) * 2 * above / rise
        else:
            if not curved > 0:
                return None
            step = way * float(np.sqrt(2 * drop / curved))
        after = root + step
        if not after > 0 or (after - here) * way <= 0 or (share and after * after >= _ALL):
            return None
        z[free] += to_best + with_root * (after - root)
        z, root = np.maximum(z, 0.0), after
    return None


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
