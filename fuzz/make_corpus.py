#!/usr/bin/env python3
"""Copies the files of tests/golden and conf that a fuzz target can begin with: make_corpus.py FOLDER."""

import gzip
import pathlib
import sys
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).parent.parent
GOLDEN = ROOT / "tests/golden"
CHECKPOINT = GOLDEN / "checkpoint"


def seeds():
    """(target, name, bytes)"""
    for path in [CHECKPOINT / "mixed.safetensors", CHECKPOINT / "layouts/expected.safetensors"]:
        yield "safetensors", path.name, path.read_bytes()
    yield "safetensors", "bert", (CHECKPOINT / "hf/model.safetensors").read_bytes()

    for path in sorted((CHECKPOINT / "torch").glob("*.pt")):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield "pickle", path.stem, next(archive.read(n) for n in archive.namelist() if n.endswith("data.pkl"))
        else:  # of the form before torch 1.6
            yield "pickle", path.stem, path.read_bytes()
        # A torch file in a tar by itself, so that the zip's reader is reached.
        yield "tar_nemo", path.stem, tar({"./model_weights.ckpt": path.read_bytes()})
    with tarfile.open(CHECKPOINT / "layouts/torch_dist.nemo") as archive:
        yield "pickle", "torch_dist", archive.extractfile("./model_weights/.metadata").read()
        yield "tar_nemo", "config", tar({"./model_config.yaml": archive.extractfile("./model_config.yaml").read()})
    yield "tar_nemo", "gzip", gzip.compress(tar({"./a": b"hello"}), mtime=0)

    vocabulary = (CHECKPOINT / "hf/vocab.txt").read_bytes()
    config = (CHECKPOINT / "hf/tokenizer_config.json").read_bytes()
    text = "The cat sat on a mat, \u00e4\u6771\u4eac [MASK] x".encode()
    yield "tokenizer", "vocab", b"\n%%\n".join([b"", vocabulary, config, b'{"unk_token": "[UNK]"}', text])
    yield "tokenizer", "json", b"\n%%\n".join([TOKENIZER, b"", config, b"", text])

    for path in sorted((ROOT / "conf").glob("*.yaml")):
        yield "config", path.stem, path.read_bytes() + b"\n%%\n" + b"model.seed=3\n++a.b=[1,{c:d}]\n~trainer.benchmark\n"
    yield "config", "small", b"a: {b: 1, c: '${.b}'}\nd: ${a.c}\ne: ${oc.env:X,2}\n%%\n+f=${sum:1,2}\n"


def tar(members):
    import io
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


TOKENIZER = b"""{"version":"1.0","truncation":null,"padding":null,"added_tokens":[
{"id":0,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
{"id":1,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
{"id":2,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
{"id":3,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
"pre_tokenizer":{"type":"BertPreTokenizer"},
"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},
{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[],
"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
"vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"the":4,"cat":5,"##s":6,"a":7}}}
"""

for target, name, data in seeds():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
