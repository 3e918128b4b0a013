#!/bin/sh
# An open_clip text tower pools a text at its largest id (`argmax`, for CLIP's end token is the last of its vocabulary) or
# at its end token (`eos`, for other vocabularies). Every tower has an end token for that, `text_eos_id`, and where a
# config states none it is 2, whatever the tokenizer's is: 49407 for CLIP's own. No text holds a 2, so with `eos` each is
# pooled at its first token, the start: all texts have one embedding, without a word.
# Guessed was that both ways give the same embeddings with CLIP's own tokenizer, and that `text_eos_id` is its end token.
# Seen with open_clip 3.3.0 (torch 2.15.0), random weights, three texts:
#   argmax: cosines of different texts are 0.36 to 0.59
#   the tokenizer's end token is 49407, the model's 2
#   eos: cosines of different texts are 1.00 to 1.00
# (Downloads torch, unless one of this version is on PYTHONPATH.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 torchvision==0.29.2 \
    open_clip_torch==3.3.0 numpy==2.4.6
cd "$folder"
venv/bin/python - 2>/dev/null <<'PYTHON'
import open_clip
import torch

tokenizer = open_clip.get_tokenizer("ViT-B-32")
texts = tokenizer(["a cat", "two boats on a lake", "grass"])
assert (texts == tokenizer.eot_token_id).sum(dim=1).tolist() == [1, 1, 1] and not (texts == 2).any()


def embed(pooling):
    config = open_clip.get_model_config("ViT-B-32")
    text = config["text_cfg"] | {"layers": 2, "pool_type": pooling}
    torch.manual_seed(0)
    model = open_clip.CLIP(**config | {"vision_cfg": config["vision_cfg"] | {"layers": 1}, "text_cfg": text}).eval()
    with torch.inference_mode():
        features = model.encode_text(texts, normalize=True)
    cosines = (features @ features.T)[torch.triu_indices(3, 3, 1).unbind()]
    print(f"{pooling}: cosines of different texts are {cosines.min():.2f} to {cosines.max():.2f}")
    return model.text_eos_id, float(cosines.min()), float(cosines.max())


end, _, alike = embed("argmax")
print(f"the tokenizer's end token is {tokenizer.eot_token_id}, the model's {end}")
assert end == 2 != tokenizer.eot_token_id and alike < 0.9
assert embed("eos")[1] > 0.9999
print("as described")
PYTHON
