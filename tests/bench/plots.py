"""Draws the rounds of a subject: how far each case is from its bound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.bench.harness import Figure


def draw(subject: str, title: str, figures: Sequence[Figure], folder: Path) -> Path:
    """Write the plot of a subject's figures as a PNG, and return where it is.

    Where there are bounds, each case is shown in parts of its own: their floors have many units.
    """
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot

    bounded = [each for each in figures if each.most or each.least]
    shown = bounded or figures
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.45 * len(shown)))
    axes.boxplot(
        [[_part(each, ratio) for ratio in _ratios(each)] for each in shown],
        vert=False,
        widths=0.6,
        medianprops={'color': 'black'},
        showfliers=False,
    )
    axes.set_yticks(range(1, len(shown) + 1), [each.what for each in shown])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    if bounded:
        axes.axvline(1, color='crimson', linewidth=2)
    axes.set_xlabel('parts of the bound, which is red' if bounded else 'times the floor')
    axes.set_title(title)
    figure.tight_layout()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{subject}.png'
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path


def _part(figure: Figure, ratio: float) -> float:
    """Return what part of its bound a ratio is; more than one is too much."""
    if figure.least:
        return figure.least / ratio
    return ratio / (figure.most or 1)


def _ratios(figure: Figure) -> list[float]:
    """Return the ratio of each round; what has no floor is its own."""
    if len(figure.floors) != len(figure.values) or not figure.floors:
        return [figure.ratio]
    return [a / b for a, b in zip(figure.values, figure.floors, strict=True)]
