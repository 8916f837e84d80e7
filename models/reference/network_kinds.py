"""What kind of network an autonomous system is: hosting, mobile, university, research network or anything else.

Known numbers come first; where only the organisation's name is known, patterns in it decide. Both are curated and
incomplete: a residential proxy exit is by design on an ordinary access network, and no list of networks finds it.
"""

from __future__ import annotations

import re
from enum import StrEnum


class NetworkKind(StrEnum):
    """The kinds that matter here; ``access`` is every other network, which mostly means homes and offices."""

    HOSTING = "hosting"
    MOBILE = "mobile"
    UNIVERSITY = "university"
    RESEARCH = "research"
    ACCESS = "access"


# Large networks whose use is public knowledge (their own peering and documentation pages).
_HOSTING_ASNS = (
    8075, 8100, 9009, 9370, 12876, 13335, 14061, 14618, 15169, 16276, 16509, 19318, 19871, 20473, 20738, 21859,
    22612, 24940, 26347, 26496, 28753, 29802, 30633, 31898, 32475, 33070, 35916, 36351, 36352, 37963, 39351, 40021,
    40676, 42831, 44477, 45090, 45102, 46475, 46606, 47583, 47890, 49505, 49981, 50673, 51167, 53667, 54290, 54825,
    55081, 55286, 56630, 57043, 58061, 59253, 60068, 60781, 61317, 62240, 62563, 63949, 64267, 132203, 135377,
    136907, 197540, 199524, 200019, 202053, 202425, 207990, 210644, 212238, 396982, 398101, 399629,
)  # fmt: skip
_MOBILE_ASNS = (
    3651, 4761, 6167, 9605, 9644, 9808, 10507, 15378, 15480, 15897, 16135, 16345, 20057, 20978, 21928, 22085, 22394,
    23693, 24203, 25135, 25159, 26599, 26615, 28403, 29465, 31133, 31615, 36873, 37075, 38266, 45271, 45609, 45727,
    55836, 56040, 56041, 56046, 131429, 132525, 206067,
)  # fmt: skip
_RESEARCH_ASNS = (
    137, 224, 293, 378, 559, 680, 766, 786, 1103, 1213, 1237, 1653, 1659, 1741, 1835, 1853, 1916, 1930, 1955, 2018,
    2107, 2108, 2200, 2602, 2603, 2607, 2611, 2614, 2697, 2847, 2852, 2907, 3208, 4538, 4621, 5408, 6509, 7539,
    7575, 8501, 8517, 11340, 11537, 13041, 17579, 18592, 20965, 23855, 23910, 24514, 27750, 36914, 36944, 38022,
    38229, 45773, 55824, 63961,
)  # fmt: skip

_RESEARCH_NAME = re.compile(
    r"^switch$|\b(jisc|janet|dfn|deutsches forschungsnetz|renater|consortium garr|garr|surf(net)? b\.?v|surf b"
    r"|switch (peering|the swiss)|rediris|fccn|cernet|cstnet|sinet|research organization of information|aarnet"
    r"|reannz|canarie|internet2|esnet|energy sciences|nordunet|sunet|uninett|sikt|funet|csc - tieteen|deic|heanet"
    r"|grnet|arnes|carnet|roedunet|kifu|niif|ulakbim|ulaknet|iucc|tenet|sanren|kenet|ubuntunet|rnp"
    r"|rede nacional de ensino|redclara|reuna|cudi|renata|ernet|national knowledge network|kreonet|tanet|twaren"
    r"|singaren|myren|thairen|uninet|vinaren|preginet|pern|bdren|learn\b.*lanka|geant|g[eé]ant|aconet|belnet"
    r"|restena|litnet|eenet|sanet|cesnet|pionier|psnc|poznan supercomputing|education and research network"
    r"|research and education network|academic and research network|national research and education)\b",
    re.IGNORECASE,
)
_UNIVERSITY_NAME = re.compile(
    r"universit|universid|univerz|uniwersyt|üniversite|yliopisto|college|hochschule|polytech|politec|politech"
    r"|institute of technology"
    # American universities register under handles.
    r"|^(mit-gateways|stanford|harvard|princeton-as|yale-as|columbia-gw|cornell|brown|upenn|umich|caltech|gatech"
    r"|purdue|ucla|ucsd|ucb|uiuc|wisc-madison|utexas|psu|cmu-router|jhu|duke-internet|neu-as|nyu-domain"
    r"|uwashington|ucdavis|uci|ucsb|rutgers|virginia)\b|school district|école|ecole|academia sinica"
    r"|academy of sciences|фгбоу|институт|education network|\bk-?12\b|campus",
    re.IGNORECASE,
)
_HOSTING_NAME = re.compile(
    r"amazon|aws\b|^google$|google-cloud|microsoft-corp|azure|digitalocean|linode|akamai connected|\bovh\b|hetzner"
    r"|vultr|choopa|constant company|contabo|m247|datacamp|leaseweb|scaleway|online s\.?a\.?s|oracle-?(bmc|cloud"
    r"|public)|alibaba|tencent|huawei cloud|softlayer|rackspace|godaddy|namecheap|ionos|strato ag|dreamhost"
    r"|hostinger|hostgator|hostwinds|colocrossing|psychz|quadranet|servers\.com|g-core|selectel|timeweb|aeza"
    r"|stark industries|pq hosting|fastly|cloudflare|zscaler|nforce|worldstream|flokinet|clouvider|ipxo|hosting"
    r"|hoster|hostkey|\bhost\b|data ?cent(er|re)|dedicated server|\bservers?\b|\bvps\b|\bcloud|colocation|\bcolo\b",
    re.IGNORECASE,
)
_MOBILE_NAME = re.compile(
    r"t-mobile|cellco|verizon wireless|\bmobil(e|is|ink|com|tel|y)?\b|cellular|\bgsm\b|wireless telecom"
    r"|reliance jio|\bjio\b|airtel|safaricom|\bmtn\b|vodacom|turkcell|\bmts\b|megafon|vimpelcom|beeline|kyivstar"
    r"|lifecell|telkomsel|indosat|\bxl axiata|smartfren|\bdigi telecom|maxis|\bglobe telecom|smart communications"
    r"|\bdocomo\b|softbank mobile|china mobile|\bclaro\b|tim celular|telcel",
    re.IGNORECASE,
)

_KIND_OF_ASN = {
    **dict.fromkeys(_MOBILE_ASNS, NetworkKind.MOBILE),
    **dict.fromkeys(_HOSTING_ASNS, NetworkKind.HOSTING),
    **dict.fromkeys(_RESEARCH_ASNS, NetworkKind.RESEARCH),
}

# The order decides names that match twice: "University Data Center" is a university, "Mobile Cloud Hosting" hosting.
_KIND_OF_NAME = (
    (_RESEARCH_NAME, NetworkKind.RESEARCH),
    (_UNIVERSITY_NAME, NetworkKind.UNIVERSITY),
    (_HOSTING_NAME, NetworkKind.HOSTING),
    (_MOBILE_NAME, NetworkKind.MOBILE),
)


def network_kind(asn: int | None, organisation: str | None) -> NetworkKind | None:
    """The kind of a network by its number, else by its organisation's name; ``None`` when neither is known."""
    if asn is not None and asn in _KIND_OF_ASN:
        return _KIND_OF_ASN[asn]
    if organisation:
        for pattern, kind in _KIND_OF_NAME:
            if pattern.search(organisation):
                return kind
    return None if asn is None and not organisation else NetworkKind.ACCESS
