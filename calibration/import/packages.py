"""Reads the aiconfigurator packages: where their tables are, and what a table's folder says about it."""

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow.parquet as parquet

import names
from batches import Coded
from tables import TABLES

# What is measured in them: the newest framework versions in the first, older ones in the second.
PACKAGES = ("aiconfigurator-core==0.12.0", "aiconfigurator==0.10.0")


@dataclass(frozen=True)
class Origin:
    """What the place of a table says: the system, the framework and the version it is filed under."""

    folder: str
    framework: str
    version: str

    @property
    def accelerators_per_node(self):
        return names.accelerators_per_node(self.folder)

    def identity(self, table):
        """The columns with which every series starts."""
        count = table.num_rows
        if "version" in table.column_names:
            measured = Coded.of(table["version"]).mapped(lambda version: "" if version == self.version else version)
        else:
            measured = Coded.constant("", count)
        return {
            "system": Coded.constant(names.system(self.folder), count),
            "framework": Coded.constant(names.framework(self.framework), count),
            "framework_version": Coded.constant(self.version, count),
            "measured_version": measured,
            "kernel": Coded.of(table["kernel_source"]),
        }

    def hints(self, table):
        """Whether each row names another framework than the one under which the table is filed."""
        library = names.framework(self.framework) in ("nccl", "oneccl")
        if library or "framework" not in table.column_names:
            return {}
        stated = Coded.of(table["framework"]).mapped(names.framework)
        foreign = [value != names.framework(self.framework) for value in stated.values]
        return {"foreign": np.array(foreign, bool)[stated.codes]}


def origin(path):
    """The origin of a table by its path: .../data/SYSTEM/[FAMILY/]FRAMEWORK/VERSION/NAME.parquet."""
    parts = PurePosixPath(path).parts
    parts = parts[parts.index("data") + 1:]
    return Origin(parts[0], parts[-3], parts[-2])


WHEELS = Path(__file__).resolve().parent.parent / "wheels"


def download(requirement, folder):
    """The wheel of a package, without what it depends on: as downloaded before, else from the package index."""
    target = Path(folder) / requirement.replace("==", "-")
    here = list(target.glob("*.whl"))
    if here:
        return here[0]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(target),
         requirement], check=True)
    wheel, = target.glob("*.whl")
    return wheel


def fetched(requirements, folder=WHEELS):
    """Wheels of the packages, downloaded into a folder where they aren't there yet."""
    return [download(requirement, folder) for requirement in requirements]


class Wheel:
    """An unopened package: its tables and its sample of end-to-end points, read where they lie."""

    def __init__(self, path):
        self.path = Path(path)
        self.archive = zipfile.ZipFile(self.path)
        match = re.match(r"([A-Za-z0-9_.]+)-([^-]+)-", self.path.name)
        if not match:
            raise ValueError(f"{path}: not the name of a wheel")
        self.package, self.version = match[1].replace("_", "-"), match[2]

    def sha256(self):
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def tables(self):
        """Paths of the kernel tables that have a family here, in order of name; then those that have none."""
        paths = sorted(name for name in self.archive.namelist() if name.endswith(".parquet"))
        known = [path for path in paths if PurePosixPath(path).stem in TABLES]
        return known, [path for path in paths if path not in set(known)]

    def read_table(self, path):
        return parquet.read_table(io.BytesIO(self.archive.read(path)))

    def read_text(self, suffix):
        """The text file whose path ends so, or None."""
        for name in self.archive.namelist():
            if name.endswith(suffix):
                return name, self.archive.read(name).decode("utf-8")
        return None

    def peaks(self):
        """Dense peak FLOP/s by the package's own description of each system: {folder: {key: value}}."""
        result = {}
        for name in self.archive.namelist():
            match = re.search(r"/systems/(\w+)\.yaml$", name)
            if match:
                text = self.archive.read(name).decode("utf-8")
                result[match[1]] = {
                    key: float(value) for key, value in re.findall(r"^  (\w+_flops): *([0-9.e+]+)", text, re.M)}
        return result
