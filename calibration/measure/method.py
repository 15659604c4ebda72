"""How one case is measured, whatever runs it: warm up, take the median, then hold the load and read the power.

A *work* has `seconds(launches)`: it runs that many launches back to back and gives the device time they took.
A *meter* has `read()`: (time in s, energy in J or None, power in W or None, SM clock in Hz, temperature in C), and
`power_limit_watts`. Neither is bound to a framework here, so that both can be faked in tests.
"""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Times in seconds. Short samples are many launches; power needs a window far longer than the sensor's lag."""

    warm_up: float = 0.05
    sample: float = 0.002
    samples: int = 11
    # Board power is averaged by the sensor over up to 0.1 s: it is read only after `settle`, over `power_window`.
    power_window: float = 0.8
    settle: float = 0.2
    chunk: float = 0.02
    most_launches: int = 100_000


@dataclass(frozen=True)
class Result:
    """Latency of one launch and what the board drew meanwhile (None where it wasn't read)."""

    latency_seconds: float
    latency_spread_seconds: float
    samples: int
    power_watts: float | None = None
    power_limit_watts: float | None = None
    sm_clock_hertz: float | None = None
    temperature_celsius: float | None = None

    def telemetry(self):
        """In the order of the store's telemetry columns."""
        return (
            self.power_watts, self.power_limit_watts, self.sm_clock_hertz, self.temperature_celsius, self.samples,
            self.latency_spread_seconds)


def launches_for(seconds, latency, settings):
    """How many launches fill a time."""
    return max(1, min(settings.most_launches, round(seconds / latency)))


def warmed_up(work, settings):
    """Runs the work until clocks and caches have settled; a first idea of the latency."""
    launches, spent = 1, 0.0
    while True:
        seconds = work.seconds(launches)
        if not seconds > 0:
            raise ValueError(f"{launches} launches took {seconds} s")
        spent += seconds
        if spent >= settings.warm_up:
            return seconds / launches
        launches = launches_for(max(settings.warm_up - spent, seconds), seconds / launches, settings)


def median_latency(work, latency, settings):
    """(median, interquartile range) over samples of one launch's latency."""
    launches = launches_for(settings.sample, latency, settings)
    found = [work.seconds(launches) / launches for _ in range(settings.samples)]
    low, _, high = statistics.quantiles(found, n=4)
    return statistics.median(found), high - low


def sustained(work, meter, latency, settings):
    """Readings while the work runs without a pause, after the sensor has settled."""
    launches = launches_for(settings.chunk, latency, settings)
    began = meter.read()[0]
    readings = []
    while True:
        work.seconds(launches)
        reading = meter.read()
        if reading[0] - began >= settings.settle:
            readings.append(reading)
        if reading[0] - began >= settings.settle + settings.power_window:
            return readings


def mean_power(readings):
    """Mean power by the energy counter, between its first and last step, else of the power sensor; None if neither.

    The counter steps every 20-100 ms: between two steps the energy is exact, between two readings it isn't.
    """
    counted = [(time, energy) for time, energy, *_ in readings if energy is not None]
    steps = [now for before, now in zip(counted, counted[1:]) if now[1] != before[1]]
    if len(steps) >= 3:
        (start, first), (end, last) = steps[0], steps[-1]
        return (last - first) / (end - start)
    powers = [reading[2] for reading in readings if reading[2] is not None]
    return statistics.fmean(powers) if powers else None


def median_of(readings, place):
    values = [reading[place] for reading in readings if reading[place] is not None]
    return statistics.median(values) if values else None


def measure(work, meter=None, settings=Settings()):
    """Latency, and power where there is a meter."""
    latency = warmed_up(work, settings)
    latency, spread = median_latency(work, latency, settings)
    if meter is None:
        return Result(latency, spread, settings.samples)
    readings = sustained(work, meter, latency, settings)
    return Result(
        latency, spread, settings.samples, mean_power(readings), meter.power_limit_watts, median_of(readings, 3),
        median_of(readings, 4))
