"""A made-up organisation whose truth is known.

Analyses of surveys are hard to check on real answers: nobody knows what the right result would
be. Here an organisation is drawn from stated numbers (how much teams differ, what goes with what,
who answers carelessly, what a programme changes), surveyed for some quarters, and written down as
the raw files that a survey tool would export. No person stands behind any of it.
"""

from __future__ import annotations

from cultureplus.simulate.simulation import Simulation, organisation

__all__ = ["Simulation", "organisation"]
