"""A user's files: good ones arrive whole, bad ones are refused with file:line and leave no trace."""

import pytest

import checked
import families
import points
import splits
import write_kernels

POINTS = "id,suite,system,accelerators,model,mode,load,concurrency,ttft_mean_s,unknown\n"
GEMM = "system,framework,framework_version,kernel,dtype,n,k,m,latency_seconds,power_watts\n"


def file(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def refused(function, *arguments):
    with pytest.raises(checked.Refused) as caught:
        function(*arguments)
    return caught.value.faults


def test_points_arrive_with_their_split(connection, tmp_path):
    path = file(tmp_path, POINTS + "a,mine,h200-sxm,8,llama-2-70b,agg,closed_loop,16,0.25,whatever\n")
    points.import_csv(connection, path, checked.read_points(path), frozenset())
    found = connection.execute("SELECT id, accelerators, concurrency, ttft_mean_s, split FROM end_to_end").fetchall()
    key = splits.configuration_key({"suite": "mine", "system": "h200-sxm", "model": "llama-2-70b", "mode": "agg"})
    assert found == [("a", 8, 16.0, 0.25, splits.split_of("mine", splits.configuration_hash(key), frozenset()))]


def test_every_fault_of_a_points_file_is_told_at_once(tmp_path):
    path = file(tmp_path, POINTS + (
        "a,mine,h200-sxm,8,m,agg,closed_loop,16,0.25,\n"
        "a,mine,h200-sxm,8.5,m,mixed,closed_loop,16,-1,\n"
        "b,mine,,8,m,agg,closed_loop,sixteen,,\n"
        "c,mine,h200-sxm,8\n"))
    faults = refused(checked.read_points, path)
    assert [fault.removeprefix(f"{path}:") for fault in faults] == [
        "5: 4 fields, the header has 10"]
    path = file(tmp_path, path.read_text().rsplit("c,", 1)[0])
    assert [fault.removeprefix(f"{path}:") for fault in refused(checked.read_points, path)] == [
        "3: accelerators: '8.5' is not a whole number", "3: ttft_mean_s: '-1' is less than 0",
        "3: mode: 'mixed' is none of agg, disagg", "3: id 'a' is that of line 2 too",
        "4: system is empty", "4: concurrency: 'sixteen' is not a number", "4: nothing measured"]


def test_points_need_their_columns(tmp_path):
    faults = refused(checked.read_points, file(tmp_path, "id,suite\na,b\n"))
    assert any("no column system" in fault for fault in faults)
    assert any("no measured column" in fault for fault in faults)


def test_kernels_arrive_and_replace_themselves(connection, tmp_path):
    family = families.BY_NAME["gemm"]
    for power in (500, 510):
        path = file(tmp_path, GEMM + f"my-gpu,pytorch,2.8,,bfloat16,4096,8192,16,0.000025,{power}\n")
        write_kernels.import_csv(connection, path, family, checked.read_kernels(path, family))
    found = connection.execute("SELECT system, dtype, m, latency_seconds, power_watts, samples FROM gemm").fetchall()
    assert found == [("my-gpu", "bf16", 16, pytest.approx(25e-6), 510.0, None)]


def test_kernel_files_are_refused_with_the_line(tmp_path):
    family = families.BY_NAME["gemm"]
    path = file(tmp_path, GEMM + (
        "x,pytorch,2.8,,bf16,4096,8192,16,0.000025,\n"
        "x,pytorch,2.8,,bf16,4096,8192,16,0.000026,\n"
        "x,pytorch,2.8,,bf16,4096,,17,0,\n"))
    assert [fault.removeprefix(f"{path}:") for fault in refused(checked.read_kernels, path, family)] == [
        "3: the shape and load of line 2 again", "4: k is empty", "4: latency_seconds: '0' is not more than 0"]
    path = file(tmp_path, "system,latency_ms\n")
    faults = refused(checked.read_kernels, path, family)
    assert "unknown column 'latency_ms'" in faults[0]
    assert any("no column latency_seconds" in fault for fault in faults)
