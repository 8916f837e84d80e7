"""Everything the signals look up: one immutable bundle, loaded once at start-up and passed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from models.reference.academic import AcademicDomains
from models.reference.bins import Bins, load_bins
from models.reference.browsers import Browsers, load_browsers
from models.reference.confusables import Confusables, load_confusables
from models.reference.domains import Domains
from models.reference.events import AnnouncedEvents, read_events
from models.reference.institutions import Institutions, load_institutions
from models.reference.mail_domains import MailDomains, load_mail_domains
from models.reference.names import NameModel, load_name_model
from models.reference.networks import Networks, load_networks
from models.reference.places import Countries, TimeZones, load_countries, load_time_zones
from models.reference.season import Seasons


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference data. Safe to share between threads; caches are bounded and live in the parts."""

    academic: AcademicDomains
    mail: MailDomains
    domains: Domains
    networks: Networks
    bins: Bins
    institutions: Institutions
    countries: Countries
    time_zones: TimeZones
    browsers: Browsers
    names: NameModel
    confusables: Confusables
    seasons: Seasons
    events: AnnouncedEvents

    def given(self) -> str:
        """What an operator's own files decide: another text means that vectors may differ."""
        return f"networks of {self.networks.built_on}, embedded {self.networks.embedded}; {self.events.events!r}"


def load_reference(
    *,
    country_database: Path | None = None,
    asn_database: Path | None = None,
    virtual_bins: Iterable[str] | None = None,
    open_enrolment: Iterable[str] | None = None,
    events: Path | None = None,
) -> Reference:
    """Load everything from the installed packages and the shipped tables, without touching the network.

    Args:
        country_database: a MaxMind-format country (or city) file; without it the embedded data of 2024 answers.
        asn_database: a MaxMind-format ASN file; without it networks are known by their organisation's name only.
        virtual_bins: the payment processor's list of virtual and prepaid prefixes, in place of the shipped seed.
        open_enrolment: academic domains that give mailboxes before admission, in place of the shipped short list.
        events: a file of announced events (``models.reference.events``); without it none are known.

    Raises:
        EventsError: the file of events cannot be used.
    """
    countries, time_zones = load_countries(), load_time_zones()
    institutions = load_institutions(countries.codes)
    return Reference(
        academic=AcademicDomains(),
        mail=load_mail_domains(open_enrolment=open_enrolment),
        domains=Domains(PublicSuffixList()),
        networks=load_networks(country=country_database, asn=asn_database),
        bins=load_bins(virtual=virtual_bins),
        institutions=institutions,
        countries=countries,
        time_zones=time_zones,
        browsers=load_browsers(),
        names=load_name_model(),
        confusables=load_confusables(),
        seasons=Seasons(time_zones),
        events=AnnouncedEvents(read_events(events) if events else (), institutions),
    )
