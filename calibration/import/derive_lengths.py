#!/usr/bin/env python3
"""Derives the length tables in Sources/Workload/Datasets from measured per-request lengths.

    python3 calibration/import/derive_lengths.py [--data ../shared/data] [--out Sources/Workload/Datasets]

The measured files stay where they are; only frequency tables leave this script. Three kinds are written:

  ID.inputs.csv, ID.outputs.csv   value,count          when prompt and answer lengths are (nearly) independent
  ID.pairs.csv                    input,output,count   when they are not

A table of many different lengths is binned, and each bin stands for the (rounded) mean of its members, so
that the mean survives. Every file starts with where it is from, its licence, how it was derived, its mean.

Answers. What a benchmark's reference model answered is not what a submission generates. The compliance test TEST06 logs
what was generated, but for a few hundred samples only. Where those differ in shape from the reference answers
(two-sample Kolmogorov-Smirnov distance, printed), the measured shape is used; where they don't, the reference
answers are, as there are many more of them. Either is then scaled to the mean that results on the whole
data set imply: output tokens per second over requests per second. Those means are in WHOLE_RUN_MEANS below.
"""

import argparse
import bisect
import csv
import statistics
from pathlib import Path

MLCOMMONS = (
    "MLCommons, MLPerf Inference data sets and result logs; token counts only, no text", "Apache-2.0")
AZURE = (
    "Azure Public Dataset, AzureLLMInferenceTrace 2023 (Patel et al., Splitwise, ISCA 2024)", "CC-BY-4.0")

# Output tokens per request over whole data sets, from MLPerf Inference v4.1-v6.0 closed-division results.
WHOLE_RUN_MEANS = {
    # NVFP4 272-277 (so does one FP16 result); FP8 and FP16, TensorRT-LLM and vLLM, 290-302; reference model
    # 294.45. Between them; a result that states its own mean is better served by rescaling to that.
    "openorca-mlperf": 284.0,
    # FP8 TensorRT-LLM 145.8-147.0, other stacks 143.5; reference model 144.84.
    "mlperf-mixtral-8x7b": 145.0,
    # TensorRT-LLM, FP8 and NVFP4, 645-660, median 654; reference model 684.68.
    "mlperf-llama-3.1-405b": 654.0,
    # NVFP4 TensorRT-LLM 3,650-3,750; reference model 3,886.23.
    "mlperf-deepseek-r1": 3700.0,
}
MAX_ROWS = 2400
MAX_PAIR_ROWS = 1900


