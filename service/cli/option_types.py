"""The kinds of values that the options of the model commands take."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
DIRECTORY = click.Path(file_okay=False, path_type=Path)
FILE_OR_DIRECTORY = click.Path(exists=True, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])
RIPENING = click.FloatRange(min=0.0, max=400.0)
