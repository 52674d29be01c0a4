"""What a print says of itself: the first one of a paper, or which of its reprints (NB-5.1.6-3)."""

from __future__ import annotations


def mark_of(print_number: int) -> tuple[str, str]:
    """The mark in Chinese and in English; 1 is the first print."""
    if print_number == 1:
        return "首次打印", "First print"
    return f"补打 第{print_number}次打印", f"Reprint, print {print_number}"
