#!/usr/bin/env python3
"""Writes texts.jsonl and minilm.npy beside this script: texts of many kinds, and what Hugging Face's
own tokenizer and BERT make of them in double precision with sentence-transformers/all-MiniLM-L6-v2
(the wheel of tools/model-wheel.txt): mean pooling, L2 normalization, rounded to float32 at the end.

    pip install torch==2.15.0 transformers==5.24.0
    make_golden.py MODEL_FOLDER
"""
import json
import pathlib
import random
import sys

import numpy
import torch
from transformers import AutoModel, AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
MAX_LENGTH = 256  # sentence_bert_config.json of the model
WORDS = ("the of a search engine finds documents by meaning not words protein guideline summit mountain river"
         " kernel compiler library manual photograph violin quarterly embargo photosynthesis 42 3.14 2024-02-29").split()
PLAIN = [
    "", " ", "\t\r\n ", "a", "?", "Hello, world!", "HELLO WORLD", "A man is eating food.", "Someone has a meal.",
    "query: how much protein should a female eat", "query: summit define",
    "passage: the highest point of a mountain: the top of a mountain.",
    "A program that plays chess.", "Don't, can't, won't -- it's O'Neill's!", "www.example.org/path?query=1&b=2#here",
    "int main(int argc, char** argv) { return argc > 1 ? 0 : 1; }", "1,234,567.89 %", "!!! ??? ...", "a.b.c.d.e",
    "[CLS] [SEP] [MASK] [UNK] [PAD]", "[mask] me", "it is [MASK] outside", "x" * 99, "y" * 101, "antidisestablishmentarianism",
]
UNICODE = [
    "Caf\u00e9 na\u00efve r\u00e9sum\u00e9", "Cafe\u0301 nai\u0308ve", "Stra\u00dfe \u00dcber \u00d6l", "\u0130stanbul \u0131\u015f\u0131k",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440", "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5 \u039a\u03cc\u03c3\u03bc\u03b5",
    "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
    "\u4f60\u597d\uff0c\u4e16\u754c", "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c", "\u30ab\u30bf\u30ab\u30ca \uff76\uff85",
    "\uc548\ub155\ud558\uc138\uc694 \uc138\uacc4", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "\U0001f600 \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea", "zero\u200bwidth\u00a0space\ufeffmark", "soft\u00adhyphen \u2013 dash \u2014 \u2026",
    "\u201cquoted\u201d \u2018text\u2019 \u00bb\u00ab", "\ufb01ne \ufb02ow \u210c\u2124 \u00bd \u00b2", "control\u0000\u0007\u001bchars \ufffd", "\U00020000\U0002f800 rare",
]


def texts():
    rng = random.Random(20)
    sentences = [" ".join(rng.choices(WORDS, k=count)) for count in (2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 200)]
    # About the 256th token: one short of it, at it, one beyond it; far beyond it.
    edges = [" ".join(["river"] * count) for count in (253, 254, 255, 256)]
    far = [" ".join(rng.choices(WORDS, k=600)), "\u4e16\u754c" * 400, "z" * 3000]
    return PLAIN + UNICODE + sentences + edges + far


def main():
    model_folder = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModel.from_pretrained(model_folder, dtype=torch.float64).eval()
    rows = []
    with torch.no_grad():
        for text in texts():  # one by one, so that no padding takes part
            tokens = tokenizer(text, truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
            states = model(**tokens).last_hidden_state[0]  # (tokens, width)
            rows.append(torch.nn.functional.normalize(states.mean(0), dim=0).numpy())
    numpy.save(HERE / "minilm.npy", numpy.stack(rows).astype("<f4"))
    (HERE / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts()))


main()
