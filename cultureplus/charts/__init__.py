"""The drawing wing: one plot a file, each from the columns of one table and nothing else."""

from __future__ import annotations
