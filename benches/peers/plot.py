#!/usr/bin/env python3
"""Draws panels of curves into one SVG file, in the look that the pictures of measurements share.

    python3 benches/peers/plot.py FIGURES.json OUT.svg

FIGURES.json is an object with a list `panels`, and a `title` where the file is to have one for screen readers.
A panel is an object:

    title   what stands above it
    x, y    the labels of its axes
    log     [x, y], whether an axis is logarithmic ([false, false])
    ticks   [x, y], where an axis has its ticks; null, or nothing, to leave the choice to the program
    units   [x, y], such as "s" or "B", for ticks like 20 ms or 1 GB; null, or nothing, for bare numbers
    series  [{"name", "x": [..], "y": [..], "style"}]: a null in `y` is a gap. `style` may be left out; its fields
            `color`, `linestyle`, `linewidth`, `marker`, `markersize`, `alpha` are those of matplotlib
    marks   [{"x", "y", "text", "align"}]: words at a point, in the units of the axes; `align` (left, center or
            right) says which part of the words the point is at, and is chosen where it is left out

Series of one name have one colour in all panels. The same panels give the same bytes with the same matplotlib: no
date, no random names, and text as paths in a font that comes with matplotlib.
"""

import json
import math
import sys
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

# Of Okabe and Ito, whom colour-blind readers thank; the blue is that of the demo's picture.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"]
INK, FAINT = "#24292f", "#d8dee4"
# Inches: panels beside each other fill the width of a page of text, where they get by on it.
WIDTH, ONE_WIDTH, HEIGHT, COLUMNS = 9.2, 5.5, 3.4, 3
STYLES = {"color", "linestyle", "linewidth", "marker", "markersize", "alpha"}
LOOK = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "sumcast",
}


class Malformed(Exception):
    """Says what is wrong with a description of panels."""


def number(value, suffixes):
    """A tick's label: 0.01, 10, 1,000, and 1k or 1M where an axis has room for little else."""
    if suffixes and abs(value) >= 1000:
        return with_unit(value, "").replace(" ", "")
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def with_unit(value, unit):
    """A tick's label with a unit: 20 ms, 1 GB."""
    for prefix, size in (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1), ("m", 1e-3), ("\N{MICRO SIGN}", 1e-6)):
        # The logarithm is not exact: 0.001 may come as a little less.
        if abs(value) >= size * (1 - 1e-9):
            break
    return f"{value / size:.6g} {prefix}{unit}" if value else f"0 {unit}"


def checked(panels):
    """The panels, or an exception that says which field of which panel is wrong."""
    if not isinstance(panels, list) or not panels:
        raise Malformed("`panels` must be a list of at least one panel")
    for i, panel in enumerate(panels):
        where = f"panels[{i}]"
        if not isinstance(panel, dict):
            raise Malformed(f"{where} is no object")
        for key in ("title", "x", "y", "series"):
            if key not in panel:
                raise Malformed(f"{where} has no `{key}`")
        for series in panel["series"]:
            name = series.get("name")
            if name is None:
                raise Malformed(f"a series of {where} has no `name`")
            if len(series.get("x", [])) != len(series.get("y", [])):
                raise Malformed(f"{where}, series {name!r}: `x` and `y` differ in length")
            unknown = series.get("style", {}).keys() - STYLES
            if unknown:
                raise Malformed(f"{where}, series {name!r}: no such style: {', '.join(sorted(unknown))}")
            for axis, log in zip("xy", panel.get("log", (False, False))):
                if log and any(value is not None and value <= 0 for value in series[axis]):
                    raise Malformed(f"{where}, series {name!r}: a logarithmic axis has no {axis} of 0 or less")
    return panels


def set_axis(axis, log, ticks, unit):
    """Scale, ticks and labels of one axis, whose limits are those of the data."""
    low, high = axis.get_view_interval()
    if ticks:
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
    elif log:
        # One decade after another, and what lies between where there are few of them.
        few = math.log10(high / low) < 1.6
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=15))
    if log or ticks:
        axis.set_minor_formatter(NullFormatter())
    label = (lambda value: with_unit(value, unit)) if unit else (lambda value: number(value, high >= 1e5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: label(value)))


def draw_panel(axes, panel, colours):
    axes.set_title(panel["title"], pad=10)
    axes.set_xlabel(panel["x"])
    axes.set_ylabel(panel["y"])
    log = panel.get("log", (False, False))
    axes.set_xscale("log" if log[0] else "linear")
    axes.set_yscale("log" if log[1] else "linear")
    for series in panel["series"]:
        y = [math.nan if value is None else value for value in series["y"]]
        style = {"marker": "o", "markersize": 5, "linewidth": 2, "color": colours[series["name"]]}
        axes.plot(series["x"], y, label=series["name"], clip_on=False, **style | series.get("style", {}))
    marks = panel.get("marks", [])
    if marks:
        axes.update_datalim([(mark["x"], mark["y"]) for mark in marks])
        axes.autoscale_view()
    ticks, units = (panel.get(key) or (None, None) for key in ("ticks", "units"))
    set_axis(axes.xaxis, log[0], ticks[0], units[0])
    set_axis(axes.yaxis, log[1], ticks[1], units[1])
    axes.grid(which="major")
    for mark in marks:
        across = axes.transLimits.transform(axes.transScale.transform((mark["x"], mark["y"])))[0]
        align = mark.get("align") or ("left" if across < 0.35 else "right" if across > 0.65 else "center")
        shift = {"left": 8, "center": 0, "right": -8}[align]
        axes.annotate(
            mark["text"],
            (mark["x"], mark["y"]),
            xytext=(shift, 7 if align == "center" else 0),
            textcoords="offset points",
            ha=align,
            va="bottom" if align == "center" else "center",
            fontsize=9,
            linespacing=1.3,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def draw(path_svg, panels, title=None):
    """Draws `panels`, described above, into the file `path_svg`; `title` is for those who cannot see it."""
    panels = checked(panels)
    names = list(dict.fromkeys(series["name"] for panel in panels for series in panel["series"]))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    # Four are two above two.
    columns = 2 if len(panels) == 4 else min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(LOOK)
        size = (WIDTH if columns > 1 else ONE_WIDTH, HEIGHT * rows)
        figure = Figure(size, layout="constrained", facecolor="white")
        figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1, wspace=0.04)
        for i, panel in enumerate(panels):
            axes = figure.add_subplot(rows, columns, i + 1)
            draw_panel(axes, panel, colours)
            # Where all panels have the same series, the first says which is which.
            told = {series["name"] for series in panels[0]["series"]}
            if len(panel["series"]) > 1 and (i == 0 or {series["name"] for series in panel["series"]} - told):
                # More than a few would lie on the curves.
                below = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.2), "ncols": 2}
                axes.legend(handlelength=1.6, **below if len(panel["series"]) > 4 else {"loc": "best"})
        metadata = {"Date": None, "Creator": None} | ({"Title": title} if title else {})
        figure.savefig(path_svg, format="svg", metadata=metadata)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: plot.py FIGURES.json OUT.svg")
    source, target = map(Path, sys.argv[1:])
    try:
        figures = json.loads(source.read_text())
        if not isinstance(figures, dict):
            raise Malformed("it must hold one object")
        draw(target, figures.get("panels"), figures.get("title"))
    except (OSError, ValueError, Malformed) as error:
        sys.exit(f"plot.py: {source}: {error}")


if __name__ == "__main__":
    main()
