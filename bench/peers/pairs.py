"""Two commands in turn, A B A B, warm: the median of the pairs' ratios (A's time over B's) and both medians.

    pairs.py CORES PAIRS -- A... -- B..."""
import statistics
import subprocess
import sys
import time


def seconds(command):
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main():
    cores, pairs, first, *rest = sys.argv[1:]
    assert first == "--"
    middle = rest.index("--")
    pin = ["taskset", "-c", cores]
    a, b = pin + rest[:middle], pin + rest[middle + 1 :]
    seconds(a), seconds(b)
    times = [(seconds(a), seconds(b)) for _ in range(int(pairs))]
    print(
        "%.2f %.2f %.2f"
        % (
            statistics.median(x / y for x, y in times),
            statistics.median(x for x, _ in times),
            statistics.median(y for _, y in times),
        )
    )


main()
