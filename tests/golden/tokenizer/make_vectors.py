#!/usr/bin/env python3
"""Makes vectors.bin.gz: strings and the ids that the `tokenizers` wheel gives them, for many settings of a tokenizer.

    pip install tokenizers==0.23.3
    tests/golden/tokenizer/make_vectors.py

The vocabulary is vocab.txt.gz beside this script, that of bert-base-uncased (Apache-2.0), as all-MiniLM-L6-v2 has it.

Format, gzip'ed. A number is an unsigned LEB128; a string is its length in bytes and the bytes.
    "SBTV1\\n", number of groups, groups
    group:  header (string), number of vectors, vectors
    header: JSON object: "name", "max_length", "decodes", and "tokenizer", a tokenizer.json whose model.vocab is null
    vector: text (string), number of ids, ids, and if the group decodes, the decoded text without special tokens
A text that is not UTF-8 has the ids of its decode("utf-8", "replace").
"""
import gzip
import itertools
import json
import pathlib
import random
import sys

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from random_strings import SCALARS, SPECIALS, random_string

WHEEL = "0.23.3"
HERE = pathlib.Path(__file__).resolve().parent
PIECES = gzip.decompress((HERE / "vocab.txt.gz").read_bytes()).decode().splitlines()
VOCABULARY = {piece: i for i, piece in enumerate(PIECES)}
ADDED = [
    AddedToken("<left>", lstrip=True, normalized=False),
    AddedToken("<right>", rstrip=True, normalized=False),
    AddedToken("<both>", lstrip=True, rstrip=True, normalized=False, special=True),
    AddedToken("<a", normalized=False),
    AddedToken("<ab>", normalized=False),
    AddedToken("ord", single_word=True, normalized=False),
    AddedToken("Naïve", single_word=True, normalized=True),
    AddedToken("Été", normalized=True),
    AddedToken("[E 1]", normalized=True, special=True),
    AddedToken("日本", lstrip=True, normalized=True),
    AddedToken("hello world", rstrip=True, normalized=True),
    AddedToken(" lead", normalized=False),
    AddedToken("house", single_word=True, normalized=True),
    AddedToken("NAIVETY", normalized=True),
]
# Added tokens with the neighbours that decide whether they match.
AROUND = [a + token.content + b for token in ADDED for a in ("", " ", "x", "_", "\u0301", "\u3000", "-", "  \n")
          for b in ("", " ", "x", "9", "\u0301", "\u00a0\t", ".", "<ab>")]
AROUND += ["naive", "NAI\u0308VE", "e\u0301te\u0301", "ETE", "[e 1]", "hello  world", "Hello\tWorld", "日 本", "<abc", "HOUSE"]


def make(added=(), max_chars=100, prefix="##", **normalizer):
    defaults = dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    tokenizer = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]", max_input_chars_per_word=max_chars,
                                           continuing_subword_prefix=prefix))
    tokenizer.normalizer = normalizers.BertNormalizer(**{**defaults, **normalizer})
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", VOCABULARY["[CLS]"]), ("[SEP]", VOCABULARY["[SEP]"])])
    tokenizer.decoder = decoders.WordPiece(prefix=prefix, cleanup=True)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    for token in added:
        tokenizer.add_tokens([token])
    return tokenizer


def groups():
    """(name, tokenizer, max_length, decodes, texts as bytes)"""
    rng = random.Random(20261124)

    def texts(count, parts=8, specials=SPECIALS):
        return [random_string(rng, PIECES, specials, parts).encode() for _ in range(count)]

    edges = ["", " ", "\0", "\u0301", "a" * 99, "a" * 100, "a" * 101, "é" * 100, "e\u0301" * 100, "e\u0301" * 101,
             "日" * 300, "𝒳" * 100, "𝒳" * 101, "\u1e9b\u0323", "\uac01\u11a8", "a\u302e\0\u302a\u0323b", "İI\u0307", "ΣΑΣ ς"]
    edges = [text.encode() for text in edges]
    yield "default", make(), 256, False, edges + texts(4000) + texts(200, 60)
    for lower, strip, cjk in itertools.product((False, True), repeat=3):
        tokenizer = make(lowercase=lower, strip_accents=strip, handle_chinese_chars=cjk)
        scalars = [chr(c).encode() for c in SCALARS[rng.randrange(900)::900]]
        inside = [f"a{chr(c)}b".encode() for c in SCALARS[rng.randrange(900)::900]]
        name = f"lowercase {lower}, strip_accents {strip}, handle_chinese_chars {cjk}"
        yield name, tokenizer, 128, False, edges + texts(1000) + (scalars if lower else inside)
    yield "no clean_text", make(clean_text=False), 128, False, edges + texts(800)
    yield "cased, strip_accents as lowercase", make(lowercase=False), 128, False, texts(400)
    for length in (2, 3, 4, 7, 16, 33):
        yield f"truncation to {length}", make(), length, False, texts(250, 12)
    yield "added tokens", make(ADDED), 128, False, texts(900, 8, AROUND) + [text.encode() for text in AROUND]
    # The wheel does not know a special token again by its normalized form, and decodes it.
    decodable = [token for token in ADDED if not (token.special and token.normalized)]
    yield "decoding of added tokens", make(decodable), 128, True, texts(500, 8, AROUND)
    yield "added tokens, cased", make(ADDED, lowercase=False), 128, False, texts(800, 8, AROUND)
    yield "added tokens, truncated", make(ADDED), 9, False, texts(400, 12, AROUND)
    yield "words of at most 5 characters", make(max_chars=5), 128, False, edges + texts(300)
    yield "continuing_subword_prefix s", make(prefix="s"), 128, True, texts(300)
    yield "decoding", make(), 128, True, texts(600) + [b"isn't it ? he 's , do not ; ' x ' . we 've ! they 're i 'm"]
    broken = []
    for text in texts(800, 6):
        text = bytearray(text)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(text) + 1)
            junk = rng.choice([b"\x80", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xff",
                               b"\xe0\x80\x80", b"\xf8\x88", b"", rng.randbytes(2)])
            text[at:at + rng.randint(0, 1)] = junk
        broken.append(bytes(text))
    yield "not UTF-8", make(), 128, False, broken


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def string(value):
    return number(len(value)) + value


def main():
    if tokenizers.__version__ != WHEEL:
        sys.exit(f"make_vectors: tokenizers {WHEEL} is wanted, not {tokenizers.__version__}")
    bodies, total = [], 0
    for name, tokenizer, max_length, decodes, texts in groups():
        settings = json.loads(tokenizer.to_str())
        settings["model"]["vocab"] = None
        header = dict(name=name, max_length=max_length, decodes=decodes, tokenizer=settings)
        tokenizer.enable_truncation(max_length)
        body = string(json.dumps(header).encode()) + number(len(texts))
        for text in texts:
            ids = tokenizer.encode(text.decode("utf-8", "replace")).ids
            body += string(text) + number(len(ids)) + b"".join(map(number, ids))
            if decodes:
                body += string(tokenizer.decode(ids).encode())
        bodies.append(body)
        total += len(texts)
    packed = gzip.compress(b"SBTV1\n" + number(len(bodies)) + b"".join(bodies), 9, mtime=0)
    (HERE / "vectors.bin.gz").write_bytes(packed)
    print(f"{total} vectors in {len(bodies)} groups, {len(packed)} bytes")


if __name__ == "__main__":
    main()
