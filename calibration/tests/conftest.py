"""Makes the importers and the measuring script importable, and finds what only some machines have."""

import sys
from pathlib import Path

import pytest

CALIBRATION = Path(__file__).resolve().parent.parent
for folder in ("import", "measure"):
    sys.path.insert(0, str(CALIBRATION / folder))

SHARED = CALIBRATION.parent.parent / "shared" / "data"


@pytest.fixture
def shared_points():
    """The folder of chosen end-to-end points beside the package."""
    folder = SHARED / "points"
    if not folder.is_dir():
        pytest.skip("../shared/data/points is not beside the package")
    return folder


@pytest.fixture(scope="session")
def core_wheel():
    """The package with the sample of end-to-end points, as `make measurements` keeps it."""
    found = sorted((CALIBRATION / "wheels").glob("aiconfigurator-core-*/*.whl"))
    if not found:
        pytest.skip("calibration/wheels is empty: run `make measurements` first")
    from packages import Wheel

    return Wheel(found[0])


@pytest.fixture
def connection(tmp_path):
    """An empty store."""
    import store

    connection = store.open_store(tmp_path / "measurements.sqlite")
    yield connection
    connection.close()
