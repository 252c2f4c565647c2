"""Two collectors beside one loopback internet, and what `hotpapers compare` makes of what they hold.

collectors   a week with faults, lived through by two sites that began at different moments and read in two ways
`python -m tests.comparison` lives through the week at full size and prints the comparison's figures
"""
