"""A day's service level of each queue, computed in DuckDB from interval files: the wall's number.

    streams intervals --out day.parquet
    pip install duckdb
    python deploy/examples/service_level.py 2026-03-02 day.parquet [more.parquet ...]

The four service levels differ in what stands above and below the line; each is a ratio of sums,
never a mean of the intervals' ratios. `definitions_default_formula` says which one the queue shows
on the wall. A day is taken in the time zone given, UTC without one.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

# The denominator is `threshold_decided`: the visits whose threshold was decided in the interval.
QUERY = """
select tenant, queue, channel,
    sum(answered_in_threshold) / nullif(sum(answered_measured), 0) as answered_only,
    sum(answered_in_threshold) / nullif(sum(threshold_decided), 0) as offered,
    sum(answered_in_threshold)
        / nullif(sum(threshold_decided) - sum(short_abandoned), 0) as offered_less_short,
    (sum(answered_in_threshold) + sum(abandoned_in_threshold))
        / nullif(sum(threshold_decided), 0) as removed_in_threshold,
    arg_max(definitions_default_formula, interval_start) as shown
from read_parquet(?)
where (interval_start at time zone ?)::date = ?::date
group by tenant, queue, channel
order by tenant, queue, channel
"""


def service_levels(files: Sequence[Path], day: str, zone: str = "UTC") -> list[dict[str, Any]]:
    """One row a queue: the four ratios (None: nothing was decided), and which of them is shown."""
    names = [str(file) for file in files]
    with duckdb.connect() as connection:
        result = connection.execute(QUERY, [names, zone, day])
        columns = [column[0] for column in result.description]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def main() -> None:
    """Print the day's rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("day", help="a date, such as 2026-03-02")
    parser.add_argument("files", nargs="+", type=Path, help="from `streams intervals --out`")
    parser.add_argument("--zone", default="UTC", help="the queue's time zone (UTC)")
    args = parser.parse_args()
    for row in service_levels(args.files, args.day, args.zone):
        level = row[row["shown"]] if row["shown"] else None
        shown = "nothing decided" if level is None else f"{level:.1%}"
        print(f"{row['tenant']}/{row['queue']} ({row['channel']}): {shown}")


if __name__ == "__main__":
    main()
