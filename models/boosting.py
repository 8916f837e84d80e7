"""XGBoost, imported alone.

With scikit-learn installed beside it, XGBoost imports that too: 1.2 s and 150 MiB instead of 0.23 s and 61 MiB,
for wrappers that nothing here uses. Everything in the project imports ``xgboost`` from this module.

Its threads wait for each other by spinning, unless they are told otherwise before they are loaded. Where something
else needs the cores, such as the service that a new model is trained beside, trees then grow ten times slower; whoever
waits asleep grows the same trees.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

_HIDDEN = "sklearn"

if _HIDDEN in sys.modules:
    import xgboost
else:
    sys.modules[_HIDDEN] = None  # type: ignore[assignment]  # the import system's own way to say "not installed"
    try:
        import xgboost
    finally:
        del sys.modules[_HIDDEN]

__all__ = ["xgboost"]
