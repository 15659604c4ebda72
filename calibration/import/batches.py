"""Rows of one source file on their way into the store: columns of series values and of numbers."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Coded:
    """A column of a series: a small set of values, and for each row which of them."""

    values: list
    codes: np.ndarray

    @classmethod
    def constant(cls, value, count):
        return cls([value], np.zeros(count, np.int64))

    @classmethod
    def of(cls, column):
        """From an arrow column of text or whole numbers."""
        encoded = column.combine_chunks().dictionary_encode()
        return cls(encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64))

    def mapped(self, function):
        return Coded([function(value) for value in self.values], self.codes)

    def taken(self, selected):
        return Coded(self.values, self.codes[selected])


@dataclass
class Batch:
    """Rows of one family from one source file. `latency` is in nanoseconds, as floats until rounded."""

    family: str
    series: dict
    load: dict
    latency: np.ndarray
    telemetry: dict = field(default_factory=dict)
    # What rules need to know and the store doesn't keep, by row.
    hints: dict = field(default_factory=dict)

    def __len__(self):
        return len(self.latency)

    def taken(self, selected):
        """The rows that a boolean mask selects."""
        return Batch(
            self.family,
            {name: coded.taken(selected) for name, coded in self.series.items()},
            {name: values[selected] for name, values in self.load.items()},
            self.latency[selected],
            {name: values[selected] for name, values in self.telemetry.items()},
            {name: values[selected] for name, values in self.hints.items()})


def series_keys(columns, batch):
    """The distinct series of a batch, as tuples in the order of `columns`, and for each row which one."""
    combined = np.zeros(len(batch), np.int64)
    for name in columns:
        coded = batch.series[name]
        combined = combined * len(coded.values) + coded.codes
        if combined.size and combined.max() > 1 << 40:
            combined = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    _, first, which = np.unique(combined, return_index=True, return_inverse=True)
    keys = [
        tuple(batch.series[name].values[batch.series[name].codes[row]] for name in columns) for row in first]
    return keys, which
