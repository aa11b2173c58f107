"""What the statistics say of sizes and of rebalances."""

import asyncio

import pytest

from streams.faustkit.stats import Histogram
from streams.faustkit.units import Units
from tests.faustkit.memory import IN, OPTIONS, Ended, Factory, MemoryKafka, until


def test_a_spread_keeps_buckets_sum_and_the_newest() -> None:
    """Bounds are inclusive, the last bucket is everything above."""
    spread = Histogram((1.0, 10.0))
    for size in (0, 1, 2, 10, 11):
        spread.add(size)
    assert (spread.buckets, spread.sum, spread.newest) == ([2, 2, 1], 24, 11)


@pytest.mark.parametrize("inputs", [[(IN, 0)], []], ids=["one unit", "no unit"])
def test_a_rebalance_lasts_until_every_unit_reads_again(inputs: list[tuple[str, int]]) -> None:
    """One duration a rebalance, none while its units load; an empty assignment is done at once."""

    async def test() -> None:
        units = Units(OPTIONS, [Factory().spec()], MemoryKafka(), Ended())

        async def seek(_: int, wanted: object) -> dict[str, int]:
            return {IN: 0}

        rebalance = units.stats.rebalance
        for number in (1, 2):
            await units.suspend()
            await units.suspend()
            units.assign(number, inputs, seek)
            assert sum(rebalance.buckets) == number - (1 if inputs else 0)
            await until(lambda number=number: sum(rebalance.buckets) == number)  # type: ignore[misc]
            assert units.ready
        assert rebalance.sum >= rebalance.newest >= 0
        await units.close()

    asyncio.run(test())
