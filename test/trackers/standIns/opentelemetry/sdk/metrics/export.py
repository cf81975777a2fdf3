"""See the package above."""

import enum


class AggregationTemporality(enum.IntEnum):
    UNSPECIFIED = 0
    DELTA = 1
    CUMULATIVE = 2