def column(path, name):
    """One column of whole (or half: a median) token counts."""
    with open(path, newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


def scaled(lengths, mean, cap):
    """Lengths times the factor that gives round(), clipped to [1, cap], the wanted mean."""
    low, high = 0.1, 10.0
    for _ in range(60):
        factor = (low + high) / 2
        result = [min(max(round(length * factor), 1), cap) for length in lengths]
        if statistics.fmean(result) < mean:
            low = factor
        else:
            high = factor
    return result, factor


def table(lengths, counted_from=1):
    """Rows (value, count): each length by itself, or in the narrowest equal bins that fit."""
    width = 1
    while True:
        bins = {}
        for length in lengths:
            bins.setdefault((int(length) - counted_from) // width, []).append(length)
        rows = {}
        for members in bins.values():
            value = max(round(statistics.fmean(members)), 1)
            rows[value] = rows.get(value, 0) + len(members)
        if len(rows) <= MAX_ROWS:
            return sorted(rows.items()), width
        width *= 2


def quantile_edges(lengths, bins):
    """Upper edges of bins of equal population, ever narrower in the upper tail; the longest length is alone."""
    ordered = sorted(lengths)
    ranks = [int((i + 1) / bins * len(ordered)) for i in range(bins)]
    ranks += [len(ordered) - (1 << i) - 1 for i in range(7)]
    return sorted({ordered[min(rank, len(ordered) - 1)] for rank in ranks})


def pair_table(inputs, outputs):
    """Rows (input, output, count): cells of a grid of quantiles, as fine as fits."""
    for bins in range(200, 4, -1):
        edges = quantile_edges(inputs, bins), quantile_edges(outputs, bins)
        cells = {}
        for pair in zip(inputs, outputs):
            key = tuple(bisect.bisect_left(edge, length) for edge, length in zip(edges, pair))
            cells.setdefault(key, []).append(pair)
        if len(cells) > MAX_PAIR_ROWS:
            continue
        rows = {}
        for members in cells.values():
            pair = tuple(max(round(statistics.fmean(part)), 1) for part in zip(*members))
            rows[pair] = rows.get(pair, 0) + len(members)
        return sorted((*pair, count) for pair, count in rows.items()), bins
    raise SystemExit("no grid is coarse enough")


def ks_distance(first, second):
    """The greatest distance between two empirical distribution functions, each scaled to mean 1."""
    first, second = (sorted(x / statistics.fmean(part) for x in part) for part in (first, second))
    return max(
        abs(bisect.bisect_right(first, x) / len(first) - bisect.bisect_right(second, x) / len(second))
        for x in first + second
    )


def write(path, header, columns, rows):
    """A resource: comment lines `# key: value`, the column names, the rows."""
    lines = [f"# {key}: {value}" for key, value in header] + [columns]
    lines += [",".join(str(cell) for cell in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    print(f"  {path.name}: {len(rows)} rows, {path.stat().st_size} bytes")


class Writer:
    """Writes the tables of one data set under a common header."""

    def __init__(self, out, id, title, source, aliases=""):
        self.out, self.id = out, id
        self.header = [
            ("id", id), ("aliases", aliases or "none"), ("title", title),
            ("source", source[0]), ("licence", source[1])]
        print(id)

    def lengths(self, part, lengths, derived):
        rows, width = table(lengths)
        mean = sum(value * count for value, count in rows) / len(lengths)
        if width > 1:
            derived += f"; binned {width} tokens wide, each bin at its mean"
        header = self.header + [("derived", derived), ("mean", f"{mean:.4f}")]
        write(self.out / f"{self.id}.{part}.csv", header, "value,count", rows)
        print(f"    {part}: mean {statistics.fmean(lengths):.3f}, of the table {mean:.3f}")

    def pairs(self, inputs, outputs, derived):
        rows, bins = pair_table(inputs, outputs)
        means = [sum(row[i] * row[2] for row in rows) / len(inputs) for i in (0, 1)]
        correlation = statistics.correlation(inputs, outputs)
        kept = statistics.correlation(*([row[i] for row in rows for _ in range(row[2])] for i in (0, 1)))
        derived += (
            f"; in a grid of about {bins} x {bins} quantiles, each cell at its mean;"
            f" correlation of input and output {correlation:.3f}, in the table {kept:.3f}"
        )
        header = self.header + [
            ("derived", derived), ("mean_input", f"{means[0]:.4f}"), ("mean_output", f"{means[1]:.4f}")]
        write(self.out / f"{self.id}.pairs.csv", header, "input,output,count", rows)
        print(f"    means {statistics.fmean(inputs):.3f}, {statistics.fmean(outputs):.3f}; of the table {means}")


def compare(measured, reference):
    """Prints how far the shape of measured answers is from the reference answers'."""
    lengths = column(measured, "osl_median")
    correlation = statistics.correlation(column(measured, "input_length"), lengths)
    distance = ks_distance(reference, lengths)
    print(
        f"    TEST06: {len(lengths)} samples, mean of medians {statistics.fmean(lengths):.2f}, correlation with the"
        f" input {correlation:.3f}, KS distance to the reference shape {distance:.3f}"
        f" (5 % critical: {1.358 * (1 / len(lengths) + 1 / len(reference)) ** 0.5:.3f})"
    )
    return lengths, correlation, distance


def openorca(data, out):
    writer = Writer(
        out, "openorca-mlperf", "OpenOrca as in MLPerf's Llama 2 70B, prompts and answers of at most 1,024 tokens",
        MLCOMMONS, aliases="mlperf-llama-2-70b")
    full = data / "mlperf-llama2-70b-99.csv"
    measured, correlation, _ = compare(
        data / "mlperf-llama2-70b_test06_measured_osl.csv", column(full, "output_length"))
    mean = WHOLE_RUN_MEANS[writer.id]
    writer.lengths("inputs", column(full, "input_length"), "all 24,576 samples of the data set")
    outputs, factor = scaled(measured, mean, 1024)
    writer.lengths(
        "outputs", outputs,
        f"shape: the median generated length of each of {len(measured)} samples logged by TEST06 over many submissions "
        f"(mean {statistics.fmean(measured):.1f}); scaled by {factor:.4f} to the mean {mean:g} between what results on the whole "
        "data set imply (NVFP4 272-277 tokens a sample, nearly all FP8 and FP16 290-302; reference 294.45); "
        f"rounded, clipped to 1..1024; drawn independently of the input (correlation {correlation:.3f})")


def from_reference(data, out, id, title, full, test06, cap, aliases, paired):
    writer = Writer(out, id, title, MLCOMMONS, aliases)
    inputs = [int(x) for x in column(data / full, "input_length")]
    reference = column(data / full, "output_length")
    measured, _, distance = compare(data / test06, [min(x, cap) for x in reference])
    mean = WHOLE_RUN_MEANS[id]
    outputs, factor = scaled(reference, mean, cap)
    derived = (
        f"shape: the reference model's answers to all {len(inputs)} samples; scaled by {factor:.4f} and capped at {cap} tokens, to "
        f"the mean {mean:g} that results on the whole data set imply; {len(measured)} samples logged by TEST06 "
        f"(mean of medians {statistics.fmean(measured):.1f}) have the same shape (KS distance {distance:.3f})")
    if paired:
        writer.pairs(inputs, outputs, derived)
    else:
        correlation = statistics.correlation(inputs, outputs)
        writer.lengths("inputs", inputs, f"all {len(inputs)} samples of the data set")
        writer.lengths(
            "outputs", outputs, derived + f"; drawn independently of the input (correlation {correlation:.3f})")


def llama8b(data, out):
    writer = Writer(
        out, "mlperf-llama-3.1-8b", "CNN/DailyMail as in MLPerf's Llama 3.1 8B, answers of 128 tokens", MLCOMMONS,
        aliases="cnn-dailymail-mlperf")
    full = data / "mlperf-llama3-1-8b-datacenter.csv"
    measured, _, _ = compare(
        data / "mlperf-llama3_1-8b_test06_measured_osl.csv", column(full, "output_length"))
    writer.lengths("inputs", column(full, "input_length"), "all 13,368 samples of the data set")
    writer.lengths(
        "outputs", [round(x) for x in measured],
        f"the median generated length of each of {len(measured)} samples logged by TEST06: generation runs to its cap of "
        "128 tokens, counted as 128 or 129; results on the whole data set imply 128-129")


def gpt_oss(data, out):
    writer = Writer(
        out, "mlperf-gpt-oss-120b", "The performance set of MLPerf's GPT-OSS 120B; prompts only", MLCOMMONS,
        aliases="gpt-oss-120b-mlperf")
    writer.lengths(
        "inputs", column(data / "mlperf-gpt-oss-120b_perf_inputs.csv", "input_length"),
        "all 6,396 samples of the performance set; no answer lengths were published")


def azure(data, out, kind, title):
    writer = Writer(out, f"azure-2023-{kind}", title, AZURE)
    path = data / f"azure-2023-{kind}.csv"
    inputs, outputs = ([int(x) for x in column(path, name)] for name in ("ContextTokens", "GeneratedTokens"))
    writer.pairs(inputs, outputs, f"all {len(inputs)} requests of the trace")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of measured data")
    parser.add_argument("--out", type=Path, default=Path("Sources/Workload/Datasets"))
    arguments = parser.parse_args()
    lengths, traces, out = arguments.data / "lengths", arguments.data / "traces", arguments.out
    openorca(lengths, out)
    from_reference(
        lengths, out, "mlperf-mixtral-8x7b", "5k OpenOrca, 5k GSM8K, 5k MBXP as in MLPerf's Mixtral 8x7B",
        "mlperf-mixtral-8x7b.csv", "mlperf-mixtral-8x7b_test06_measured_osl.csv", 1024, "mixtral-mlperf", False)
    llama8b(lengths, out)
    from_reference(
        lengths, out, "mlperf-llama-3.1-405b", "LongBench, Ruler, GovReport as in MLPerf's Llama 3.1 405B",
        "mlperf-llama3-1-405b.csv", "mlperf-llama3_1-405b_test06_measured_osl.csv", 20000, "llama31-405b-mlperf", True)
    from_reference(
        lengths, out, "mlperf-deepseek-r1", "Mathematics, science and code questions as in MLPerf's DeepSeek-R1",
        "mlperf-deepseek-r1.csv", "mlperf-deepseek-r1_test06_measured_osl.csv", 20000, "deepseek-r1-mlperf", True)
    gpt_oss(lengths, out)
    azure(traces, out, "conversation", "Conversations in production at Azure, November 2023")
    azure(traces, out, "code", "Code completion in production at Azure, November 2023")


if __name__ == "__main__":
    main()
