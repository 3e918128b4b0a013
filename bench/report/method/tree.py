"""Section 3.4 as a picture: the tree of over-segments, which pairs were tested, and which of them became one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.report.blocklist import Blocklist
from bench.report.figures.style import figure_text
from bench.report.pictures.draw import choose_colour
from bench.text.escape import shorten_middle

if TYPE_CHECKING:
    from bench.run.explain import Explained

MERGED, FAILED, UNTESTED = "#009E73", "#D55E00", "#b8bcc4"
_KEY = {"alike: one segment": (MERGED, "-"), "tested: stay two": (FAILED, "--"), "not tested": (UNTESTED, ":")}
Place = tuple[float, float]


def draw_tree(axes: Axes, told: Explained, hide: Blocklist) -> None:
    """Draw the tree with the similarity of every tested pair; below it each leaf in its colour, with its text."""
    leaves = told.tree.heap_ids
    decided = {decision.parent: decision for decision in told.merged.decisions}
    places = place_nodes(leaves)
    small = 8.0 if len(leaves) <= 25 else 5.5
    for node in (node for node in places if node not in leaves):
        one = decided.get(node)
        colour, line = (UNTESTED, ":") if one is None else (MERGED, "-") if one.merged else (FAILED, "--")
        x, y = places[node]
        for child in (places[2 * node + 1], places[2 * node + 2]):
            axes.plot([x, child[0], child[0]], [y, y, child[1]], color=colour, linestyle=line, linewidth=1.8, zorder=1)
        if one is not None:
            axes.text(x, y - 0.1, f"{one.similarity:.2f}", ha="center", va="top", fontsize=small, color=colour)
    for at, (leaf, text) in enumerate(zip(leaves, told.captions.texts, strict=True)):
        x, y = places[leaf]
        shade = tuple(part / 255 for part in choose_colour(at))
        size = 70 if len(leaves) <= 25 else 26
        axes.scatter([x], [y], s=size, color=[shade], edgecolors="black", marker="s", linewidths=0.6, zorder=2)
        axes.text(x, y - 0.3, figure_text(shorten_middle(hide.hide(text), 22)), rotation=-38, ha="left", va="top",
                  fontsize=small, rotation_mode="anchor")  # fmt: skip
    threshold = told.facts["threshold"]
    rule = f": similarity ≥ {threshold}" if threshold else ""
    title = f"6  Siblings whose embeddings and texts are alike become one (3.4){rule}\n{told.facts['merge']}"
    axes.set_title(title, fontsize=10.5, fontweight="bold", loc="left")
    marks = [Line2D([], [], color=colour, linestyle=line) for colour, line in _KEY.values()]
    axes.legend(marks, list(_KEY), fontsize=8.5, frameon=False, loc="upper right", ncols=3, bbox_to_anchor=(1, 1.13))
    low = min(y for _, y in places.values())
    axes.set_ylim(low - 1.9, 0.3)
    axes.set_xlim(-0.8, max(len(leaves), 2) + 0.6)
    axes.set_axis_off()


def place_nodes(leaves: tuple[int, ...]) -> dict[int, Place]:
    """Place the nodes of a heap-numbered tree: leaves beside each other, parents above the middle of their children.

    Leaves stand in the order of the tree, however they are listed, so that no two lines cross.
    """
    alive = {above for leaf in leaves for above in _walk_up(leaf)}
    ordered = sorted(leaves, key=_read_path)
    places: dict[int, Place] = {leaf: (float(at), -float(_count_depth(leaf))) for at, leaf in enumerate(ordered)}
    for node in sorted(alive - set(leaves), reverse=True):  # children have larger numbers than their parents
        x = (places[2 * node + 1][0] + places[2 * node + 2][0]) / 2
        places[node] = (x, -float(_count_depth(node)))
    return places


def _walk_up(node: int) -> list[int]:
    return [node] if node == 0 else [node, *_walk_up((node - 1) // 2)]


def _count_depth(node: int) -> int:
    return (node + 1).bit_length() - 1


def _read_path(node: int) -> tuple[bool, ...]:
    """The way from the root down to a node: False to the first child, True to the second."""
    return tuple(above % 2 == 0 for above in reversed(_walk_up(node)[:-1]))
