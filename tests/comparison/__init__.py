"""Two collectors that read the same loopback internet, and how `hotpapers compare` compares their records.

collectors   a week with faults, read by two sites that began at different moments and read in different ways
`python -m tests.comparison` runs the week at full size and prints the comparison's figures
"""
