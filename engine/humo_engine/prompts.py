"""What counts as a prompt."""

import unicodedata

#: Letters and symbols that Unicode tells to leave out of what is shown (Default_Ignorable_Code_Point), and the empty Braille pattern.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code) for codes in (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)) for code in codes
)


def is_empty(prompt: str) -> bool:
    """Whether there is nothing in it to be seen: white space, control and format characters, fillers."""
    return all(unicodedata.category(character)[0] in "CZ" or character in _INVISIBLE for character in prompt)
