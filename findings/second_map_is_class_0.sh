#!/bin/sh
# transformers.js makes a semantic map of a model's logits by writing the best score so far over those of class 0, in the
# logits themselves. Asked again with the same logits (another size, another view, a score beside the map) every pixel is
# class 0: by then no class has more. With target_sizes the logits are copied first and stay. And its panoptic maps take
# the classes to fuse (`label_ids_to_fuse`) and fuse none, where Python's library gives the parts of such a class one id.
# Guess before: a function that reads logits leaves them, and both libraries say the same of the same logits.
# Seen with @huggingface/transformers 4.3.2 (Node.js 20), logits of four pixels whose classes are 0 1 2 1:
#   semantic: first [0, 1, 2, 1], second [0, 0, 0, 0], with sizes both times [0, 1, 2, 1]
#   panoptic, quarters of the classes 1 2 1 0, class 1 to fuse: ids 1 2 3 4 (in Python the third is 1)
# (Needs node and npm; downloads some 450 MB.)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/transformers@4.3.2
cat > ask.mjs <<'JS'
import assert from 'node:assert/strict';
import { MaskFormerImageProcessor, SegformerImageProcessor, Tensor } from '@huggingface/transformers';

const tensor = (numbers, shape) => new Tensor('float32', Float32Array.from(numbers), shape);
const classes = [0, 1, 2, 1];
const make = () => ({ logits: tensor([0, 1, 2].flatMap((k) => classes.map((c) => (c === k ? 5 : 0))), [1, 3, 2, 2]) });
const processor = new SegformerImageProcessor({ size: { height: 2, width: 2 } });
const read = (outputs, sizes) => Array.from(processor.post_process_semantic_segmentation(outputs, sizes)[0].segmentation.data);
const outputs = make();
const plain = [read(outputs, null), read(outputs, null)];
const others = make();
const sized = [read(others, [[2, 2]]), read(others, [[2, 2]])];
console.log('semantic', plain, 'with sizes', sized);
assert.deepEqual(plain, [classes, [0, 0, 0, 0]]);
assert.deepEqual(sized, [classes, classes]);

const quarters = [1, 2, 1, 0];
const queries = tensor(quarters.flatMap((c) => [0, 1, 2, 3].map((k) => (k === c ? 9 : 0))), [1, 4, 4]);
const masks = tensor([0, 1, 2, 3].flatMap((q) => [0, 1, 2, 3].map((pixel) => (pixel === q ? 9 : -9))), [1, 4, 2, 2]);
const found = new MaskFormerImageProcessor({ size: { height: 2, width: 2 } }).post_process_panoptic_segmentation(
    { class_queries_logits: queries, masks_queries_logits: masks }, 0.5, 0.5, 0.8, new Set([1]), [[2, 2]])[0];
const ids = Array.from(found.segmentation.data);
console.log('panoptic', ids, found.segments_info.map((one) => [one.id, one.label_id]));
assert.deepEqual(ids, [1, 2, 3, 4]);
JS
node ask.mjs
echo "as described"
