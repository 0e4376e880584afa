# SPDX-License-Identifier: Apache-2.0
"""The extension module, told where the errand command of this package is."""
import os

from . import _core as core

__all__ = ["COMMAND", "core"]

COMMAND = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "errand")
core.use_command(COMMAND)
