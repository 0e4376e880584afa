# SPDX-License-Identifier: Apache-2.0
"""revoscalepy's options, as far as jobs have use for them."""
from typing import Any, Dict

from .contexts import rx_get_compute_context, rx_set_compute_context
from .errors import ArgumentError

_COMPUTE_CONTEXT = ("computeContext", "compute_context")


class RxOptions:
    """Process-wide options.

    "compute_context" (or "computeContext") is the context in force. Any other name of revoscalepy's is kept
    and given back, so that scripts that set one run; none of them changes how jobs run.

    >>> from errand import RxOptions
    >>> RxOptions.set_option("num_digits", 5)
    >>> RxOptions.get_option("num_digits")
    5
    """

    _values: Dict[str, Any] = {}

    @classmethod
    def get_option(cls, name: str, default: Any = None) -> Any:
        """The option's value, or `default`."""
        if not isinstance(name, str):
            raise ArgumentError(f"an option's name is a string, not {name!r}")
        if name in _COMPUTE_CONTEXT:
            return rx_get_compute_context()
        return cls._values.get(name, default)

    @classmethod
    def set_option(cls, name: str, value: Any) -> None:
        """Sets the option for this process."""
        if not isinstance(name, str):
            raise ArgumentError(f"an option's name is a string, not {name!r}")
        if name in _COMPUTE_CONTEXT:
            rx_set_compute_context(value)
        else:
            cls._values[name] = value
