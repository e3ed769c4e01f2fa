# SPDX-License-Identifier: GPL-2.0-or-later
"""Full speed for a long time, with forks, execs, threads and libraries: equal to the byte, and leaktrace does not grow.

LEAKTRACE_LONG=1: for ten minutes; SOAK_SECONDS says another time.
"""

import collections
import os
import tempfile
import threading
import time

import harness

SECONDS = int(os.environ.get("SOAK_SECONDS", "600" if harness.LONG else "10"))
# A row of the report for each process, with its call sites.
BYTES_PER_PROCESS = 32 << 10
GROWTH_BYTES = 2 << 20
EXACT = ("main", "fork", "exec")
NAMES = ("acquired_count", "acquired_bytes", "released_count", "released_bytes")


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sample(process, samples, begun):
    while process.poll() is None:
        try:
            samples.append((time.monotonic() - begun, resident_bytes(process.pid)))
        except OSError:
            break
        time.sleep(0.5)


def books_of(text):
    books = collections.defaultdict(list)
    for line in text.splitlines():
        word, pid, what, acquired, count, size, released, released_count, released_bytes = line.split()
        assert (word, acquired, released) == ("books", "acquired", "released")
        books[what].append((int(pid), tuple(map(int, (count, size, released_count, released_bytes)))))
    return books


def totals_of(process):
    """Without the loader's vector of each thread, which nobody frees."""
    totals = process["totals"]["heap"]
    sites = harness.live_sites(process)
    vectors = [sum(sites[name][i] for name in sites if name.startswith("@ld-linux")) for i in (0, 1)]
    own = [totals[name] for name in NAMES]
    return (own[0] - vectors[0], own[1] - vectors[1], *own[2:])


def grown(samples, first, last):
    """By how much the resident set grew between two moments, by the medians around them."""
    def around(moment):
        near = sorted(size for at, size in samples if abs(at - moment) <= SECONDS / 20)
        return near[len(near) // 2]
    return around(last) - around(first)


def test_soak():
    forks_s = SECONDS // 2 if harness.LONG else SECONDS
    samples = []
    with harness.Scratch() as report, tempfile.TemporaryFile() as output:
        begun = time.monotonic()
        tracer = harness.start([harness.LEAKTRACE, "--kinds", "heap", "--json", report, "--top", "0", "--",
                                harness.program_path("soak"), str(SECONDS), str(forks_s)], stdout=output,
                               stderr=tempfile.TemporaryFile())
        sampler = threading.Thread(target=sample, args=(tracer, samples, begun))
        sampler.start()
        status, _, _ = harness.finish(tracer, SECONDS + 120)
        sampler.join()
        output.seek(0)
        books = books_of(harness.decode(output.read()))
        data = harness.load_report(report)
    assert status == 0
    processes = data["processes"]
    losses = {name: count for name, count in data["losses"].items() if count}
    # What threads give back from their caches was released before.
    losses.pop("releases_unmatched", None)
    figures = {what: len(rows) for what, rows in books.items()}
    print(f"soak: {SECONDS} s, {len(processes)} images, {figures}, main {books['main']}, losses {losses}, resident set "
          f"{samples[0][1] >> 10} kB at first, {max(size for _, size in samples) >> 10} kB at most")
    assert losses == {}
    found = collections.Counter((process["pid"], totals_of(process)) for process in processes)
    missing = collections.Counter(row for what in EXACT for row in books[what]) - found
    assert not missing, (missing, {pid: [row for row in found if row[0] == pid] for pid, _ in missing})
    # Libraries allocate beside: never less than the program itself.
    by_pid = collections.defaultdict(list)
    for process in processes:
        by_pid[process["pid"]].append(process["totals"]["heap"]["acquired_count"])
    for what in set(books) - set(EXACT):
        for pid, row in books[what]:
            assert max(by_pid[pid]) >= row[0], (what, pid, row)
    if harness.LONG:
        forking, quiet = grown(samples, SECONDS * 0.1, SECONDS * 0.45), grown(samples, SECONDS * 0.55, SECONDS * 0.95)
        print(f"soak: grew by {forking >> 10} kB with {len(processes)} images, by {quiet >> 10} kB without any")
        assert forking <= len(processes) * BYTES_PER_PROCESS
        assert quiet <= GROWTH_BYTES
