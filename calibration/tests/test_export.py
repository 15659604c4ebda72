"""The exported sample: the same bytes each time, the same shapes on every system."""

import csv
import gzip
import io

import export
import families
import write_kernels


def rows_of(system):
    """GEMMs of 30 shapes at seven loads; the time tells the shape, the load and the system."""
    slow = 2 if system == "slow" else 1
    return [
        ((system, "vllm", "1", "", "k", "bf16", 64 * n, 128), (m,), slow * (1000 * n + m), (None,) * 6)
        for n in range(1, 31) for m in (1, 2, 4, 16, 17, 18, 64)]


def read(path):
    return list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))


def test_a_sample_is_small_deterministic_and_alike_everywhere(connection, tmp_path):
    for system in ("fast", "slow"):
        write_kernels.add_rows(connection, families.BY_NAME["gemm"], rows_of(system))
    written = export.export(connection, tmp_path / "one", which=("gemm",))
    export.export(connection, tmp_path / "two", which=("gemm",))
    one, two = (tmp_path / name / "gemm.csv.gz" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    found = read(one)
    assert len(found) == written["gemm"][0] == 2 * 12 * 6  # 12 shapes; 1, 2, 4, 16, 17, 64 but not 18
    shapes = {system: {row["n"] for row in found if row["system"] == system} for system in ("fast", "slow")}
    assert shapes["fast"] == shapes["slow"] and len(shapes["fast"]) == 12
    assert "measurements" not in found[0]


def test_loads_are_powers_or_one_more():
    assert [value for value in range(1, 70) if export.is_power(value, 4)] == [1, 2, 4, 5, 16, 17, 64, 65]
