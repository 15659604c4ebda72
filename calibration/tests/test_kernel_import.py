"""From a wheel to the store: merged, counted, the same when done twice."""

import io
import zipfile

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

import kernels
import report
import table_files
from packages import Wheel

GEMM = {"gemm_dtype": "fp8_block", "n": 4096, "k": 4096}


def gemm_rows(version, kernel, latencies, framework="VLLM"):
    """{m: [latency in ms]} as a table."""
    rows = [(m, value) for m, values in latencies.items() for value in values]
    columns = {"framework": framework, "version": version, "kernel_source": kernel, **GEMM}
    return {name: [value] * len(rows) for name, value in columns.items()} | {
        "m": [m for m, _ in rows], "latency": [value for _, value in rows]}


def wheel(folder, name, files):
    path = folder / f"{name}-cp311-abi3-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, columns in files.items():
            data = io.BytesIO()
            parquet.write_table(arrow.table(columns), data)
            archive.writestr(f"pkg/systems/data/{place}.parquet", data.getvalue())
        archive.writestr("pkg/systems/b200_sxm.yaml", "gpu:\n  fp8_tc_flops: 4500000000000000\n")
    return Wheel(path)


@pytest.fixture
def wheels(tmp_path):
    new = wheel(tmp_path, "aiconfigurator_core-0.12.0", {
        "b200_sxm/gemm/vllm/0.24.0/gemm_perf": gemm_rows(
            "0.24.0", "deepgemm", {1: [0.160, 0.170, 0.165], 16: [0.161], 64: [0.9], 128: [0.162], 0: [0.0004]}),
        "b200_sxm/other/vllm/0.24.0/strange_perf": {"latency": [1.0]}})
    old = wheel(tmp_path, "aiconfigurator-0.10.0", {
        "b200_sxm/vllm/0.24.0/gemm_perf": gemm_rows("0.24.0", "deepgemm", {16: [0.161]}),
        "b200_sxm/vllm/0.19.0/gemm_perf": gemm_rows("0.19.0", "deepgemm", {1: [0.016], 16: [0.017]})})
    return [new, old]


def everything(connection):
    return [
        connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
        for table in ("gemm", "provenance", "cleaning")]


def test_rows_are_merged_and_each_lost_one_is_accounted_for(connection, wheels):
    unknown = kernels.import_wheels(connection, wheels)
    assert unknown == ["aiconfigurator-core 0.12.0: pkg/systems/data/b200_sxm/other/vllm/0.24.0/strange_perf.parquet"]
    measured = connection.execute(
        "SELECT framework_version, m, round(latency_seconds * 1e6) FROM gemm ORDER BY 1, 2").fetchall()
    assert measured == [
        ("0.19.0", 1, 16), ("0.19.0", 16, 17), ("0.24.0", 1, 165), ("0.24.0", 16, 161), ("0.24.0", 128, 162)]
    rules = dict(connection.execute("SELECT rule, SUM(rows) FROM cleaning GROUP BY rule"))
    assert rules == {
        "repeats_to_median": 2, "same_measurement_twice": 1, "isolated_spike": 1, "empty_load": 1,
        "host_bound_series": 3}
    read, kept, dropped = connection.execute(
        "SELECT SUM(rows_read), SUM(rows_kept), SUM(rows_dropped) FROM provenance").fetchone()
    assert (read, kept, dropped) == (10, 5, 5)


def test_best_takes_the_least_of_the_versions_and_says_which(connection, wheels):
    kernels.import_wheels(connection, wheels)
    found = connection.execute(
        "SELECT m, round(latency_seconds * 1e6), framework_version, measurements FROM gemm_best"
        " WHERE system = 'b200-sxm' AND dtype = 'fp8_block' ORDER BY m").fetchall()
    assert found == [(1, 16, "0.19.0", 2), (16, 17, "0.19.0", 2), (128, 162, "0.24.0", 1)]
    flags = dict(connection.execute("SELECT framework_version, host_bound_suspected FROM gemm_series"))
    assert flags == {"0.24.0": 1, "0.19.0": 0}


def test_importing_twice_changes_nothing(connection, wheels):
    kernels.import_wheels(connection, wheels)
    once = everything(connection)
    kernels.import_wheels(connection, wheels)
    assert everything(connection) == once


def test_a_table_file_keeps_power_where_the_kernel_is_long_enough(connection, tmp_path):
    path = tmp_path / "h200_sxm-gemm.csv"
    path.write_text(
        "framework,version,op_name,kernel_source,gemm_dtype,m,n,k,latency,power,power_limit\n"
        "VLLM,0.22.0,gemm,vllm_default,bfloat16,4096,8192,8192,0.75,650.5,700.0\n"
        "VLLM,0.22.0,gemm,vllm_default,bfloat16,16,8192,8192,0.03,675.0,700.0\n")
    assert table_files.import_table(connection, path) == ("gemm", 2, 2)
    found = connection.execute("SELECT m, power_watts, power_limit_watts FROM gemm ORDER BY m").fetchall()
    assert found == [(16, None, None), (4096, 650.5, 700.0)]
    assert "power_reading_lags: 1 rows" in report.cleaning_report(connection)


def test_a_table_file_is_known_by_its_name(connection, tmp_path):
    with pytest.raises(ValueError, match="SYSTEM-TABLE.csv"):
        table_files.import_table(connection, tmp_path / "gemm.csv")
