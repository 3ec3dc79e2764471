#!/usr/bin/env python3
"""Writes the tiny models and torch.save files beside this script, with Python's own torch, tarfile,
json and struct: none of our code. Made with torch 2.15.0, numpy 2.4; run it again only to add a file.
"""

import collections
import gzip
import io
import json
import os
import pathlib
import pickle
import struct
import tarfile
import zipfile

import torch

HERE = pathlib.Path(__file__).parent
HIDDEN, LAYERS, HEADS, FFN, POSITIONS = 32, 2, 4, 40, 40
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES += [chr(c) for c in range(ord("a"), ord("z") + 1)]
PIECES += ["##" + chr(c) for c in range(ord("a"), ord("z") + 1)]
PIECES += list("0123456789.,:;!?'-()") + ["##" + d for d in "0123456789"]
PIECES += "the cat sat on mat query passage hello world ##ing ##s ##ed vector search text model train a1 of and".split()


def bert_tensors():
    torch.manual_seed(0)

    def weight(*shape):
        return (torch.randn(*shape) * 0.05 * 256).round() / 256  # exact in float16, and small when compressed

    t = collections.OrderedDict()
    t["embeddings.word_embeddings.weight"] = weight(len(PIECES), HIDDEN)
    t["embeddings.position_embeddings.weight"] = weight(POSITIONS, HIDDEN)
    t["embeddings.token_type_embeddings.weight"] = weight(2, HIDDEN)
    t["embeddings.LayerNorm.weight"] = 1 + weight(HIDDEN)
    t["embeddings.LayerNorm.bias"] = weight(HIDDEN)
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}."
        for part in ("query", "key", "value"):
            t[layer + f"attention.self.{part}.weight"] = weight(HIDDEN, HIDDEN)
            t[layer + f"attention.self.{part}.bias"] = weight(HIDDEN)
        for part, rows, columns in (("attention.output", HIDDEN, HIDDEN), ("intermediate", FFN, HIDDEN), ("output", HIDDEN, FFN)):
            t[layer + part + ".dense.weight"] = weight(rows, columns)
            t[layer + part + ".dense.bias"] = weight(rows)
            if part != "intermediate":
                t[layer + part + ".LayerNorm.weight"] = 1 + weight(HIDDEN)
                t[layer + part + ".LayerNorm.bias"] = weight(HIDDEN)
    t["pooler.dense.weight"] = weight(HIDDEN, HIDDEN)
    t["pooler.dense.bias"] = weight(HIDDEN)
    return t


NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64"}


def safetensors(tensors, metadata):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, tensor in tensors.items():
        raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def write(path, data):
    path = HERE / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def hugging_face(folder, tensors, extra_config=None):
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": len(PIECES), "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": FFN, "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0, "position_embedding_type": "absolute",
    }
    config.update(extra_config or {})
    write(folder + "/config.json", json.dumps(config, indent=2) + "\n")
    write(folder + "/vocab.txt", "\n".join(PIECES) + "\n")
    write(folder + "/tokenizer_config.json", json.dumps({"do_lower_case": True, "model_max_length": 32, "tokenizer_class": "BertTokenizer"}) + "\n")
    if tensors is not None:
        write(folder + "/model.safetensors", safetensors(tensors, {"format": "pt"}))


def nemo_tensors(tensors):
    out, p = collections.OrderedDict(), "model.language_model."
    words = tensors["embeddings.word_embeddings.weight"]
    padding = torch.zeros(-len(PIECES) % 128, HIDDEN)
    out[p + "embedding.word_embeddings.weight"] = torch.cat([words, padding])
    out[p + "embedding.position_embeddings.weight"] = tensors["embeddings.position_embeddings.weight"]
    out[p + "embedding.tokentype_embeddings.weight"] = tensors["embeddings.token_type_embeddings.weight"]
    for s in ("weight", "bias"):
        out[p + "encoder.initial_layernorm." + s] = tensors["embeddings.LayerNorm." + s]
    for i in range(LAYERS):
        ours, theirs = f"encoder.layer.{i}.", p + f"encoder.layers.{i}."
        for s in ("weight", "bias"):
            out[theirs + "self_attention.query_key_value." + s] = torch.cat([tensors[ours + f"attention.self.{x}.{s}"] for x in ("query", "key", "value")])
            for a, b in (("attention.output.dense", "self_attention.dense"), ("attention.output.LayerNorm", "input_layernorm"),
                         ("intermediate.dense", "mlp.dense_h_to_4h"), ("output.dense", "mlp.dense_4h_to_h"), ("output.LayerNorm", "post_attention_layernorm")):
                out[theirs + b + "." + s] = tensors[ours + a + "." + s]
    for s in ("weight", "bias"):
        out[p + "pooler.dense." + s] = tensors["pooler.dense." + s]
    return out


