"""What the console needs from outside; composition passes it in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.registry import LoadedModel
from service.console.front_page import Condition
from service.domain.policy import Policy
from service.usecases.case_file import ReadFiles
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.cluster_use_cases import ClusterUseCases
from service.usecases.issue_key import IssueKey, RevokeKey
from service.usecases.keep_lists import KeepLists
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.model_use_cases import ModelUseCases
from service.usecases.policy_use_cases import PolicyUseCases
from service.usecases.ports import Begin
from service.usecases.search_signups import SearchSignups
from service.usecases.sign_in import SignIn
from service.usecases.sign_in_elsewhere import SignInElsewhere


@dataclass(frozen=True, slots=True)
class ConsoleDependencies:
    """The use cases behind the pages, and the few outside things the edge itself asks.

    Attributes:
        begin: for the pages that only list: audit record, policies, people, keys.
        policy: the policy in force.
        elsewhere: sign-in at an OpenID provider, if the settings name one.
        policies: versions of the policy and their back-tests.
        part_of: the part of the world that a country belongs to.
        model: the model in force.
        models: the registry and what may be done with it.
        conditions: whether the service is well, in words.
        clock: the time it is, aware, in UTC.
        release: of the service.
    """

    begin: Begin
    sign_in: SignIn
    elsewhere: SignInElsewhere | None
    manage: ManageReviewers
    issue_key: IssueKey
    revoke_key: RevokeKey
    cases: CaseUseCases
    files: ReadFiles
    search: SearchSignups
    clusters: ClusterUseCases
    lists: KeepLists
    policy: Callable[[], Policy]
    policies: PolicyUseCases
    part_of: Callable[[str | None], str]
    model: Callable[[], LoadedModel | None]
    models: ModelUseCases
    conditions: Callable[[], Sequence[Condition]]
    clock: Callable[[], datetime]
    release: str
