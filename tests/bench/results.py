# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was measured, round by round, and what it comes to."""
import collections
import statistics


class Results:
    """Values by figure, column and round. A ratio is that of two values of one round."""

    def __init__(self):
        self.values = collections.defaultdict(dict)

    def add(self, key, column, number, value):
        self.values[key, column][number] = value

    def columns(self):
        return list(dict.fromkeys(column for _, column in self.values))

    def of(self, key, column="stunfwd"):
        return list(self.values.get((key, column), {}).values())

    def median(self, key, column="stunfwd"):
        values = self.of(key, column)
        return statistics.median(values) if values else None

    def ratio(self, key, column):
        """The median of the rounds' ratios to that column."""
        ours, theirs = self.values.get((key, "stunfwd"), {}), self.values.get((key, column), {})
        ratios = [ours[number] / theirs[number] for number in ours if theirs.get(number)]
        return statistics.median(ratios) if ratios else None

    def meets(self, key, goals):
        """Whether all goals are met; None where one cannot be told."""
        met = [goal.met(self.ratio(key, goal.of) if goal.of else self.median(key))
               for goal in goals]
        return None if None in met or not met else all(met)

    def verdict(self, figure):
        """`aim`, `yes` when only what it should reach is met, `no`, or nothing to tell."""
        if self.meets(figure.key, figure.aim):
            return "aim"
        return {True: "yes", False: "no", None: "–"}[self.meets(figure.key, figure.reach)]