def interleaved(tensors):
    """The layout of megatron_legacy: false: q, k, v of head 0, then of head 1, ..."""
    out = collections.OrderedDict()
    for name, tensor in tensors.items():
        if "query_key_value" in name:
            shape = tensor.shape
            tensor = tensor.reshape(3, HEADS, HIDDEN // HEADS, -1).transpose(0, 1).reshape(shape).contiguous()
        out[name] = tensor
    return out


def saved(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def nemo(path, members, legacy, mode, mcore=False):
    config = "\n".join([
        "mcore_bert: %s" % str(mcore).lower(), "micro_batch_size: 4", "encoder_seq_length: %d" % POSITIONS, "max_position_embeddings: ${.encoder_seq_length}",
        "num_layers: %d" % LAYERS, "hidden_size: %d" % HIDDEN, "ffn_hidden_size: %d" % FFN, "num_attention_heads: %d" % HEADS,
        "layernorm_epsilon: 1.0e-12", "hidden_dropout: 0.1", "make_vocab_size_divisible_by: 128", "bert_binary_head: true",
        "megatron_legacy: %s" % str(legacy).lower(), "bias_gelu_fusion: false", "tokenizer:", "  library: huggingface", "  type: intfloat/e5-large-unsupervised",
        "  vocab_file: null", "target: nemo.collections.nlp.models.language_modeling.megatron_bert_model.MegatronBertModel", "nemo_version: 1.23.0rc0", ""])
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        root = tarfile.TarInfo("."); root.type = tarfile.DIRTYPE; root.mode = 0o755
        tar.addfile(root)
        for name, data in {"model_config.yaml": config.encode(), **members}.items():
            info = tarfile.TarInfo("./" + name); info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    data = buffer.getvalue()
    write(path, gzip.compress(data, mtime=0) if mode == "gzip" else data)


def torch_files():
    base = torch.arange(24, dtype=torch.float32)
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(3, 2)
    net = Net()
    with torch.no_grad():
        net.linear.weight.copy_(torch.arange(6.0).reshape(2, 3)); net.linear.bias.copy_(torch.tensor([6.0, 7.0]))
    views = collections.OrderedDict(
        whole=base, tail=base[20:], transposed=base.reshape(4, 6).t(), column=base.reshape(4, 6)[:, 2], expanded=base[3:4].expand(2, 3),
        half=torch.tensor([0.5, -2.0], dtype=torch.float16), bfloat16=torch.tensor([1.0, 256.0], dtype=torch.bfloat16),
        double=torch.tensor([0.1], dtype=torch.float64), int64=torch.tensor([2**40, -1]), scalar=torch.tensor(3.5), empty=torch.zeros(0, 4))
    write("torch/views.pt", saved(views))
    write("torch/module.pt", saved(net.state_dict()))  # an OrderedDict with a _metadata attribute
    write("torch/parameter.pt", saved({"weight": torch.nn.Parameter(torch.tensor([1.0, 2.0])), "step": 7, "note": "plain values are left out"}))
    for protocol in (3, 4, 5):
        buffer = io.BytesIO()
        torch.save({"x": torch.tensor([1.0, 2.0, 3.0])}, buffer, pickle_protocol=protocol)
        write(f"torch/protocol{protocol}.pt", buffer.getvalue())
    buffer = io.BytesIO()
    torch.save({"x": torch.tensor([1.0])}, buffer, _use_new_zipfile_serialization=False)
    write("torch/old_form.pt", buffer.getvalue())

    class Evil:
        def __reduce__(self):
            return os.system, ("touch /tmp/sbert_pickle_was_run",)
    with zipfile.ZipFile(HERE / "torch/evil.pt", "w") as z:
        z.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle.dumps({"x": Evil()}, protocol=2))
    with zipfile.ZipFile(HERE / "torch/compressed.pt", "w", zipfile.ZIP_DEFLATED) as z:
        info = zipfile.ZipInfo("archive/data.pkl"); info.compress_type = zipfile.ZIP_DEFLATED
        z.writestr(info, pickle.dumps({"x": "x" * 100}, protocol=2))


def main():
    tensors = bert_tensors()
    hugging_face("hf", tensors)
    with_prefix = collections.OrderedDict(("bert." + k, v.half()) for k, v in tensors.items() if not k.startswith("pooler"))
    with_prefix["bert.embeddings.position_ids"] = torch.arange(POSITIONS).unsqueeze(0)
    with_prefix["cls.predictions.bias"] = torch.zeros(len(PIECES))
    hugging_face("hf_bin", None)
    write("hf_bin/pytorch_model.bin", saved(with_prefix))
    nemo("legacy.nemo", {"model_weights.ckpt": saved(nemo_tensors(tensors))}, True, "plain")
    nemo("legacy_gzip.nemo", {"model_weights.ckpt": saved(nemo_tensors(tensors))}, True, "gzip")
    nemo("interleaved_gzip.nemo", {"model_weights.ckpt": saved(interleaved(nemo_tensors(tensors)))}, False, "gzip")
    mixed = collections.OrderedDict(
        a=torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), half=torch.tensor([0.5, -2.0, 1.0], dtype=torch.float16),
        bfloat16=torch.tensor([1.0], dtype=torch.bfloat16), unaligned=torch.tensor([7, -8]), double=torch.tensor(0.25, dtype=torch.float64))
    mixed["empty"] = torch.zeros(0, 4)
    write("mixed.safetensors", safetensors(mixed, {"format": "pt", "note": "größer als „zwei“\n"}))
    torch_files()


if __name__ == "__main__":
    main()
