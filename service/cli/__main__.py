"""``python -m service.cli`` is ``gatehouse``."""

from service.cli import main

main()
