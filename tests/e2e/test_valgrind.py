# SPDX-License-Identifier: GPL-2.0-or-later
"""The books of real programs, held against Valgrind's: equal to the block and the byte."""

import json
import os
import random
import subprocess

import pytest

import harness
import valgrind

ROWS = 100000
SQL = f"""
create table numbers(n integer primary key, name text);
with recursive counted(n) as (select 1 union all select n + 1 from counted where n < {ROWS})
    insert into numbers select n, 'row ' || n from counted;
create index by_name on numbers(name);
select count(*), sum(n) from numbers where name like '%7%';
"""
PYTHON = """
import json
for size in range(40):
    text = json.dumps({str(key): [key] * 3 for key in range(size)})
    assert len(json.loads(text)) == size
print(text)
"""
PERL = """
my %table;
$table{$_} = 'x' x ($_ % 50) for 1..20000;
my @sorted = sort { $a <=> $b } keys %table;
print scalar(@sorted), ' ', join(',', map { length $table{$_} } @sorted[0..9]), "\\n";
"""
GAWK = 'BEGIN { for (i = 0; i < 20000; i++) a[i] = "x" i; for (k in a) n += length(a[k]); print n, substr(a[7], 1) }'
BASH = """
for i in {1..200}; do list[i]="entry $i"; done
text=$(printf '%s\\n' "${list[@]}")
declare -A table; for i in {1..200}; do table[$i]=${list[i]//entry/item}; done
count() { local n=${#table[@]}; echo $((n + ${#text})); }
count
"""
GIT_ENV = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
COLLECTOR = valgrind.Exempt(
    32768, "xcalloc", "ggc_internal_alloc",
    "The compiler's collector has a table of 4096 pointers for every 16 MiB of addresses that "
    "its pages lie in. The pages come from mmap, which Valgrind answers with other addresses.")
REFUSED = valgrind.Convention(
    {"acquired_count": 1, "released_count": 1, "acquired_bytes": (1 << 62) - 1},
    "Valgrind counts a realloc before it tries: one that fails is a release and an acquisition, "
    "though the block stays what it was.")
CONVENTIONS = {"resize_refused": REFUSED}
CALLS = ("resize_null", "resize_zero", "resize_overflows", "resize_refused", "resize_steps", "resize_mapping", "resize_array",
         "resize_aligned", "aligned", "fails", "empty")


@pytest.fixture(name="records", scope="module")
def fixture_records(tmp_path_factory):
    """Some MB of JSON."""
    generator = random.Random(1)
    path = tmp_path_factory.mktemp("records") / "records.json"
    records = [{"id": i, "name": f"user {i}", "tags": ["a", "b", str(i % 7)], "score": generator.random()}
               for i in range(30000)]
    path.write_text("\n".join(map(json.dumps, records)) + "\n", encoding="ascii")
    assert path.stat().st_size > 2 << 20
    return str(path)


def commits(count):
    """A stream for git-fast-import: a history with fixed dates."""
    for i in range(count):
        text = "".join(f"line {line} of {i}\n" for line in range(i))
        yield (f"commit refs/heads/main\ncommitter A <a@example.org> {946684800 + i} +0000\ndata 3\nc{i % 10}\n"
               f"M 644 inline file{i % 7}\ndata {len(text)}\n{text}\n")


@pytest.fixture(name="repository")
def fixture_repository(tmp_path):
    path = str(tmp_path / "repository")
    env = {**valgrind.BASE, **GIT_ENV}
    subprocess.run([valgrind.tool("git"), "init", "-q", "-b", "main", path], env=env, check=True)
    subprocess.run([valgrind.tool("git"), "-C", path, "fast-import", "--quiet"], env=env, check=True,
                   input="".join(commits(150)).encode())
    return path


def test_jq(records, tmp_path):
    """Its frame pointers lead into its data, which must not fill the table of call sites."""
    ours = valgrind.check_parity([valgrind.tool("jq"), "-c", "select(.id % 1000 == 0) | [.name, .tags]", records], tmp_path)
    assert ours.books["acquired_count"] > 100000


def test_sqlite(tmp_path):
    ours = valgrind.check_parity([valgrind.tool("sqlite3"), ":memory:", SQL], tmp_path)
    assert ours.books["acquired_count"] > ROWS


def test_python(tmp_path):
    """The interpreter's own allocator aside, each object is a block."""
    env = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "LD_PRELOAD": harness.program_path("libident.so")}
    ours = valgrind.check_parity(["/usr/bin/python3", "-S", "-B", "-c", PYTHON], tmp_path, env)
    assert ours.books["acquired_count"] > 50000


def test_perl(tmp_path):
    env = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
    ours = valgrind.check_parity([valgrind.tool("perl"), "-e", PERL], tmp_path, env)
    assert ours.books["live_count"] > 100


def test_gawk(tmp_path):
    valgrind.check_parity([valgrind.tool("gawk"), GAWK], tmp_path)


def test_bash(tmp_path):
    """A shell that makes a child; its variable PPID is a text."""
    valgrind.check_parity([valgrind.tool("bash"), "--norc", "-c", BASH], tmp_path, spells_parent=True)


def test_git_log(repository, tmp_path):
    command = [valgrind.tool("git"), "-C", repository, "--no-pager", "log", "-p", "--stat"]
    ours = valgrind.check_parity(command, tmp_path, GIT_ENV)
    assert ours.books["acquired_count"] > 5000


def test_xz(records, tmp_path):
    valgrind.check_parity([valgrind.tool("xz"), "-T1", "-1", "-c", records], tmp_path)


def test_sort(records, tmp_path):
    valgrind.check_parity([valgrind.tool("sort"), "--parallel=1", "-S", "4M", "-r", records], tmp_path)


def test_containers(tmp_path):
    valgrind.check_parity([harness.program_path("valgrind_containers")], tmp_path)


def test_compiler(tmp_path):
    compiler = subprocess.run([valgrind.tool("gcc"), "-print-prog-name=cc1"], capture_output=True, text=True, check=True)
    if not os.path.isabs(compiler.stdout.strip()):
        pytest.skip("this gcc has no cc1")
    source = tmp_path / "source.c"
    source.write_text("int twice(int x) { return x + x; }\n")
    command = [compiler.stdout.strip(), "-quiet", "-O1", str(source), "-o", "/dev/null"]
    valgrind.check_parity(command, tmp_path, exempt=COLLECTOR)


@pytest.mark.parametrize("call", CALLS)
def test_conventions(call, tmp_path):
    """What counts as one allocation or one release, where opinions may differ."""
    valgrind.check_parity([harness.program_path("valgrind_calls"), call], tmp_path,
                          convention=CONVENTIONS.get(call))


def test_conventions_by_each_way_to_attach(attach, tmp_path):
    """A tail call (realloc to malloc, reallocarray to realloc) is seen to return twice."""
    for call in ("resize_null", "resize_array"):
        valgrind.check_parity([harness.program_path("valgrind_calls"), call], tmp_path, options=["--attach", attach])
