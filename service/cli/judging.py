"""Ask the gates of a promotion, and keep what they said beside the challenger's card."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from models import registry
from models.kept_judgement import JudgedModel, KeptGate, KeptJudgement, keep_judgement
from service.cli.judging_data import kind_of
from service.config import Settings

if TYPE_CHECKING:
    from models.evaluation.gates import Judgement
    from models.evaluation.lines import ScoreLines
    from models.training.dataset import Dataset


def judge_on(
    settings: Settings, version: str, dataset: Dataset, *, lines: ScoreLines, now: datetime
) -> tuple[Judgement, KeptJudgement]:
    """Compare a version with the champion on the newest rows of the data: the figures, and what is kept of them.

    Raises:
        DatasetError: too little is new to both.
        RegistryError, CardInvalidError: a model cannot be loaded.
        OSError: the judgement cannot be kept.
    """
    from models.evaluation.gates import judge_promotion  # noqa: PLC0415 - a second of imports
    from models.evaluation.newest import newest_slice  # noqa: PLC0415

    champion = registry.load_active(settings.model_dir, catalogue=dataset.names)
    challenger = registry.load(settings.model_dir, version, catalogue=dataset.names)
    newest = newest_slice(dataset, (champion.card, challenger.card))
    found = judge_promotion(champion, challenger, newest, lines=lines)
    kept = KeptJudgement(
        challenger=JudgedModel.of(challenger.card),
        champion=JudgedModel.of(champion.card),
        judged_on=kind_of(dataset),
        data_sha256=dataset.sha256(),
        rows=found.rows,
        fraud=found.fraud,
        judged_at=now,
        gates=tuple(KeptGate(name=each.name, holds=each.holds, figures=each.figures) for each in found.gates),
    )
    keep_judgement(settings.model_dir, kept)
    return found, kept
