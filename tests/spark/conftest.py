"""One pool of Spark for all tests in this folder. `make test-spark` installs what they need and runs them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator

import pytest

from hotpapers.wings.archives.spark import SparkWorkers, spark_workers
from tests.conftest import ROOT


@pytest.fixture(scope="session")
def spark() -> None:
    """Require PySpark and Java, and let Spark's processes import our code and these tests."""
    if not importlib.util.find_spec("pyspark"):
        pytest.skip("PySpark is not installed: `make test-spark` installs it, and runs these tests")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java, which is not installed")
    paths = [str(ROOT / "src"), str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.environ["PYSPARK_PYTHON"] = sys.executable


@pytest.fixture(scope="session")
def pool(spark: None) -> Iterator[SparkWorkers]:
    """Processes on two cores of this machine."""
    with spark_workers("local[2]") as result:
        yield result
