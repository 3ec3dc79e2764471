#!/usr/bin/env python3
"""Writes the tiny model of make_fixtures.py in more layouts, and the embeddings that Hugging Face's BertModel gives for
it, beside this script: with Python's own torch, transformers, json and tarfile, none of our code. Made with torch 2.15.0,
transformers 5.24.0.
"""

import collections
import io
import json
import pickle

import torch
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata, ChunkStorageMetadata, Metadata, MetadataIndex, TensorProperties, TensorStorageMetadata)
from transformers import BertConfig, BertModel

import make_fixtures as tiny
from make_fixtures import saved, write

TEXTS = ["the cat sat on the mat", "query: hello world", "a vector search model 3.14, and text of trained cats"]


def ids(text):
    """Token ids of a text by greedy longest match in the tiny vocabulary; the last of duplicate pieces counts."""
    places = {piece: place for place, piece in enumerate(tiny.PIECES)}
    out = []
    for word in "".join(f" {c} " if c in ".,:;!?'-()" else c for c in text).split():
        begin = 0
        while begin < len(word):
            end = len(word)
            while ("##" if begin else "") + word[begin:end] not in places:
                end -= 1
            out.append(places[("##" if begin else "") + word[begin:end]])
            begin = end
    return [2] + out[: 32 - 2] + [3]


def embeddings(tensors):
    config = json.loads((tiny.HERE / "hf/config.json").read_text())
    model = BertModel(BertConfig(**{k: v for k, v in config.items() if k not in ("architectures", "model_type")})).eval()
    model.load_state_dict(tensors, strict=True)
    rows = []
    with torch.no_grad():
        for text in TEXTS:
            states = model(torch.tensor([ids(text)])).last_hidden_state[0]
            rows.append(torch.nn.functional.normalize(states.mean(0), dim=0))
    return torch.stack(rows)


def small_files(folder):
    for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
        write(f"{folder}/{name}", (tiny.HERE / "hf" / name).read_bytes())


def sharded(folder, file, tensors, encode):
    """Two files, and the index that says which tensor lies in which."""
    small_files(folder)
    stem, ending = file.rsplit(".", 1)
    names, half = list(tensors), len(tensors) // 2
    weight_map = {}
    for number, part in enumerate((names[:half], names[half:]), 1):
        shard = f"{stem}-{number:05d}-of-00002.{ending}"
        write(f"{folder}/{shard}", encode({name: tensors[name] for name in part}))
        weight_map.update({name: shard for name in part})
    write(f"{folder}/{file}.index.json", json.dumps({"metadata": {"total_size": 0}, "weight_map": weight_map}, indent=2))


def sentence_transformers(folder, tensors, modules, pooling, transformer):
    small_files(folder)
    write(folder + "/model.safetensors", tiny.safetensors(tensors, {"format": "pt"}))
    write(folder + "/modules.json", json.dumps([{"idx": i, "name": str(i), "path": p, "type": t} for i, (p, t) in enumerate(modules)]))
    write(folder + "/1_Pooling/config.json", json.dumps(pooling))
    write(folder + "/sentence_bert_config.json", json.dumps(transformer))


CORE = (("attention.output.dense", "self_attention.linear_proj"), ("attention.output.LayerNorm", "post_att_layernorm"),
        ("intermediate.dense", "mlp.linear_fc1"), ("output.dense", "mlp.linear_fc2"), ("output.LayerNorm", "post_mlp_layernorm"))


