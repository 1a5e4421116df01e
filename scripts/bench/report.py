"""The benchmark's figures as one table: medians over the rounds, ratios within a round, and what was wanted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

SERVERS = ("bare", "tuned", "station")

WANTED_THROUGHPUT = 0.40
WANTED_MEMORY = 1.3
WANTED_ALARM_MS = 100.0


@dataclass
class Row:
    """One line: a name, and for each server its value in each round."""

    name: str
    rounds: dict[str, list[float]]
    digits: int = 0
    at_least: float | None = None
    """Wanted of station ÷ bare."""
    at_most: float | None = None
    """Wanted of station ÷ bare, or of the station's value where the peer has none."""

    def value(self, server: str) -> float | None:
        """The median over the rounds."""
        values = self.rounds.get(server)
        return statistics.median(values) if values else None

    def ratio(self, peer: str) -> float | None:
        """The median of station ÷ peer, each within its own round."""
        ours, theirs = self.rounds.get("station"), self.rounds.get(peer)
        if not ours or not theirs or not all(theirs):
            return None  # a load of 0 % is no measure
        return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))

    @property
    def missed(self) -> bool:
        """Whether a figure is wanted, was measured, and was not reached."""
        figure = self.ratio("bare") if "bare" in self.rounds else self.value("station")
        if figure is None:
            return False
        too_little = self.at_least is not None and figure < self.at_least
        return too_little or (self.at_most is not None and figure > self.at_most)

    @property
    def wanted(self) -> str:
        """What is wanted, and whether it was reached."""
        if self.at_least is None and self.at_most is None:
            return ""
        bound = f"≥ {self.at_least:.2f}" if self.at_least is not None else f"≤ {self.at_most:g}"
        if "station" not in self.rounds:
            return bound
        return f"{bound}  {'missed' if self.missed else 'reached'}"


@dataclass
class Section:
    """Rows that belong together under a heading."""

    title: str
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def table(sections: Sequence[Section]) -> str:
    """The whole table as text for a terminal."""
    head = ("", *SERVERS, "÷ bare", "÷ tuned", "wanted")
    lines = [_line(head), "-" * 100]
    for section in sections:
        lines.append(section.title)
        lines += [_line(_cells(row)) for row in section.rows]
        lines += [f"    {remark}" for remark in section.remarks]
        lines.append("")
    return "\n".join(lines)


def missed(sections: Sequence[Section]) -> list[str]:
    """The names of the rows whose wanted figure was not reached."""
    return [row.name for section in sections for row in section.rows if row.missed]


def _cells(row: Row) -> tuple[str, ...]:
    values = (_number(row.value(server), row.digits) for server in SERVERS)
    ratios = (_number(row.ratio(peer), 2) for peer in ("bare", "tuned"))
    return ("  " + row.name, *values, *ratios, row.wanted)


def _line(cells: Sequence[str]) -> str:
    name, bare, tuned, station, by_bare, by_tuned, wanted = cells
    return f"{name:<36}{bare:>10}{tuned:>10}{station:>10}{by_bare:>9}{by_tuned:>9}  {wanted}".rstrip()


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
