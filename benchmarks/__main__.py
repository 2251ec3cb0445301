"""Run every benchmark: `python -m benchmarks`."""

from __future__ import annotations

from benchmarks.graph import main

main()
