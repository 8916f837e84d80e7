"""The report's words and looks: its style sheet, and how figures and captions are written."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from models.card import Metric

STYLE = """
:root{color-scheme:light dark;--ink:#1d2330;--soft:#5b6475;--ground:#fff;--card:#f5f6f9;--line:#d6dae3;--one:#2457c5;
--two:#c0392b;--s0:#2457c5;--s1:#5b6fc0;--s2:#8f6fae;--s3:#bd5c7c;--s4:#d23b3b}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9f0;--soft:#9aa4b8;--ground:#12151c;--card:#1b202a;--line:#333b4a;
--one:#7aa5ff;--two:#ff8a75;--s0:#6fa0ff;--s1:#96a0ef;--s2:#b99ed6;--s3:#e08fae;--s4:#ff7b6b}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);margin:0 auto;max-width:1080px;
padding:24px}
h1{font-size:26px;line-height:1.2;margin:0;overflow-wrap:anywhere}h2{font-size:19px;margin:40px 0 8px}
p{max-width:72ch;overflow-wrap:break-word}li{max-width:72ch}
.good,.bad,td.soft{white-space:nowrap}.good{color:var(--one)}.bad{color:var(--two)}
.soft{color:var(--soft)}.warn{border-left:4px solid var(--two);background:var(--card);padding:8px 14px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:20px 0}
.tiles div{background:var(--card);border-radius:8px;padding:12px 14px}.tiles strong{display:block;font-size:26px;
line-height:1.2;font-variant-numeric:tabular-nums}.tiles span{color:var(--soft);font-size:13px;line-height:1.35;
display:block}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:18px;align-items:start}
.stack{display:grid;gap:18px}
figure{margin:0;background:var(--card);border-radius:8px;padding:12px;min-width:0}
figcaption{font-weight:600;margin-bottom:4px}
svg{width:100%;height:auto;display:block}svg text{fill:var(--ink);font-size:11px}svg .tick{text-anchor:middle}
svg .name{text-anchor:end}svg .grid{stroke:var(--line);stroke-width:.6}svg polyline{fill:none;stroke-width:2}
svg .one{stroke:var(--one)}svg .two{stroke:var(--two)}svg .guide{stroke:var(--soft);stroke-width:1;
stroke-dasharray:4 4}svg .mark{fill:var(--two)}svg .bar,svg rect.one{fill:var(--one);stroke:none;opacity:.75}
svg .strong,svg rect.two{fill:var(--two);stroke:none;opacity:.6}svg .whisker{stroke:var(--ink);stroke-width:1.4}
svg .s0{fill:var(--s0)}svg .s1{fill:var(--s1)}svg .s2{fill:var(--s2)}svg .s3{fill:var(--s3)}svg .s4{fill:var(--s4)}
svg circle.none{fill:var(--soft);opacity:.5}
.wide{overflow-x:auto;margin:10px 0}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:4px 10px;
border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;
white-space:nowrap}
details{margin:10px 0}summary{cursor:pointer;font-weight:600}.model td{overflow-wrap:anywhere}
@media (max-width:600px){body{padding:14px}th,td{padding:4px 6px;font-size:13px}}
"""


def figure(caption: str, plot: str) -> str:
    """A plot with what it shows; the caption may hold text from the data."""
    return f"<figure><figcaption>{escape(caption)}</figcaption>{plot}</figure>"


def figure_of(metrics: Iterable[Metric], name: str) -> float | None:
    """The value of a figure; ``None`` where it was not measured."""
    return next((metric.value for metric in metrics if metric.name == name), None)


def percent(value: float | None, digits: int) -> str:
    """A share; nothing where there is none."""
    return "" if value is None else f"{value:.{digits}%}"


def words(name: str) -> str:
    """A figure's name for people."""
    return escape(
        name.replace("_", " ").replace("fpr", "FPR").replace("roc auc", "ROC-AUC").replace("pr auc", "PR-AUC")
    )
