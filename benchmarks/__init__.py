"""What the product costs, as ratios to a floor that is measured beside it in the same run.

`python -m benchmarks` prints the table. A ratio holds on any machine, a time only on this one.
"""
