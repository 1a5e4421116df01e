"""The scripts are no installed package: the benchmark's modules are found from the project's folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
