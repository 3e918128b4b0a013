"""Equations 1 to 4 in plain NumPy loops, written from the paper, in float64; shares no code with the encoders."""

from math import erf, exp, sqrt

import numpy as np


def embed(visual, pixels, mask, start_layer, variant, sigma2=2.5, saliency="outputs", heads="concat"):
    """One segment; `mask` holds one weight a patch. Returns embedding, S of each layer, w of each layer."""
    p = {name: value.double().numpy() for name, value in visual.state_dict().items()}
    count = visual.transformer.resblocks[0].attn.num_heads
    x = visual._embeds(pixels).double().numpy()[0]
    m = [1.0, *mask]
    all_s, all_w = [], []
    for layer in range(1, len(visual.transformer.resblocks) + 1):
        q = {k.split(f"resblocks.{layer - 1}.")[1]: v for k, v in p.items() if f"resblocks.{layer - 1}." in k}
        masked, plain, rows = attention(norm(x, q["ln_1.weight"], q["ln_1.bias"]), q, count, m)
        if layer < start_layer or variant == "unmasked":
            out = np.concatenate(plain, axis=1)
        elif variant == "masked":
            out = np.concatenate(masked, axis=1)
        else:
            s = salient(masked, plain, rows, saliency, heads)
            w = [exp(-((v + 1) ** 2) / (2 * sigma2)) for v in s]
            heads_out = [masked[h] - w[h % len(w)] * plain[h][0] for h in range(count)]
            out = np.concatenate(heads_out, axis=1)
            all_s.append(s)
            all_w.append(w)
        x = x + out @ q["attn.out_proj.weight"].T + q["attn.out_proj.bias"]
        hidden = norm(x, q["ln_2.weight"], q["ln_2.bias"]) @ q["mlp.c_fc.weight"].T + q["mlp.c_fc.bias"]
        x = x + np.vectorize(gelu)(hidden) @ q["mlp.c_proj.weight"].T + q["mlp.c_proj.bias"]
    return norm(x[:1], p["ln_post.weight"], p["ln_post.bias"])[0] @ p["proj"], all_s, all_w


def attention(x, q, count, m):
    """For each head: masked output, plain output, and the pairs of weight rows."""
    width = x.shape[1] // count
    qkv = x @ q["attn.in_proj_weight"].T + q["attn.in_proj_bias"]
    masked, plain, rows = [], [], []
    for h in range(count):
        query, key, value = (qkv[:, k * x.shape[1] + h * width :][:, :width] for k in range(3))
        a, b, pairs = np.zeros_like(value), np.zeros_like(value), []
        for i in range(len(x)):
            e = [exp(query[i] @ key[j] / sqrt(width)) for j in range(len(x))]
            with_mask = np.array([e[j] * m[j] for j in range(len(x))])
            pairs.append((with_mask / with_mask.sum(), np.array(e) / sum(e)))
            a[i], b[i] = pairs[-1][0] @ value, pairs[-1][1] @ value
        masked.append(a)
        plain.append(b)
        rows.append(pairs)
    return masked, plain, rows


def salient(masked, plain, rows, saliency, heads):
    """S: one value, or one a head."""
    if saliency == "weights":
        each = [np.mean([cosine(a, b) for a, b in pairs]) for pairs in rows]
    elif heads == "concat":
        a, b = np.concatenate(masked, axis=1), np.concatenate(plain, axis=1)
        return [np.mean([cosine(a[i], b[i]) for i in range(len(a))])]
    else:
        each = [np.mean([cosine(a[i], b[i]) for i in range(len(a))]) for a, b in zip(masked, plain, strict=False)]
    return each if heads == "per_head_separate" else [np.mean(each)]


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def norm(x, weight, bias):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * weight + bias


def gelu(v):
    return 0.5 * v * (1 + erf(v / sqrt(2)))
