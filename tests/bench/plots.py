"""Draws the rounds of a subject: each case's ratios, and how far they may go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.bench.harness import Figure


def draw(subject: str, title: str, figures: Sequence[Figure], folder: Path) -> Path:
    """Write the plot of a subject's figures as a PNG, and return where it is."""
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.45 * len(figures)))
    names = [each.what for each in figures]
    ratios = [_ratios(each) for each in figures]
    axes.boxplot(ratios, vert=False, widths=0.6, medianprops={'color': 'black'})
    for row, each in enumerate(figures, 1):
        bound = each.most if each.most is not None else each.least
        if bound is not None:
            axes.plot([bound, bound], [row - 0.4, row + 0.4], color='crimson', linewidth=2)
    axes.set_yticks(range(1, len(names) + 1), names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel('times its floor; red: the bound')
    axes.set_title(title)
    figure.tight_layout()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{subject}.png'
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path


def _ratios(figure: Figure) -> list[float]:
    """Return the ratio of each round; what has no floor is its own."""
    if len(figure.floors) != len(figure.values) or not figure.floors:
        return [figure.ratio]
    return [a / b for a, b in zip(figure.values, figure.floors, strict=True)]
