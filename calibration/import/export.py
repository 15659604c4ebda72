"""A small sample of the store as CSV, for checking a cost model where no store is: see `kernels/` in README.md.

For each system, framework and number format the same few shapes, chosen by hash, at loads that are powers of two,
each the least latency over framework versions. Everything would be 86 MB compressed; this is what a repository can carry.
"""

import csv
import gzip
import hashlib
import io
from collections import defaultdict
from pathlib import Path

import families

# Family: (columns that a reader picks by, shapes of each pick, columns fixed to one value, least power of two by load)
SAMPLES = {
    "gemm": (("system", "framework", "dtype"), 12, {}, 4),
    "prefill_attention": (("system", "framework", "attention_dtype", "kv_cache_dtype"), 3, {"past_tokens": 0}, 4),
    "decode_attention": (("system", "framework", "kv_cache_dtype"), 3, {}, 4),
    "mla_prefill": (("system", "framework", "scope", "kv_cache_dtype", "gemm_dtype"), 1, {"past_tokens": 0}, 4),
    "mla_decode": (("system", "framework", "scope", "kv_cache_dtype", "gemm_dtype"), 1, {}, 4),
    "moe": (("system", "framework", "variant", "dtype"), 6, {}, 4),
    "collectives": (("system", "framework", "operation", "implementation"), 6, {}, 4),
}
DROPPED = ("measurements",)


def export(connection, folder, which=None):
    """Writes FAMILY.csv.gz into a folder; {family: (rows, bytes)}."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    result = {}
    for name, sample in SAMPLES.items():
        if which is None or name in which:
            header, rows = sampled(connection, families.BY_NAME[name], *sample)
            data = compressed(header, rows)
            (folder / f"{name}.csv.gz").write_bytes(data)
            result[name] = len(rows), len(data)
    return result


def sampled(connection, family, picks, shapes, fixed, ratio):
    """The header and rows of a family's sample, in a fixed order."""
    where = " AND ".join(f"{column} = ?" for column in fixed) or "1"
    query = connection.execute(f"SELECT * FROM {family.name}_best WHERE {where}", tuple(fixed.values()))
    columns = [description[0] for description in query.description]
    place = {column: columns.index(column) for column in columns}
    shape_columns = [column for column, _ in family.shape if column not in picks]
    chosen, groups = defaultdict(dict), defaultdict(list)
    for row in query:
        if not all(is_power(row[place[column]], ratio) for column in family.load if column not in fixed):
            continue
        pick = tuple(row[place[column]] for column in picks)
        shape = tuple(row[place[column]] for column in shape_columns)
        chosen[pick].setdefault(shape, rank(family, shape))
        groups[pick, shape].append(row)
    keep = [column for column in columns if column not in DROPPED]
    rows = []
    for pick in sorted(chosen):
        for shape in sorted(sorted(chosen[pick], key=chosen[pick].get)[:shapes]):
            for row in sorted(groups[pick, shape]):
                rows.append([text(row[place[column]]) for column in keep])
    return keep, rows


def rank(family, shape):
    """Places shapes in an order that has nothing to do with what was measured, alike on every system."""
    return hashlib.sha256(repr((family.name, shape)).encode()).digest()


def is_power(value, ratio):
    """Whether a load is a power of `ratio`; of a context, which counts the new token, also one more."""
    for candidate in (value, value - 1):
        power = 1
        while power < candidate:
            power *= ratio
        if power == candidate:
            return True
    return False


def text(value):
    return f"{value:.4g}" if isinstance(value, float) else value


def compressed(header, rows):
    """The bytes of a .csv.gz that are the same whenever it is made."""
    plain = io.StringIO()
    writer = csv.writer(plain, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return gzip.compress(plain.getvalue().encode(), compresslevel=9, mtime=0)
