# SPDX-License-Identifier: Apache-2.0
"""The console script `errand`: becomes the command that came with the package."""
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    command = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "errand")
    os.execv(command, ["errand", *sys.argv[1:]])
