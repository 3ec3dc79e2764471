"""One peer in a process of its own: encodes, or tokenizes, a file's lines whenever a line comes in.

    python bench/peers/contender.py KIND MODEL TEXTS.txt THREADS

KIND: st (sentence-transformers), ort, ort-int8 (ONNX Runtime), tokenizers (Hugging Face, one thread). The answer to
a line of input is the seconds of the wall clock and of CPU time that it took. Batches are of 32 texts in the order of their length, as
sentence-transformers has them.
"""
import os
import pathlib
import sys
import time

KIND, MODEL, TEXTS, THREADS = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
BATCH = 32
os.environ |= {"OMP_NUM_THREADS": str(THREADS), "RAYON_NUM_THREADS": "1" if KIND == "tokenizers" else str(THREADS),
               "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false" if KIND == "tokenizers" else "true"}


def sentence_transformers_encoder():
    import sentence_transformers
    import torch
    torch.set_num_threads(THREADS)
    model = sentence_transformers.SentenceTransformer(str(MODEL), device="cpu")
    return lambda texts: model.encode(texts, batch_size=BATCH, show_progress_bar=False)


def exported(kind):
    """The model as ONNX, made once beside the texts: float32, or with dynamic int8 weights."""
    import torch
    from transformers import AutoModel
    path = pathlib.Path(TEXTS).parent / "model.onnx"
    if not path.exists():
        model = AutoModel.from_pretrained(MODEL, attn_implementation="eager").eval()

        class Hidden(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = model

            def forward(self, ids, mask, types):
                return self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        ids = torch.ones((2, 8), dtype=torch.long)
        axes = {0: "batch", 1: "length"}
        names = ["input_ids", "attention_mask", "token_type_ids"]
        torch.onnx.export(Hidden(), (ids, ids, 0 * ids), path, input_names=names, output_names=["hidden"],
                          dynamic_axes=dict.fromkeys([*names, "hidden"], axes), opset_version=17, dynamo=False)
    if kind == "ort":
        return path
    from onnxruntime.quantization import QuantType, quantize_dynamic
    small = path.with_name("model-int8.onnx")
    if not small.exists():
        quantize_dynamic(path, small, weight_type=QuantType.QInt8, per_channel=True)
    return small


def onnx_encoder():
    import numpy as np
    import onnxruntime
    import tokenizers
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = THREADS, 1
    session = onnxruntime.InferenceSession(exported(KIND), settings, providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()

    def encode(texts):
        result = np.empty((len(texts), 384), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(texts), BATCH):
            members = order[start:start + BATCH]
            encoded = tokenizer.encode_batch([texts[i] for i in members])
            ids = np.array([each.ids for each in encoded], np.int64)
            mask = np.array([each.attention_mask for each in encoded], np.int64)
            hidden, = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
            pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
            result[members] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return result
    return encode


def tokenizer():
    import tokenizers
    model = tokenizers.Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    model.enable_truncation(256)
    model.no_padding()
    return model.encode_batch


def main():
    with open(TEXTS, encoding="utf-8") as file:
        texts = file.read().splitlines()
    makers = {"st": sentence_transformers_encoder, "ort": onnx_encoder, "ort-int8": onnx_encoder, "tokenizers": tokenizer}
    work = makers[KIND]()
    work(texts[:BATCH])
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        work(texts)
        print(f"{time.perf_counter() - wall:.6f} {time.process_time() - cpu:.6f}", flush=True)


if __name__ == "__main__":
    main()
