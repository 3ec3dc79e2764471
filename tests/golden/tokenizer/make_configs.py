#!/usr/bin/env python3
"""Writes configs.json: what AutoTokenizer of transformers 5.24 (tokenizers 0.23.3) makes of a BERT model's tokenizer files.

Each case has the files, the texts, the length to which they are cut (or null) and the ids. Needs no torch.
"""
import json
import pathlib
import tempfile

from transformers import AutoTokenizer

PIECES = ("[PAD] [UNK] [CLS] [SEP] [MASK] hello world un ##aff ##able ! cafe \u65e5 a Hello my t\u00e9 te \u65e5\u672c <s> </s> [ new ] "
          "##my").split(" ")
TEXTS = ["Hello, WORLD! caf\u00e9\u65e5 unaffable", "hello amy world [new] a t\u00e9 \u65e5\u672c <s> [MASK] my [SEP]a"]
LINES = "\n".join(PIECES) + "\n"


def added(content, **flags):
    return {"id": PIECES.index(content), "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True, **flags}


def special(name):
    return {"SpecialToken": {"id": name, "type_id": 0}}


def tokenizer(normalizer=None, added_tokens=None, truncation=None, begin="[CLS]"):
    """A tokenizer.json."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    return {
        "version": "1.0", "truncation": truncation, "padding": None,
        "added_tokens": [added(each) for each in names] if added_tokens is None else added_tokens,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                       "lowercase": True, **(normalizer or {})},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special(begin), {"Sequence": {"id": "A", "type_id": 0}}, special("[SEP]")],
            "pair": [special(begin), {"Sequence": {"id": "A", "type_id": 0}}, special("[SEP]"),
                     {"Sequence": {"id": "B", "type_id": 1}}, special("[SEP]")],
            "special_tokens": {each: {"id": each, "ids": [PIECES.index(each)], "tokens": [each]} for each in {begin, "[SEP]"}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": {piece: number for number, piece in enumerate(PIECES)}}}


def cases():
    """-> (name, files, length)"""
    fast = "PreTrainedTokenizerFast"
    left = {"direction": "Left", "max_length": 6, "strategy": "LongestFirst", "stride": 0}
    for name, lines in {"plain": LINES, "blanks at the end": LINES.replace("hello\n", "hello \n").replace("world\n", "world\u3000\t\n"),
                        "a blank last line": LINES + "\n\n", "carriage returns": LINES.replace("\n", "\r\n"),
                        "a lone carriage return": LINES.replace("un\n##aff", "un\r##aff"), "blanks before": LINES.replace("hello", " hello"),
                        "a line twice": LINES + "hello\n", "no last line end": LINES[:-1],
                        "other ends": LINES.replace("hello\n", "hello\u001c\n").replace("world\n", "world\u200b\n")}.items():
        yield f"vocab.txt: {name}", {"vocab.txt": lines}, None
    for source, files in {"vocab.txt": {"vocab.txt": LINES}, "tokenizer.json": {"tokenizer.json": tokenizer()}}.items():
        def case(name, length=None, added_tokens=None, special_map=None, **config):
            beside = {"tokenizer_config.json": config, "added_tokens.json": added_tokens, "special_tokens_map.json": special_map}
            return (f"{source}: {name}", {**files, **{key: value for key, value in beside.items() if value is not None}}, length)
        yield case("empty config")
        yield case("do_lower_case false", do_lower_case=False)
        yield case("strip_accents false", strip_accents=False)
        yield case("strip_accents without lower case", do_lower_case=False, strip_accents=True)
        yield case("tokenize_chinese_chars false", tokenize_chinese_chars=False)
        yield case("truncation_side left", 6, truncation_side="left")
        yield case("truncation_side right", 6, truncation_side="right")
        yield case("truncation_side left, nothing cut", 64, truncation_side="left")
        yield case("truncation_side left, room for no token", 2, truncation_side="left")
        for key in ("additional_special_tokens", "extra_special_tokens"):
            yield case(key, **{key: ["my"]})
            yield case(f"{key}, a new one", **{key: ["[new]", "my"]})
        yield case("extra goes over additional", additional_special_tokens=["my"], extra_special_tokens=["te"])
        yield case("empty extra does not", additional_special_tokens=["my"], extra_special_tokens=[])
        yield case("extra_special_tokens with names", extra_special_tokens={"x": "my"})
        yield case("extra_special_tokens with flags", extra_special_tokens=[{"__type": "AddedToken", "content": "my", "single_word": True}])
        yield case("model_specific_special_tokens", model_specific_special_tokens={"x": "my"})
        yield case("a token of another name", image_token="my")
        yield case("bos_token", bos_token="my")
        yield case("mask_token", mask_token="my")
        yield case("added_tokens_decoder", added_tokens_decoder={
            **{str(number): {"content": PIECES[number], "special": True} for number in range(5)},
            "15": {"content": "my", "single_word": True}, "25": {"content": "[new]"}})
        yield case("special_tokens_map goes over config", mask_token="[MASK]", special_map={"mask_token": "my"})
        yield case("special_tokens_map beside added_tokens_decoder", special_map={"mask_token": "my"}, added_tokens_decoder={
            str(number): {"content": PIECES[number], "special": True} for number in range(5)})
        yield case("additional_special_tokens of special_tokens_map", special_map={"additional_special_tokens": ["my"]})
        yield case("added_tokens.json", added_tokens={"my": 15, "[new]": 25})
        yield case("added_tokens.json beside added_tokens_decoder", added_tokens={"my": 15}, added_tokens_decoder={
            str(number): {"content": PIECES[number], "special": True} for number in range(5)})
        yield case("keys that change nothing", never_split=["my"], do_basic_tokenize=False, padding_side="left", add_bos_token=True,
                   wordpieces_prefix="@@", clean_text=False, max_length=4)
        for name in ("BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "ElectraTokenizerFast", "MobileBertTokenizer",
                     "DPRQuestionEncoderTokenizer"):
            yield case(name, tokenizer_class=name)
    for name, normalizer in {"lowercase false": {"lowercase": False}, "strip_accents false": {"strip_accents": False},
                             "handle_chinese_chars false": {"handle_chinese_chars": False}}.items():
        files = {"tokenizer.json": tokenizer(normalizer)}
        yield f"{name} under BertTokenizer", {**files, "tokenizer_config.json": {"tokenizer_class": "BertTokenizer"}}, None
        yield f"{name} under {fast}", {**files, "tokenizer_config.json": {"tokenizer_class": fast}}, None
    yield f"{fast} does not heed do_lower_case", {
        "tokenizer.json": tokenizer(), "tokenizer_config.json": {"tokenizer_class": fast, "do_lower_case": False,
                                                                 "tokenize_chinese_chars": False}}, None
    yield f"{fast} keeps the template", {"tokenizer.json": tokenizer(begin="<s>"), "tokenizer_config.json": {"tokenizer_class": fast}}, None
    yield f"{fast} with extra tokens", {
        "tokenizer.json": tokenizer(), "tokenizer_config.json": {"tokenizer_class": fast, "extra_special_tokens": ["my"]}}, None
    yield f"{fast}: added_tokens_decoder goes over added_tokens", {
        "tokenizer.json": tokenizer(added_tokens=[added("my")]), "tokenizer_config.json": {
            "tokenizer_class": fast, "added_tokens_decoder": {"15": {"content": "my", "single_word": True}}}}, None
    yield f"{fast}: added_tokens stay beside added_tokens_decoder", {
        "tokenizer.json": tokenizer(added_tokens=[added("my")]),
        "tokenizer_config.json": {"tokenizer_class": fast, "added_tokens_decoder": {}}}, None
    yield "truncation to the left of tokenizer.json", {"tokenizer.json": tokenizer(truncation=left)}, 6
    yield "truncation_side goes over tokenizer.json", {
        "tokenizer.json": tokenizer(truncation=left), "tokenizer_config.json": {"truncation_side": "right"}}, 6


def ids_of(files, length):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {"config.json": {"model_type": "bert"}, **files}.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (pathlib.Path(folder) / name).write_bytes(text.encode())
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return [tokenizer(text, truncation=length is not None, max_length=length)["input_ids"] for text in TEXTS]


def main():
    found = []
    for name, files, length in cases():
        files = {file: content if isinstance(content, str) else json.dumps(content) for file, content in files.items()}
        found.append({"name": name, "files": files, "max_length": length, "ids": ids_of(files, length)})
    path = pathlib.Path(__file__).with_name("configs.json")
    path.write_text(json.dumps({"texts": TEXTS, "cases": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
