# SPDX-License-Identifier: Apache-2.0
"""From what each scenario was seen to pass, every case there is."""

import lab


def spread(count, most):
    """At most `most` of the numbers 1 to `count`: the first, the last, and some between."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(i * (count - 1) / (most - 1)) for i in range(most)}) if most > 1 else [1]


def make_matrix(reached, actions, most_passages):
    """`reached`: scenario -> point -> how often it is passed."""
    return [lab.Case(scenario, point, action, passage)
            for scenario, points in reached.items()
            for point, count in points.items()
            for passage in spread(count, most_passages)
            for action in actions]


def never_reached(names, reached):
    seen = {point for points in reached for point in points}
    return [name for name in names if name not in seen]
