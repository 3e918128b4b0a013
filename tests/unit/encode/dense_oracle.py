"""The dense variants in plain loops and float64, written from the papers; shares no code with the encoders."""

from math import exp, sqrt

import numpy as np

from tests.unit.encode.loop_oracle import gelu, norm


def follow(visual, pixels):
    """The weights of each layer, and the tokens that enter each layer and, last, leave the tower."""
    state = {name: value.double().numpy() for name, value in visual.state_dict().items()}
    depth = len(visual.transformer.resblocks)
    layers = [
        {k.split(f"resblocks.{i}.")[1]: v for k, v in state.items() if f"resblocks.{i}." in k} for i in range(depth)
    ]
    tokens = [visual._embeds(pixels).double().numpy()[0]]
    for p in layers:
        x, heads = tokens[-1], visual.transformer.resblocks[0].attn.num_heads
        q, k, v = split(x, p, heads)
        tokens.append(finish(x, join([weigh(q[h], k[h]) @ v[h] for h in range(heads)], p), p))
    return state, layers, tokens


def split(x, p, heads):
    """Queries, keys, values: for each a list of [T, D], one a head."""
    packed = norm(x, p["ln_1.weight"], p["ln_1.bias"]) @ p["attn.in_proj_weight"].T + p["attn.in_proj_bias"]
    width, dim = x.shape[1], x.shape[1] // heads
    return [[packed[:, part * width + h * dim :][:, :dim] for h in range(heads)] for part in range(3)]


def weigh(a, b, scale=None, added=None):
    """Rows of weights exp(a b scale + added) / their sum."""
    scale = 1 / sqrt(a.shape[1]) if scale is None else scale
    rows = np.zeros((len(a), len(b)))
    for i in range(len(a)):
        logits = [float(a[i] @ b[j]) * scale + (0 if added is None else added[i][j]) for j in range(len(b))]
        rows[i] = [exp(logit - max(logits)) for logit in logits]
        rows[i] /= sum(rows[i])
    return rows


def join(heads, p):
    """The heads side by side, through the output projection."""
    return np.concatenate(heads, axis=1) @ p["attn.out_proj.weight"].T + p["attn.out_proj.bias"]


def finish(x, update, p):
    """Residual and MLP."""
    x = x + update
    hidden = norm(x, p["ln_2.weight"], p["ln_2.bias"]) @ p["mlp.c_fc.weight"].T + p["mlp.c_fc.bias"]
    return x + np.vectorize(gelu)(hidden) @ p["mlp.c_proj.weight"].T + p["mlp.c_proj.bias"]


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def compute_tokens(variant, visual, pixels, grid, start_layer, **options):
    """What leaves the tower in place of its tokens: [T, w]."""
    _, layers, tokens = follow(visual, pixels)
    heads, p, x = visual.transformer.resblocks[0].attn.num_heads, layers[-1], tokens[-2]
    q, k, v = split(x, p, heads)
    each = range(heads)
    if variant == "maskclip":
        return finish(x, join(v, p), p)
    if variant == "sclip":
        return finish(x, join([(weigh(q[h], q[h]) + weigh(k[h], k[h])) @ v[h] for h in each], p), p)
    if variant == "clearclip":
        return join([weigh(q[h], q[h]) @ v[h] for h in each], p)
    if variant == "naclip":
        places = [(r, c) for r in range(grid[0]) for c in range(grid[1])]
        near = np.zeros((len(x), len(x)))
        for i, (r, c) in enumerate(places):
            for j, (s, d) in enumerate(places):
                near[1 + i, 1 + j] = exp(-((r - s) ** 2 + (c - d) ** 2) / (2 * options["std"] ** 2))
        return join([weigh(k[h], k[h], added=near) @ v[h] for h in each], p)
    if variant == "proxyclip":
        return join([np.concatenate([v[h][:1], options["weights"] @ v[h][1:]]) for h in each], p)
    found = tokens[start_layer - 1]
    for p, x in zip(layers[start_layer - 1 :], tokens[start_layer - 1 : -1], strict=True):
        q, k, v = split(x, p, heads)
        found = found + join([second_path(variant, x, p, q[h], k[h], v[h], **options) for h in each], p)
    return found


def second_path(variant, x, p, q, k, v, iterations=1):
    """One head of the second path of CLIP Surgery or of GEM."""
    if variant == "surgery":
        return weigh(v, v) @ v
    lengths = np.linalg.norm(norm(x, p["ln_1.weight"], p["ln_1.bias"]), axis=1)
    sharp, outputs = lengths.mean() / sqrt(v.shape[1]), []
    for own in (q, k, v):
        for _ in range(iterations):
            own = weigh(unit(own), unit(own), sharp) @ unit(own)
        outputs.append(weigh(unit(own), unit(own), sharp) @ v)
    return sum(outputs) / 3


def pool(visual, tokens, share):
    """The mean of unit patch embeddings, weighed by the share of each patch; all alike where none has any."""
    state = {name: value.double().numpy() for name, value in visual.state_dict().items()}
    patches = unit(norm(tokens[1:], state["ln_post.weight"], state["ln_post.bias"]) @ state["proj"])
    share = np.asarray(share) if sum(share) else np.ones(len(share))
    return sum(w * row for w, row in zip(share, patches, strict=True)) / share.sum()


def mask_token(visual, pixels, share, start_layer):
    """A class token from `start_layer` on that attends to the class token and to touched patches; nothing to it."""
    state, layers, tokens = follow(visual, pixels)
    heads = visual.transformer.resblocks[0].attn.num_heads
    seen = [0] + [1 + i for i, part in enumerate(share) if part > 0]
    own = tokens[start_layer - 1][:1]
    for p, x in zip(layers[start_layer - 1 :], tokens[start_layer - 1 : -1], strict=True):
        asked, (_, k, v) = split(own, p, heads)[0], split(x, p, heads)
        own = finish(own, join([weigh(asked[h], k[h][seen]) @ v[h][seen] for h in range(heads)], p), p)
    return norm(own, state["ln_post.weight"], state["ln_post.bias"])[0] @ state["proj"]
