"""Random strings that lean on what a BERT tokenizer does with text: pieces of its vocabulary, accents and marks,
ideographs, special tokens with odd spacing, white space of every kind, and any scalar value."""
import unicodedata

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
LATIN = list(range(1, 0x530))
BASIC_PLANE = [c for c in range(0x10000) if not 0xD800 <= c <= 0xDFFF]
ASSIGNED = [c for c in SCALARS if unicodedata.category(chr(c)) not in ("Cn", "Co", "Lo")]
MARKS = [c for c in SCALARS if unicodedata.category(chr(c))[0] == "M" or unicodedata.combining(chr(c))]
MARKS += [*range(0x8D0, 0x900), *range(0x1AB0, 0x1B00)]
IDEOGRAPHS = [*range(0x4E00, 0x4F00), *range(0xF900, 0xFA00), *range(0x3040, 0x3100), *range(0xAC00, 0xAC80),
              *range(0x2B81E, 0x2B922), *range(0x2F800, 0x2FA20), *range(0xFF00, 0xFF60)]
SPACES = [" ", "  ", "\n", "\t", "\r\n", "\x0b", "\x0c", "\x85", "\u00a0", "\u2028", "\u3000", "\u200b", "\0", "-", "/", "_"]
SPECIALS = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[cls]", "[ MASK]", "[[SEP]]", "[SEP", "[unused1]"]


def characters(rng, pool, most):
    return "".join(chr(rng.choice(pool)) for _ in range(rng.randint(0, most)))


def random_string(rng, pieces, specials, most_parts=30):
    """`pieces`: the vocabulary; `specials`: added tokens and near misses of them."""
    kinds = [
        (50, lambda: rng.choice(pieces).removeprefix("##")),
        (10, lambda: characters(rng, LATIN, 6)),
        (8, lambda: characters(rng, ASSIGNED, 6)),
        (10, lambda: "e" + characters(rng, MARKS, 5)),
        (5, lambda: characters(rng, IDEOGRAPHS, 4)),
        (8, lambda: rng.choice(specials)),
        (4, lambda: characters(rng, BASIC_PLANE, 5)),
        (4, lambda: characters(rng, SCALARS, 5)),
        (1, lambda: rng.choice(["a", "é", "e\u0301", "日", "unaffable", "𝒳"]) * rng.choice([1, 20, 99, 100, 101])),
    ]
    weights = [weight for weight, _ in kinds]
    parts = []
    for _ in range(rng.randint(1, most_parts)):
        [(_, make)] = rng.choices(kinds, weights)
        part = make()
        parts.append(part.title() if rng.random() < 0.15 else part)
        if rng.random() < 0.6:
            parts.append(rng.choice(SPACES) if rng.random() < 0.4 else " ")
    return "".join(parts)
