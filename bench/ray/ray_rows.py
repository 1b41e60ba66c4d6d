"""The rows of Ray's own microbenchmark on Python Ray, for the column beside wasmray's.

Prints one JSON object a line: {"version": …} first, then {"row": …, "mean": …, "deviation": …} for each row,
or a single {"missing": "reason"} if Ray cannot be imported.
"""

import argparse
import json
import statistics
import sys
import time


def say(**message):
    print(json.dumps(message), flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="", help="names of rows, separated by ';' (default: all)")
    parser.add_argument("--cpus", type=int, default=None, help="num_cpus of ray.init")
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds of warm-up for each row")
    parser.add_argument("--rounds", type=int, default=4, help="timed rounds for each row")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of a round, at least")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds of rest before each row")
    return parser.parse_args()


def time_row(name, call, count, options):
    """Warm up, then the mean of the rounds; the clock is read once for a tenth of a round's calls."""
    time.sleep(options.pause)
    started = time.perf_counter()
    calls = 0
    while calls == 0 or time.perf_counter() - started < options.warm_up:
        call()
        calls += 1
    step = calls // 10 + 1
    rates = []
    for _ in range(options.rounds):
        started = time.perf_counter()
        calls = 0
        while calls == 0 or time.perf_counter() - started < options.seconds:
            for _ in range(step):
                call()
            calls += step
        rates.append(count * calls / (time.perf_counter() - started))
    say(row=name, mean=statistics.fmean(rates), deviation=statistics.pstdev(rates))


def prepare_rows(ray, numpy):
    """Pairs of a name and a function that prepares the row: it returns the call to time and what a call counts for."""

    @ray.remote
    def small_value():
        return b"ok"

    @ray.remote
    def put_small():
        for _ in range(100):
            ray.put(0)

    @ray.remote
    def put_large():
        for _ in range(10):
            ray.put(numpy.zeros(10 * 1024 * 1024, dtype=numpy.int64))

    @ray.remote
    def create_object_containing_refs():
        return [ray.put(1) for _ in range(10000)]

    @ray.remote(num_cpus=0)
    class Submitter:
        def submit(self, count):
            ray.get([small_value.remote() for _ in range(count)])

    def get():
        value = ray.put(0)
        return lambda: ray.get(value), 1

    def put_gigabytes():
        array = numpy.zeros(100 * 1024 * 1024, dtype=numpy.int64)
        return lambda: ray.put(array), 0.8

    def tasks(count):
        return lambda: (lambda: ray.get([small_value.remote() for _ in range(1000)]), count)

    def get_refs():
        container = create_object_containing_refs.remote()
        return lambda: ray.get(container), 1

    def wait():
        def call():
            pending = [small_value.remote() for _ in range(1000)]
            fetch_local = True
            while pending:
                _, pending = ray.wait(pending, fetch_local=fetch_local)
                fetch_local = False

        return call, 1

    def multi_tasks():
        submitters = [Submitter.remote() for _ in range(4)]
        return lambda: ray.get([submitter.submit.remote(10000) for submitter in submitters]), 40000

    return [
        ("single client get calls (Plasma Store)", get),
        ("single client put calls (Plasma Store)", lambda: (lambda: ray.put(0), 1)),
        (
            "multi client put calls (Plasma Store)",
            lambda: (lambda: ray.get([put_small.remote() for _ in range(10)]), 1000),
        ),
        ("single client put gigabytes", put_gigabytes),
        (
            "multi client put gigabytes",
            lambda: (lambda: ray.get([put_large.remote() for _ in range(10)]), 8),
        ),
        ("single client tasks and get batch", tasks(1)),
        ("single client get object containing 10k refs", get_refs),
        ("single client wait 1k refs", wait),
        ("single client tasks sync", lambda: (lambda: ray.get(small_value.remote()), 1)),
        ("single client tasks async", tasks(1000)),
        ("multi client tasks async", multi_tasks),
    ]


def main():
    options = parse()
    try:
        import ray
        import numpy
    except ImportError as error:
        say(missing=str(error))
        return
    ray.init(num_cpus=options.cpus, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    say(version=ray.__version__, python=sys.version.split()[0])
    wanted = [name for name in options.rows.split(";") if name]
    for name, prepare in prepare_rows(ray, numpy):
        if wanted and name not in wanted:
            continue
        call, count = prepare()
        time_row(name, call, count, options)
    ray.shutdown()


if __name__ == "__main__":
    main()
