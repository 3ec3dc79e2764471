"""Writes losses.json: a small batch, and for each loss and option the value and the gradients by PyTorch.

Each loss is written down here question by question from its definition. Where sentence-transformers has the same
loss, its class is run on a batch of its form and must agree, else the script stops.

    python make_losses.py      needs torch and sentence-transformers (6.2.0 when the file was made)
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
D = 6
COUNTS = [2, 0, 3, 1]
B, N = len(COUNTS), sum(COUNTS)
TEMPERATURE = 0.05


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def make_batch():
    generator = torch.Generator().manual_seed(11)
    rand = lambda *shape: torch.randn(*shape, generator=generator)
    questions = unit(rand(B, D))
    # Positives lie near their questions, so that masks and margins have something to tell apart.
    return {
        "questions": questions,
        "positives": unit(questions + 0.6 * rand(B, D) / math.sqrt(D) * 2),
        "negatives": unit(questions[owners()] + 0.9 * rand(N, D) / math.sqrt(D) * 2),
        "classifier_weight": rand(3, 3 * D) * 0.3,
        "classifier_bias": rand(3) * 0.3,
    }


def owners():
    return [i for i, count in enumerate(COUNTS) for _ in range(count)]


TARGETS = {
    "negative_counts": COUNTS,
    "labels": [0.9, 0.1, 0.5, 0.5],
    "classes": [2, 0, 1, 2],
    "positive_scores": [9.0, 3.5, 7.0, 1.0],
    "negative_scores": [4.0, 8.5, 2.0, 6.5, -1.0, 0.5],
    # Positives 0 and 3 are one text; so are positive 2 and negative 0, and positive 0 and negative 1, its own.
    "text_keys": [5, 6, 7, 5, 7, 5, 10, 11, 12, 13],
    # Positives 1 and 2 have one id, and negative 4 too; 0 is no id.
    "id_keys": [0, 8, 8, 0, 0, 0, 3, 4, 8, 9],
}


def documents_of(i, o):
    """The places among positives, then negatives, of the documents of question i."""
    own = [B + n for n in range(N) if owners()[n] == i]
    if not o.get("in_batch_negatives", True):
        return [i] + own
    if o.get("share_hard_negatives"):
        return list(range(B + N))
    return list(range(B)) + own


def contrastive(b, o, log_scale=None):
    docs = torch.cat([b["positives"], b["negatives"]])
    scale = log_scale.exp() if log_scale is not None else 1 / o.get("temperature", TEMPERATURE)
    smoothing = o.get("label_smoothing", 0)
    margin = o.get("false_negative_margin")

    def score(i, d):
        s = (b["questions"][i] * docs[d]).sum()
        return s.clamp(-1, 1) if o.get("clamp") else s

    def masked(i, d, s, own):
        text, ids = TARGETS["text_keys"], TARGETS["id_keys"]
        return (
            (o.get("mask_same_text") and text[d] == text[i])
            or (o.get("mask_same_id") and ids[d] == ids[i] != 0)
            or (margin is not None and s.item() > own.item() + margin)
        )

    def one(i, candidates):  # candidates: (document that stands for it, score)
        own = dict(candidates)[i]
        kept = [(d, s) for d, s in candidates if d == i or not masked(i, d, s, own)]
        log_shares = torch.stack([s * scale for _, s in kept]).log_softmax(0)
        place = [d for d, _ in kept].index(i)
        return -((1 - smoothing) * log_shares[place] + smoothing * log_shares.mean())

    forward = sum(one(i, [(d, score(i, d)) for d in documents_of(i, o)]) for i in range(B)) / B
    if not o.get("symmetric"):
        return forward
    backward = sum(one(i, [(j, score(j, i)) for j in range(B)]) for i in range(B)) / B
    return (forward + backward) / 2


def cosine(a, b):
    return (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1))


def pairs_in_wrong_order(scores):
    labels = TARGETS["labels"]
    terms = [scores.new_zeros(())]
    terms += [scores[i] - scores[j] for i in range(B) for j in range(B) if labels[i] < labels[j]]
    return torch.stack(terms).logsumexp(0)


def angle(a, b):
    """The authors' complex division, as written in AnglE's angle_loss."""
    a, b = unit(a), unit(b)
    re_a, im_a = a.chunk(2, dim=1)
    re_b, im_b = b.chunk(2, dim=1)
    z = (b**2).sum(1, keepdim=True)
    re = (re_a * re_b + im_a * im_b) / z
    im = (im_a * re_b - re_a * im_b) / z
    scale = (a**2).sum(1, keepdim=True) ** 0.5 / (b**2).sum(1, keepdim=True) ** 0.5
    return torch.cat([re / scale, im / scale], dim=1).sum(1).abs()


def triplet(b, o):
    if o.get("triplet_distance") == "cosine":
        distance = lambda x, y: 1 - cosine(x, y)
    else:
        distance = lambda x, y: ((x - y) ** 2).sum().sqrt()
    terms = []
    for n, i in enumerate(owners()):
        q, p, neg = b["questions"][i], b["positives"][i], b["negatives"][n]
        terms.append(torch.relu(distance(q, p) - distance(q, neg) + o.get("triplet_margin", 1)))
    return sum(terms) / N


def margin_mse(b):
    terms = []
    for n, i in enumerate(owners()):
        q = b["questions"][i]
        teacher = TARGETS["positive_scores"][i] - TARGETS["negative_scores"][n]
        terms.append((q @ b["positives"][i] - q @ b["negatives"][n] - teacher) ** 2)
    return sum(terms) / N


def distill_kl(b, o):
    t = o.get("temperature", TEMPERATURE)
    terms = []
    for i in range(B):
        own = [n for n in range(N) if owners()[n] == i]
        q = b["questions"][i]
        student = torch.stack([q @ b["positives"][i]] + [q @ b["negatives"][n] for n in own])
        teacher = torch.tensor([TARGETS["positive_scores"][i]] + [TARGETS["negative_scores"][n] for n in own])
        teacher = (teacher / o.get("teacher_temperature", 1)).softmax(0)
        terms.append(F.kl_div((student / t).log_softmax(0), teacher, reduction="sum"))
    return sum(terms) / B * t**2


def softmax(b):
    u, v = b["questions"], b["positives"]
    logits = torch.cat([u, v, (u - v).abs()], 1) @ b["classifier_weight"].T + b["classifier_bias"]
    return F.cross_entropy(logits, torch.tensor(TARGETS["classes"]))


def loss_of(b, o):
    dims = o.get("matryoshka_dims")
    if dims:
        weights = o.get("matryoshka_weights") or [1] * len(dims)
        inner = {k: v for k, v in o.items() if not k.startswith("matryoshka")}
        cut = lambda d: {k: unit(v[:, :d]) if k in EMBEDDINGS else v for k, v in b.items()}
        return sum(w * loss_of(cut(d), inner) for d, w in zip(dims, weights))
    t = o.get("temperature", TEMPERATURE)
    match o["name"]:
        case "contrastive":
            return contrastive(b, o, b.get("log_scale") if o.get("learn_temperature") else None)
        case "softmax":
            return softmax(b)
        case "cosine":
            return ((cosine(b["questions"], b["positives"]) - torch.tensor(TARGETS["labels"])) ** 2).mean()
        case "triplet":
            return triplet(b, o)
        case "cosent":
            return pairs_in_wrong_order(cosine(b["questions"], b["positives"]) / t)
        case "angle":
            return pairs_in_wrong_order(angle(b["questions"], b["positives"]) / t)
        case "margin_mse":
            return margin_mse(b)
        case "distill_kl":
            return distill_kl(b, o)


EMBEDDINGS = ("questions", "positives", "negatives")
C = {"name": "contrastive"}
CASES = [
    C,
    C | {"temperature": 0.3, "label_smoothing": 0.1},
    C | {"temperature": 0.2, "learn_temperature": True},
    C | {"clamp": True},
    C | {"share_hard_negatives": True},
    C | {"symmetric": True},
    C | {"symmetric": True, "share_hard_negatives": True, "label_smoothing": 0.2, "temperature": 0.2},
    C | {"in_batch_negatives": False},
    C | {"in_batch_negatives": False, "label_smoothing": 0.1, "mask_same_text": True, "temperature": 0.5},
    C | {"mask_same_text": True},
    C | {"mask_same_id": True},
    C | {"mask_same_text": True, "mask_same_id": True, "share_hard_negatives": True, "symmetric": True},
    C | {"false_negative_margin": 0.0, "temperature": 0.3},
    C | {"false_negative_margin": -0.2, "share_hard_negatives": True, "symmetric": True, "label_smoothing": 0.1},
    C | {"matryoshka_dims": [6, 3], "matryoshka_weights": [1.0, 0.25], "temperature": 0.2},
    {"name": "softmax"},
    {"name": "cosine"},
    {"name": "triplet"},
    {"name": "triplet", "triplet_margin": 0.25, "triplet_distance": "cosine"},
    {"name": "cosent"},
    {"name": "cosent", "temperature": 0.5},
    {"name": "angle"},
    {"name": "angle", "temperature": 0.5, "matryoshka_dims": [4, 2]},
    {"name": "margin_mse"},
    {"name": "distill_kl"},
    {"name": "distill_kl", "temperature": 1.0, "teacher_temperature": 4.0},
]


def run(o):
    b = {k: v.clone().requires_grad_(True) for k, v in make_batch().items()}
    b["log_scale"] = torch.tensor(-math.log(o.get("temperature", TEMPERATURE)), requires_grad=True)
    loss = loss_of(b, o)
    loss.backward()
    gradients = {k: v.grad.tolist() for k, v in b.items() if v.grad is not None and v.grad.any()}  # absent: 0
    return {"options": o, "value": loss.item(), "gradients": gradients}


def check_against_sentence_transformers():
    """On the same questions with one hard negative each, as its classes need."""
    from sentence_transformers.sentence_transformer import losses as st

    global COUNTS, N
    full = COUNTS, N, dict(TARGETS)
    COUNTS, N = [1] * B, B
    TARGETS["negative_scores"] = [4.0, 8.5, 2.0, 6.5]
    b = make_batch()
    q, p, n = (b[k] for k in EMBEDDINGS)
    labels = torch.tensor(TARGETS["labels"])
    teacher = torch.stack([torch.tensor(TARGETS["positive_scores"]), torch.tensor(TARGETS["negative_scores"])], 1)

    class Given(torch.nn.Module):  # stands for a model: hands out the embeddings as they are
        device = "cpu"

        def forward(self, features):
            return {"sentence_embedding": features["x"]}

        def get_embedding_dimension(self):
            return D

    model = Given()

    def theirs(loss, columns, target):
        compute = getattr(loss, "compute_loss_from_embeddings", None)
        return (compute(columns, target) if compute else loss([{"x": c} for c in columns], target)).item()

    mnrl = st.MultipleNegativesRankingLoss(model)
    both = st.MultipleNegativesRankingLoss(
        model, directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"
    )
    softmax_loss = st.SoftmaxLoss(model, D, 3)
    with torch.no_grad():
        softmax_loss.classifier.weight.copy_(b["classifier_weight"])
        softmax_loss.classifier.bias.copy_(b["classifier_bias"])
    cosine_distance = st.triplet.TripletDistanceMetric.COSINE
    checks = [
        ({"name": "contrastive", "share_hard_negatives": True}, theirs(mnrl, [q, p, n], None), 1e-12),
        (
            {"name": "contrastive", "share_hard_negatives": True, "symmetric": True},
            theirs(both, [q, p, n], None),
            1e-12,
        ),
        ({"name": "softmax"}, theirs(softmax_loss, [q, p], torch.tensor(TARGETS["classes"])), 1e-12),
        # Theirs rounds labels to single precision.
        ({"name": "cosine"}, theirs(st.CosineSimilarityLoss(model), [q, p], labels), 1e-7),
        # Theirs adds 1e-6 to each coordinate's difference.
        ({"name": "triplet"}, theirs(st.TripletLoss(model, triplet_margin=1), [q, p, n], None), 1e-5),
        (
            {"name": "triplet", "triplet_distance": "cosine", "triplet_margin": 0.25},
            theirs(st.TripletLoss(model, cosine_distance, 0.25), [q, p, n], None),
            1e-12,
        ),
        ({"name": "cosent"}, theirs(st.CoSENTLoss(model), [q, p], labels), 1e-12),
        ({"name": "angle"}, theirs(st.AnglELoss(model), [q, p], labels), 1e-12),
        ({"name": "margin_mse"}, theirs(st.MarginMSELoss(model), [q, p, n], teacher), 1e-12),
        (
            {"name": "distill_kl", "temperature": 0.5, "teacher_temperature": 3.0},
            theirs(
                st.DistillKLDivLoss(model, student_temperature=0.5, teacher_temperature=3.0), [q, p, n], teacher
            ),
            1e-12,
        ),
    ]
    for options, value, tolerance in checks:
        ours = loss_of(b, options).item()
        print(f"{json.dumps(options)}: {ours:.15f} {value:.15f}")
        assert abs(ours - value) <= tolerance * max(1, abs(value)), options
    COUNTS, N = full[:2]
    TARGETS.update(full[2])


check_against_sentence_transformers()
batch = {k: v.tolist() for k, v in make_batch().items()}
cases = ",\n".join(json.dumps(run(o)) for o in CASES)
Path(__file__).with_name("losses.json").write_text(
    f'{{"batch": {json.dumps(batch)},\n"targets": {json.dumps(TARGETS)},\n"cases": [\n{cases}\n]}}\n'
)
