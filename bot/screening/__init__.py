"""Screening: reads every message a visitor writes and says how much danger it speaks of, whose, and by which words.

In process, without network, in microseconds. An aid that alarms people and orders queues; it decides nothing about
anybody (design.md, invariant 13). The stages are normalise, match, decide; content is in ``data/screening``.
"""

from bot.screening.assessment import NOTHING, Assessment, Span
from bot.screening.lexicon import LexiconError
from bot.screening.lines import screen_lines
from bot.screening.screener import Screener, load_screener

__all__ = ["NOTHING", "Assessment", "LexiconError", "Screener", "Span", "load_screener", "screen_lines"]
