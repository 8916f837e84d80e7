"""What a feature may look at: the sign-up, its signals and its linkage."""

from __future__ import annotations

from models.frozen import frozen
from models.linkage.velocity import Linkage
from models.signals.signals import Signals
from models.signup import Signup


@frozen
class Facts:
    """Everything known about one sign-up at the moment it is judged."""

    signup: Signup
    signals: Signals
    linkage: Linkage
