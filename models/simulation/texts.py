"""Stated uses: what people write they want the service for, from a grammar wide enough not to repeat itself."""

from __future__ import annotations

import random

from models.simulation.texts_by_language import PHRASES

_OPENINGS = (
    "I want to", "I would like to", "We plan to", "I'm going to", "My plan is to", "I need it to", "Hoping to",
    "We are going to", "I intend to", "Mainly to", "Just to", "It is to",
)  # fmt: skip
_STUDY_ACTIONS = (
    "study for my {topic} exam", "get help with {topic} homework", "summarise readings on {topic}",
    "understand {topic} better", "practise {topic} problems", "write an essay about {topic}",
    "prepare a presentation on {topic}", "learn programming for {topic}", "check my notes on {topic}",
    "work on a group project about {topic}", "finish my bachelor thesis on {topic}", "translate papers about {topic}",
    "make flash cards for {topic}", "compare sources on {topic}",
)  # fmt: skip
_RESEARCH_ACTIONS = (
    "analyse interview transcripts on {topic}", "annotate a corpus for {topic}", "review the literature on {topic}",
    "evaluate language models on {topic}", "build a data set about {topic}", "draft a grant proposal on {topic}",
    "clean survey data about {topic}", "prototype a tool for {topic}", "reproduce a published result in {topic}",
    "code open answers in a study of {topic}", "extract figures from papers on {topic}", "test hypotheses in {topic}",
)  # fmt: skip
_TOPICS = (
    "organic chemistry", "linear algebra", "macroeconomics", "medieval history", "machine learning", "nursing ethics",
    "constitutional law", "soil science", "marine biology", "urban planning", "developmental psychology", "tax law",
    "signal processing", "comparative literature", "public health", "epidemiology", "thermodynamics", "robotics",
    "phonetics", "archaeology", "statistics", "quantum mechanics", "criminology", "social work", "accounting",
    "veterinary medicine", "journalism", "music theory", "philosophy of mind", "operating systems", "databases",
    "compilers", "computer vision", "bioinformatics", "genetics", "immunology", "pharmacology", "astronomy", "geology",
    "hydrology", "climate policy", "renewable energy", "structural engineering", "supply chains", "marketing",
    "international relations", "anthropology", "sociology of work", "education policy", "early childhood education",
    "special education", "linguistics", "translation studies", "Arabic poetry", "African history", "film studies",
    "graphic design", "architecture", "materials science", "nanotechnology", "aerospace engineering", "logistics",
    "food science", "agronomy", "forestry", "dentistry", "radiology", "physiotherapy", "sports science", "theology",
    "game theory", "number theory", "topology", "cryptography", "network security", "human rights", "migration",
    "gender studies", "library science", "cartography", "remote sensing", "oceanography", "volcanology", "ecology",
)  # fmt: skip
_COURSES = (
    "this term",
    "in my second year",
    "for a seminar",
    "for my master's",
    "for my PhD",
    "at the faculty",
    "for a course",
)
_ENDINGS = (
    "My supervisor suggested it.", "A friend told me about it.", "I have used similar tools before.",
    "The deadline is in three weeks.", "We are a team of four.", "It should save me some time.",
    "I will cite it where needed.", "Our lecturer allows it.", "English is not my first language.",
    "I can't pay much, so the student plan helps.", "Thanks!", "Only a few hundred requests a month.",
    "The results will be open access.", "It is for personal study.", "No commercial use.",
    "I will not share the account.",
)  # fmt: skip
_CLASS_TASKS = (
    "complete assignment {number} of {topic}", "do the lab exercise in {topic}", "take part in the {topic} workshop",
    "follow session {number} of the {topic} course", "work through the {topic} tutorial",
)  # fmt: skip


_WRITTEN_AT_LENGTH = 0.16


def study_use(rng: random.Random, *, research: bool = False, language: str = "en") -> str:
    """What one person writes: mostly one to three sentences; some say it at length, or have it said by a model.

    ``language`` is the person's own, as ``pt-BR``: half write in it, more students than researchers.
    """
    phrases = PHRASES.get(language.split("-", maxsplit=1)[0])
    if phrases is not None and rng.random() < (0.25 if research else 0.55):
        return phrases.sentence(rng)
    text = _in_short(rng, research=research)
    while rng.random() < _WRITTEN_AT_LENGTH:
        text += f" {_in_short(rng, research=research)}"
    return text


def _in_short(rng: random.Random, *, research: bool) -> str:
    action = rng.choice(_RESEARCH_ACTIONS if research else _STUDY_ACTIONS).format(topic=rng.choice(_TOPICS))
    text = f"{rng.choice(_OPENINGS)} {action}"
    if rng.random() < 0.45:
        text += f" {rng.choice(_COURSES)}"
    if rng.random() < 0.25:
        text += f" and {rng.choice(_STUDY_ACTIONS).format(topic=rng.choice(_TOPICS))}"
    text += "." if rng.random() < 0.8 else ""
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 4))):
        text += f" {rng.choice(_ENDINGS)}"
    return text.lower() if rng.random() < 0.15 else text


def class_use(rng: random.Random) -> str:
    """What a teacher tells a class to write."""
    task = rng.choice(_CLASS_TASKS).format(number=rng.randrange(1, 9), topic=rng.choice(_TOPICS))
    return f"{rng.choice(_OPENINGS)} {task}."


def persona_template(rng: random.Random) -> str:
    """A text from which variants of one persona are written."""
    parts = [study_use(rng, research=rng.random() < 0.5) for _ in range(rng.choice((1, 1, 2)))]
    return " ".join(parts)


def paraphrased(template: str, rng: random.Random, share: float) -> str:
    """The template with that share of its words replaced, as a language model varies a text."""
    words = template.split()
    for index in range(len(words)):
        if rng.random() < share:
            words[index] = rng.choice(_TOPICS).split()[0] if rng.random() < 0.3 else rng.choice(_SYNONYMS)
    return " ".join(words)


_SYNONYMS = (
    "really", "also", "then", "carefully", "mostly", "perhaps", "different", "several", "good", "useful", "main",
    "recent", "better", "small", "my", "our", "the", "some", "various", "clear", "often", "together", "quickly",
)  # fmt: skip