def core_tensors(tensors):
    """Megatron Core's names; heads interleaved."""
    legacy = tiny.interleaved(tiny.nemo_tensors(tensors))
    out = collections.OrderedDict()
    for name, tensor in legacy.items():
        if ".layers." not in name:
            out[name.replace("model.language_model.", "model.")] = tensor
    for i in range(tiny.LAYERS):
        for s in ("weight", "bias"):
            theirs = f"model.encoder.layers.{i}."
            out[theirs + "self_attention.linear_qkv." + s] = legacy[f"model.language_model.encoder.layers.{i}.self_attention.query_key_value.{s}"]
            for a, b in CORE:
                out[f"{theirs}{b}.{s}"] = tensors[f"encoder.layer.{i}.{a}.{s}"]
        out[f"model.encoder.layers.{i}.mlp.linear_fc1._extra_state"] = torch.zeros(0, dtype=torch.uint8)
    return out


def torch_dist(tensors):
    """Layers stacked as Megatron Core stacks them, a part a layer; the word embeddings in two parts; two files."""
    files = {"__0_0.distcp": b"", "__0_1.distcp": b""}
    metadata = Metadata(state_dict_metadata={}, storage_data={})

    def add(name, shape, parts):
        chunks = []
        for number, (offsets, part) in enumerate(parts):
            file = f"__0_{number % 2}.distcp"
            data = saved(part.clone())
            chunk = ChunkStorageMetadata(offsets=torch.Size(offsets), sizes=part.size())
            chunks.append(chunk)
            metadata.storage_data[MetadataIndex(name, chunk.offsets, number)] = _StorageInfo(file, len(files[file]), len(data))
            files[file] += data
        metadata.state_dict_metadata[name] = TensorStorageMetadata(TensorProperties(dtype=parts[0][1].dtype), torch.Size(shape), chunks)

    stacks = collections.OrderedDict()
    for name, tensor in tensors.items():
        if "_extra_state" in name:
            metadata.state_dict_metadata[name] = BytesStorageMetadata()
        elif ".layers." in name:
            before, after = name.split(".layers.")
            stacks.setdefault(before + ".layers." + after.split(".", 1)[1], []).append(tensor)
        elif "word_embeddings" in name:
            half = tensor.size(0) // 2
            add(name, tensor.shape, [((0, 0), tensor[:half]), ((half, 0), tensor[half:])])
        else:
            add(name, tensor.shape, [((0,) * tensor.dim(), tensor)])
    for name, layers in stacks.items():
        add(name, (len(layers), *layers[0].shape), [((i,) + (0,) * t.dim(), t.unsqueeze(0)) for i, t in enumerate(layers)])
    return {"model_weights/" + name: data for name, data in {**files, ".metadata": pickle.dumps(metadata), "metadata.json": b"{}"}.items()}


def main():
    tensors = tiny.bert_tensors()
    encode = lambda part: tiny.safetensors(part, {"format": "pt"})
    write("layouts/expected.safetensors", encode({"embeddings": embeddings(tensors)}))
    sharded("layouts/hf_sharded", "model.safetensors", tensors, encode)
    sharded("layouts/hf_bin_sharded", "pytorch_model.bin", {"bert." + name: t.half() for name, t in tensors.items()}, saved)
    old, new = "sentence_transformers.models.", "sentence_transformers.sentence_transformer.modules."
    sentence_transformers(
        "layouts/st_old", tensors, [("", old + "Transformer"), ("1_Pooling", old + "Pooling"), ("2_Normalize", old + "Normalize")],
        {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
         "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False},
        {"max_seq_length": 32, "do_lower_case": False})
    sentence_transformers(
        "layouts/st_new", tensors,
        [("", "sentence_transformers.base.modules.transformer.Transformer"), ("1_Pooling", new + "pooling.Pooling"),
         ("2_Normalize", new + "normalize.Normalize")],
        {"embedding_dimension": 32, "pooling_mode": "mean", "include_prompt": True}, {"transformer_task": "feature-extraction"})
    core = core_tensors(tensors)
    tiny.nemo("layouts/core.nemo", {"model_weights.ckpt": saved(core)}, False, "gzip", mcore=True)
    tiny.nemo("layouts/torch_dist.nemo", torch_dist(core), False, "gzip", mcore=True)


if __name__ == "__main__":
    main()
