#!/usr/bin/env python3
"""Writes sbert/text/unicode_tables.cpp: what the pinned `tokenizers` wheel does with each code point.

The wheel's own Unicode tables are of several ages, so no packaged Unicode library agrees with it. Each property is
therefore measured: every scalar value goes through the wheel's BertNormalizer, NFD, BertPreTokenizer and added tokens.

    pip install tokenizers==0.23.3
    tools/make_unicode_tables.py
"""
import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

WHEEL = "0.23.3"
OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "sbert/text/unicode_tables.cpp"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)

# The bits of CharacterProperties::flags, in the order of unicode.h.
REMOVED, WHITE_SPACE, PUNCTUATION, CJK, NONSPACING_MARK, WORD, DECOMPOSES, HAS_LOWER = (1 << i for i in range(8))


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on}).normalize_str


nfd = normalizers.NFD().normalize_str


def word_characters():
    r"""The scalars that the wheel's single_word tokens take for a part of a word (\w of Rust's regex crate)."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_tokens([AddedToken("=", single_word=True, normalized=False)])
    token = tokenizer.token_to_id("=")
    words = set()
    for start in range(0, len(SCALARS), 50_000):
        part = SCALARS[start:start + 50_000]
        encodings = tokenizer.encode_batch_fast([chr(c) + "=" for c in part])
        # "==" is two tokens, and an equals sign is no word character.
        words.update(c for c, e in zip(part, encodings) if token not in e.ids)
    return words


def combining_classes():
    """Canonical combining classes, found by which marks a character changes places with under NFD."""
    marks = {}
    for c in SCALARS:
        marks.setdefault(unicodedata.combining(chr(c)), chr(c))
    del marks[0]
    lowest, highest = marks[min(marks)], marks[max(marks)]
    classes = {}
    for c in SCALARS:
        ch = chr(c)
        moves = nfd("a" + ch + lowest)[1:] == lowest + ch or nfd("a" + highest + ch)[1:] == ch + highest
        if not moves or ch in (lowest, highest):
            if ch in (lowest, highest):
                classes[c] = unicodedata.combining(ch)
            continue
        below = max((k for k, m in marks.items() if nfd("a" + ch + m)[1:] == m + ch and m != ch), default=0)
        above = min((k for k, m in marks.items() if nfd("a" + m + ch)[1:] == ch + m and m != ch), default=256)
        fitting = [k for k in marks if below < k < above]
        python = unicodedata.combining(ch)
        classes[c] = python if python in fitting else fitting[0]
    return classes


def measure():
    """Per scalar (flags, combining class); decompositions; lower-case forms."""
    clean, cjk = bert(clean_text=True), bert(handle_chinese_chars=True)
    strip, lower = bert(strip_accents=True), bert(lowercase=True)
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    words, classes = word_characters(), combining_classes()
    properties, decompositions, lower_forms = {}, {}, {}
    for c in SCALARS:
        ch = chr(c)
        flags = 0
        if clean(ch) == "":
            flags |= REMOVED
        pieces = [piece for piece, _ in split("a" + ch + "b")]
        if pieces == ["a", "b"]:
            flags |= WHITE_SPACE
        elif pieces == ["a", ch, "b"]:
            flags |= PUNCTUATION
        if cjk(ch) != ch:
            flags |= CJK
        if strip(ch) == "":
            flags |= NONSPACING_MARK
        if c in words:
            flags |= WORD
        if nfd(ch) != ch and c not in HANGUL:
            flags |= DECOMPOSES
            decompositions[c] = nfd(ch)
        if lower(ch) != ch:
            flags |= HAS_LOWER
            lower_forms[c] = lower(ch)
        properties[c] = (flags, classes.get(c, 0))
        becomes_space = flags & WHITE_SPACE and not flags & REMOVED
        assert clean(ch) == ("" if flags & REMOVED else " " if becomes_space else ch), hex(c)
    for c in HANGUL:
        index = c - 0xAC00
        jamo = chr(0x1100 + index // 588) + chr(0x1161 + index % 588 // 28)
        assert nfd(chr(c)) == jamo + (chr(0x11A7 + index % 28) if index % 28 else ""), hex(c)
    for c in SCALARS:  # removing accents is NFD without the nonspacing marks
        kept = "".join(d for d in nfd(chr(c)) if not properties[ord(d)][0] & NONSPACING_MARK)
        assert strip(chr(c)) == kept, hex(c)
    return properties, decompositions, lower_forms


def two_stages(values, shift):
    """Equal runs of 2^shift values are stored once: (which run, the runs end to end)."""
    runs, which = {}, []
    for start in range(0, len(values), 1 << shift):
        which.append(runs.setdefault(tuple(values[start:start + (1 << shift)]), len(runs)))
    return which, [value for run in runs for value in run]


def array(element, name, values):
    lines, line = [], ""
    for value in values:
        text = f"{value},"
        if len(line) + len(text) > 118:
            lines.append(line)
            line = ""
        line += text
    lines.append(line)
    return f"const {element} {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


def mapping(name, forms):
    """Sorted keys, where each form starts in the pool (one more at the end), and the pool."""
    keys = sorted(forms)
    starts, pool = [0], []
    for key in keys:
        pool += map(ord, forms[key])
        starts.append(len(pool))
    arrays = array("char32_t", f"k{name}Keys", keys) + array("std::uint16_t", f"k{name}Starts", starts)
    arrays += array("char32_t", f"k{name}Pool", pool)
    return arrays + f"const std::size_t kNum{name}s = {len(keys)};\n", 4 * len(keys) + 2 * len(starts) + 4 * len(pool)


def main():
    if tokenizers.__version__ != WHEEL:
        sys.exit(f"make_unicode_tables: tokenizers {WHEEL} is wanted, not {tokenizers.__version__}")
    properties, decompositions, lower_forms = measure()
    rows = sorted(set(properties.values()))
    assert rows[0] == (0, 0) and len(rows) <= 256
    number = {row: i for i, row in enumerate(rows)}
    values = [number[properties.get(c, (0, 0))] for c in range(0x110000)]
    blocks, leaves = two_stages(values, 6)
    planes, middle = two_stages(blocks, 5)
    assert max(planes) < 256 and max(middle) < 65536
    decomposition_arrays, decomposition_bytes = mapping("Decomposition", decompositions)
    lower_arrays, lower_bytes = mapping("LowerForm", lower_forms)
    total = len(planes) + 2 * len(middle) + len(leaves) + 2 * len(rows) + decomposition_bytes + lower_bytes
    text = f"""// Written by tools/make_unicode_tables.py from the wheel tokenizers {WHEEL}; do not edit. {total} bytes.
// clang-format off
#include "sbert/text/unicode_tables.h"

namespace sbert::unicode_tables {{

"""
    text += array("CharacterProperties", "kRows", ["{%d,%d}" % row for row in rows])
    text += array("std::uint8_t", "kTop", planes) + array("std::uint16_t", "kMiddle", middle)
    text += array("std::uint8_t", "kLeaves", leaves) + decomposition_arrays + lower_arrays
    text += "\n}  // namespace sbert::unicode_tables\n"
    OUTPUT.write_text(text)
    print(f"{OUTPUT.name}: {total} bytes of tables, {len(text)} bytes of source; {len(rows)} distinct properties, "
          f"{len(decompositions)} decompositions, {len(lower_forms)} lower-case forms")


if __name__ == "__main__":
    main()
