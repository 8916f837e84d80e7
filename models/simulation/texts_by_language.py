"""Stated uses in the languages that people fill in forms in, beside English."""

# ruff: noqa: RUF001 - Turkish is written with a dotless i

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """A small grammar of one language: an opening, an action with a topic, and what is added at the end."""

    openings: tuple[str, ...]
    actions: tuple[str, ...]
    topics: tuple[str, ...]
    endings: tuple[str, ...]
    stop: str = "."
    space: str = " "

    def sentence(self, rng: random.Random) -> str:
        """What one person writes."""
        action = rng.choice(self.actions).format(topic=rng.choice(self.topics))
        text = f"{rng.choice(self.openings)}{self.space}{action}{self.stop if rng.random() < 0.8 else ''}"
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            text += f"{self.space}{rng.choice(self.endings)}"
        return text


PHRASES: Mapping[str, Phrases] = {
    "es": Phrases(
        ("Quiero", "Me gustaría", "Necesito", "Lo usaré para", "Es para", "Queremos"),
        (
            "estudiar {topic}",
            "hacer los deberes de {topic}",
            "resumir lecturas de {topic}",
            "escribir mi tesis de {topic}",
            "preparar un examen de {topic}",
            "analizar datos de {topic}",
            "entender mejor {topic}",
        ),
        (
            "química orgánica",
            "álgebra lineal",
            "derecho constitucional",
            "historia medieval",
            "enfermería",
            "estadística",
            "programación",
            "economía",
            "psicología",
            "biología marina",
            "ingeniería civil",
            "filosofía",
            "arquitectura",
        ),
        (
            "Gracias.",
            "Es para la universidad.",
            "Me lo recomendó un profesor.",
            "La entrega es en dos semanas.",
            "Somos un equipo de cuatro.",
            "Sin fines comerciales.",
        ),
    ),
    "pt": Phrases(
        ("Quero", "Gostaria de", "Preciso", "Vou usar para", "É para", "Queremos"),
        (
            "estudar {topic}",
            "fazer trabalhos de {topic}",
            "resumir textos de {topic}",
            "escrever meu TCC sobre {topic}",
            "me preparar para a prova de {topic}",
            "analisar dados de {topic}",
            "entender melhor {topic}",
        ),
        (
            "química orgânica",
            "álgebra linear",
            "direito civil",
            "história do Brasil",
            "enfermagem",
            "estatística",
            "programação",
            "economia",
            "psicologia",
            "biologia",
            "engenharia civil",
            "filosofia",
            "pedagogia",
        ),
        (
            "Obrigado!",
            "É para a faculdade.",
            "Meu orientador indicou.",
            "O prazo é em três semanas.",
            "Somos um grupo de quatro.",
            "Sem fins comerciais.",
        ),
    ),
    "fr": Phrases(
        ("Je veux", "Je voudrais", "J'aimerais", "C'est pour", "Nous allons", "Je compte"),
        (
            "étudier {topic}",
            "faire mes devoirs de {topic}",
            "résumer des lectures de {topic}",
            "rédiger mon mémoire de {topic}",
            "réviser mon examen de {topic}",
            "analyser des données de {topic}",
            "mieux comprendre {topic}",
        ),
        (
            "chimie organique",
            "algèbre linéaire",
            "droit constitutionnel",
            "histoire médiévale",
            "soins infirmiers",
            "statistique",
            "programmation",
            "économie",
            "psychologie",
            "biologie",
            "génie civil",
            "philosophie",
            "lettres",
        ),
        (
            "Merci.",
            "C'est pour la fac.",
            "Mon directeur me l'a conseillé.",
            "Je rends le travail dans deux semaines.",
            "Nous sommes quatre.",
            "Sans but commercial.",
        ),
    ),
    "de": Phrases(
        ("Ich möchte", "Ich will", "Wir wollen", "Damit will ich", "Ich werde", "Hauptsächlich"),
        (
            "für {topic} lernen",
            "Übungen in {topic} lösen",
            "Texte zu {topic} zusammenfassen",
            "meine Bachelorarbeit in {topic} schreiben",
            "mich auf die Klausur in {topic} vorbereiten",
            "Daten aus {topic} auswerten",
            "{topic} besser verstehen",
        ),
        (
            "organischer Chemie",
            "linearer Algebra",
            "Staatsrecht",
            "Geschichte",
            "Pflegewissenschaft",
            "Statistik",
            "Informatik",
            "Volkswirtschaft",
            "Psychologie",
            "Biologie",
            "Maschinenbau",
            "Philosophie",
            "Germanistik",
        ),
        (
            "Danke!",
            "Es ist für die Uni.",
            "Mein Betreuer hat es empfohlen.",
            "Abgabe ist in drei Wochen.",
            "Wir sind zu viert.",
            "Nicht kommerziell.",
        ),
    ),
    "zh": Phrases(
        ("我想用它", "主要用来", "我打算", "希望能", "我们计划", "用于"),
        (
            "学习{topic}",
            "完成{topic}作业",
            "总结{topic}文献",
            "写{topic}毕业论文",
            "准备{topic}考试",
            "分析{topic}数据",
            "翻译{topic}论文",
            "更好地理解{topic}",
        ),
        (
            "有机化学",
            "线性代数",
            "宪法",
            "中国历史",
            "护理学",
            "统计学",
            "机器学习",
            "经济学",
            "心理学",
            "生物学",
            "土木工程",
            "哲学",
            "教育学",
        ),
        ("谢谢。", "是导师推荐的。", "我们小组四个人。", "两周后交。", "不用于商业用途。", "个人学习使用。"),
        stop="。",
        space="",
    ),
    "hi": Phrases(
        ("मैं", "हम", "मुझे", "मैं इससे", "हम इससे"),
        (
            "{topic} पढ़ना चाहता हूँ",
            "{topic} का गृहकार्य करना है",
            "{topic} के नोट्स बनाना चाहते हैं",
            "{topic} की परीक्षा की तैयारी करना है",
            "{topic} पर परियोजना लिखना है",
            "{topic} बेहतर समझना चाहती हूँ",
        ),
        (
            "रसायन विज्ञान",
            "गणित",
            "अर्थशास्त्र",
            "इतिहास",
            "भौतिकी",
            "कंप्यूटर विज्ञान",
            "जीव विज्ञान",
            "राजनीति विज्ञान",
            "सांख्यिकी",
        ),
        ("धन्यवाद।", "कॉलेज के लिए।", "मेरे शिक्षक ने बताया।", "हम चार लोग हैं।", "परीक्षा अगले महीने है।"),
        stop="।",
    ),
    "id": Phrases(
        ("Saya ingin", "Saya mau", "Untuk", "Kami akan", "Saya perlu"),
        (
            "belajar {topic}",
            "mengerjakan tugas {topic}",
            "merangkum bacaan {topic}",
            "menulis skripsi tentang {topic}",
            "persiapan ujian {topic}",
            "menganalisis data {topic}",
            "memahami {topic}",
        ),
        (
            "kimia organik",
            "aljabar linear",
            "hukum tata negara",
            "sejarah",
            "keperawatan",
            "statistika",
            "pemrograman",
            "ekonomi",
            "psikologi",
            "biologi",
            "teknik sipil",
            "pendidikan",
        ),
        ("Terima kasih.", "Untuk kuliah.", "Disarankan dosen saya.", "Tenggatnya dua minggu lagi.", "Kami berempat."),
    ),
    "tr": Phrases(
        ("Bununla", "Ben", "Derste", "Ödev için", "Biz"),
        (
            "{topic} çalışmak istiyorum",
            "{topic} ödevlerini yapacağım",
            "{topic} makalelerini özetleyeceğim",
            "{topic} tezimi yazacağım",
            "{topic} sınavına hazırlanacağım",
            "{topic} verilerini inceleyeceğiz",
        ),
        (
            "organik kimya",
            "doğrusal cebir",
            "anayasa hukuku",
            "tarih",
            "hemşirelik",
            "istatistik",
            "programlama",
            "iktisat",
            "psikoloji",
            "biyoloji",
            "inşaat mühendisliği",
            "felsefe",
        ),
        ("Teşekkürler.", "Üniversite için.", "Hocam önerdi.", "İki hafta sonra teslim.", "Dört kişiyiz."),
    ),
    "ja": Phrases(
        ("主に", "授業で", "研究室で", "これを使って", "卒業までに"),
        (
            "{topic}の勉強をしたいです",
            "{topic}の課題に使います",
            "{topic}の論文を要約したい",
            "{topic}の卒業論文を書きます",
            "{topic}の試験の準備をします",
            "{topic}のデータを分析します",
        ),
        (
            "有機化学",
            "線形代数",
            "憲法",
            "日本史",
            "看護学",
            "統計学",
            "機械学習",
            "経済学",
            "心理学",
            "生物学",
            "建築学",
            "哲学",
        ),
        (
            "よろしくお願いします。",
            "先生に勧められました。",
            "四人のグループです。",
            "締め切りは二週間後です。",
            "商用利用はしません。",
        ),
        stop="。",
        space="",
    ),
}
"""By language code; whoever speaks another language writes English."""
