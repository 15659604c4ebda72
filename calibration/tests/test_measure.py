"""The measuring method on a device that is made up."""

import math

import pytest

import campaign
import checked
import families
import method
import plan
import store

LATENCY = 40e-6


class Clock:
    """The time of the made-up machine."""

    def __init__(self):
        self.now = 0.0


class FakeWork:
    """Launches of 40 us; the first 200 are cold and take twice that, every 7th sample is disturbed."""

    def __init__(self, clock, latency=LATENCY, cold=200):
        self.clock, self.latency, self.cold, self.launched, self.calls = clock, latency, cold, 0, 0

    def seconds(self, launches):
        cold = max(0, min(launches, self.cold - self.launched))
        self.launched += launches
        self.calls += 1
        seconds = (launches + cold) * self.latency * (1.5 if self.calls % 7 == 0 else 1)
        self.clock.now += seconds
        return seconds


class FakeMeter:
    """620 W drawn; an energy counter that steps every 60 ms; a power sensor that lags by 0.3 s behind 100 W."""

    power_limit_watts = 700.0

    def __init__(self, clock, counter=True):
        self.clock, self.counter = clock, counter

    def read(self):
        now = self.clock.now
        energy = math.floor(now / 0.06) * 0.06 * 620 if self.counter else None
        return now, energy, 620 - 520 * math.exp(-now / 0.1), 1.755e9, 61.0


class FakeBackend:
    framework, version = "fake", "1.0"

    def __init__(self):
        self.clock = Clock()

    def prepare(self, case):
        if case.family == "moe":
            raise ValueError("no grouped GEMM")
        return FakeWork(self.clock), "fake_kernel"


def test_the_median_ignores_cold_launches_and_disturbed_samples():
    result = method.measure(FakeWork(Clock()))
    assert result.latency_seconds == pytest.approx(LATENCY)
    assert result.power_watts is None and result.samples == 11


def test_power_is_that_of_the_window_not_of_the_sensors_past():
    clock = Clock()
    result = method.measure(FakeWork(clock), FakeMeter(clock))
    assert result.power_watts == pytest.approx(620, rel=0.03)
    assert (result.power_limit_watts, result.sm_clock_hertz, result.temperature_celsius) == (700, 1.755e9, 61)
    assert clock.now > 1.0


def test_without_a_counter_the_settled_sensor_is_read():
    clock = Clock()
    assert method.measure(FakeWork(clock), FakeMeter(clock, counter=False)).power_watts == pytest.approx(620, rel=0.05)


def test_a_kernel_longer_than_the_window_is_still_measured():
    clock = Clock()
    result = method.measure(FakeWork(clock, latency=2.0, cold=0), FakeMeter(clock), method.Settings(samples=5))
    assert result.latency_seconds == pytest.approx(2.0)
    assert result.power_watts == pytest.approx(620, rel=0.05)


def test_a_clock_that_stands_still_is_an_error():
    class Still:
        def seconds(self, launches):
            return 0.0

    with pytest.raises(ValueError, match="1 launches took 0.0 s"):
        method.measure(Still())


def test_power_needs_readings():
    assert method.mean_power([(0.0, None, None, None, None)]) is None


def test_every_case_has_the_columns_of_its_family():
    found = plan.cases(plan.FAMILIES, ("bf16", "fp8"), accelerators=2, ranks=8)
    assert {case.family for case in found} == set(plan.FAMILIES)
    for case in found:
        family = families.BY_NAME[case.family]
        assert set(case.shape) == {name for name, _ in family.shape}
        assert set(case.load) == set(family.load)
    assert len({str(case) for case in found}) == len(found)
    assert 20 < len(plan.cases(plan.FAMILIES, ("bf16",), quick=True)) < 100


def test_what_was_measured_reaches_the_store_and_the_csv_the_same(tmp_path):
    backend = FakeBackend()
    said = []
    found = campaign.measure_all(
        plan.cases(("gemm", "moe", "memory_copy"), ("bf16",), quick=True), backend, FakeMeter(backend.clock),
        "my-gpu", method.Settings(), said.append, ValueError)
    assert sorted(found) == ["gemm", "memory_copy"]
    assert sum("left out: no grouped GEMM" in line for line in said) == 3
    direct, imported = tmp_path / "direct.sqlite", tmp_path / "imported.sqlite"
    campaign.to_store(direct, found, "a GPU")
    campaign.to_csv(tmp_path / "csv", found)
    import write_kernels

    connection = store.open_store(imported)
    for name in found:
        path = tmp_path / "csv" / f"{name}.csv"
        write_kernels.import_csv(
            connection, path, families.BY_NAME[name], checked.read_kernels(path, families.BY_NAME[name]))
    select = "SELECT system, framework, framework_version, kernel, dtype, n, k, m, latency_seconds, power_watts FROM gemm"
    rows = store.open_store(direct).execute(select).fetchall()
    assert len(rows) == len(found["gemm"]) == 20
    assert sorted(rows) == sorted(connection.execute(select).fetchall())
    assert rows[0][:5] == ("my-gpu", "fake", "1.0", "fake_kernel", "bf16")


def test_every_beginning_of_a_spread_order_covers_all_families():
    cases = plan.cases(plan.FAMILIES, ("bf16", "fp8"))
    order = plan.spread(cases)
    assert sorted(map(str, order)) == sorted(map(str, cases))
    beginning = order[: len(order) // 10]
    for family in {case.family for case in cases}:
        share = sum(case.family == family for case in cases) / len(cases)
        assert sum(case.family == family for case in beginning) == pytest.approx(share * len(beginning), abs=1.5)
    gemms = [case.load["m"] for case in beginning if case.family == "gemm"]
    assert min(gemms) <= 4 and max(gemms) >= 2048 and len(set(gemms)) >= 12


def test_what_was_measured_before_an_interrupt_or_the_end_of_the_time_is_kept(monkeypatch):
    backend = FakeBackend()
    prepared = []

    def interrupted(case):
        prepared.append(case)
        if len(prepared) == 4:
            raise KeyboardInterrupt
        return FakeWork(backend.clock), "fake_kernel"

    backend.prepare = interrupted
    cases, said = plan.cases(("gemm",), ("bf16",), quick=True), []
    found = campaign.measure_all(cases, backend, None, "my-gpu", method.Settings(), said.append, ValueError)
    assert len(found["gemm"]) == 3 and "interrupted" in said[-1]
    ticks = iter(range(100))
    monkeypatch.setattr(campaign.time, "monotonic", lambda: next(ticks))
    backend.prepare = lambda case: (FakeWork(backend.clock), "fake_kernel")
    found = campaign.measure_all(
        cases, backend, None, "my-gpu", method.Settings(), said.append, ValueError, seconds=5)
    assert len(found["gemm"]) == 4 and said[-1] == "time is up: 16 of 20 cases not measured"
