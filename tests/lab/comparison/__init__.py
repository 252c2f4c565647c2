"""Two collectors read the same loopback internet, and `hotpapers compare` compares their records.

collectors   a week with faults, read by two sites that started at different times and read in different ways
`python -m tests.lab.comparison` runs the week at full size and prints the results
"""
