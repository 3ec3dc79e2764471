"""A line chart as SVG, for the documents: one function, no library."""
import html
import math

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 150, 34, 46
COLOURS = ("#1f77b4", "#d2691e", "#2e8b57", "#8a4fbf", "#b22222", "#555555")


def chart(title, x_name, y_name, series, x_log=True, y_log=False):
    """-> SVG. series: {name: ([(x, y), ...], "line" | "points")}; a log axis needs values above 0."""
    points = [point for values, _ in series.values() for point in values]
    x_scale = scale([x for x, _ in points], x_log, LEFT, WIDTH - RIGHT)
    y_scale = scale([y for _, y in points] + ([] if y_log else [0]), y_log, HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
             'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>',
             text(LEFT, 16, title, 'font-weight="bold" font-size="12"'),
             text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_name, 'text-anchor="middle"'), text(6, TOP - 6, y_name)]
    for value, place in ticks(x_scale, x_log):
        parts.append(line(place, TOP, place, HEIGHT - BOTTOM) + text(place, HEIGHT - BOTTOM + 15, short(value), 'text-anchor="middle"'))
    for value, place in ticks(y_scale, y_log):
        parts.append(line(LEFT, place, WIDTH - RIGHT, place) + text(LEFT - 5, place + 4, short(value), 'text-anchor="end"'))
    for number, (name, (values, form)) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [(x_scale[2](x), y_scale[2](y)) for x, y in values]
        if form == "line":
            parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.8" points="'
                         + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>')
        else:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        y = TOP + 8 + 16 * number
        parts.append(f'<rect x="{WIDTH - RIGHT + 10}" y="{y - 8}" width="9" height="9" fill="{colour}"/>' + text(WIDTH - RIGHT + 24, y, name))
    return "\n".join([*parts, "</svg>", ""])


def scale(values, is_log, begin, end):
    """-> least, most, function from a value to its place"""
    least, most = min(values), max(values)
    if is_log:
        least, most = 10 ** math.floor(math.log10(least)), 10 ** math.ceil(math.log10(most))
        return least, most, lambda v: begin + (end - begin) * math.log10(v / least) / max(math.log10(most / least), 1e-9)
    step = step_of(most - least)
    least, most = math.floor(least / step) * step, math.ceil(most / step) * step
    return least, most, lambda v: begin + (end - begin) * (v - least) / max(most - least, 1e-9)


def step_of(length):
    power = 10 ** math.floor(math.log10(max(length, 1e-9)))
    return next(power * part for part in (0.2, 0.5, 1, 2) if length / (power * part) <= 6)


def ticks(axis, is_log):
    least, most, place = axis
    if is_log:
        values = [10.0 ** power for power in range(round(math.log10(least)), round(math.log10(most)) + 1)]
    else:
        step = step_of(most - least)
        values = [least + step * i for i in range(round((most - least) / step) + 1)]
    return [(value, place(value)) for value in values]


def short(value):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:.3g}"


def text(x, y, words, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{html.escape(words)}</text>'


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'
