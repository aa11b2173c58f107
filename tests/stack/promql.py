"""Reads names out of PromQL, for the tests that hold rules and dashboards to the catalogue.

In: query text. Out: the metric names in it. It is a lexer, not a parser: strings, label matchers,
groupings and numbers are taken out, then keywords and functions.
"""

import re

_AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "group", "quantile"}
_KEYWORDS = {"by", "on", "ignoring", "without", "and", "or", "unless", "bool", "inf", "nan"}
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_WORD = re.compile(r"(?<![\w:.$])([a-zA-Z_:][\w:]*)(?![\w:])(?!\s*\()")


def metric_names(query: str) -> set[str]:
    """Every metric name in a query; functions, aggregations, labels and strings left out."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', query)
    text = re.sub(r"\{[^}]*\}", "", text)
    text = re.sub(r"\[[^\]]*\]", "", text)
    text = _GROUPING.sub(" ", text)
    text = re.sub(r"\boffset\s+\w+", " ", text)
    return set(_WORD.findall(text)) - _AGGREGATIONS - _KEYWORDS
