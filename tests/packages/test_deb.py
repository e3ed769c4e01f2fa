# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package, unpacked into a folder: all is where it is looked for, and it works from there."""

import glob
import gzip
import os
import re
import shutil
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
PROGRAMS = os.path.join(BUILD, "tests", "programs")
PLACES = re.compile(r"/usr/(bin/leaktrace|include/leaktrace/mark\.h|lib/[^/]+/libleaktrace-mark\.so"
                    r"|share/(leaktrace|doc/leaktrace|lintian/overrides|man/man1|bash-completion/completions"
                    r"|zsh/vendor-completions|fish/vendor_completions\.d)/.+)$")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="tracing needs root")


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, **more)


@pytest.fixture(scope="module", name="package")
def newest_package():
    packages = glob.glob(os.path.join(BUILD, "leaktrace_*.deb"))
    assert packages, "there is no package: run `make deb`"
    return max(packages, key=os.path.getmtime)


@pytest.fixture(scope="module", name="root")
def unpacked(package, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    return root


def files_of(root):
    return [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]


def test_has_files_where_they_belong(root):
    paths = [path[len(str(root)):] for path in files_of(root)]
    assert not [path for path in paths if not PLACES.match(path)]
    for name in ("copyright", "changelog.gz", "examples/README.md"):
        assert "/usr/share/doc/leaktrace/" + name in paths
    for name in os.listdir(os.path.join(ROOT, "share", "resources")):
        assert "/usr/share/leaktrace/resources/" + name in paths


def test_tells_nothing_of_where_it_was_built(root):
    for path in files_of(root):
        with open(path, "rb") as file:
            assert os.fsencode(ROOT) not in file.read(), path


def test_version_is_the_packages(root, package):
    version = run("dpkg-deb", "-f", package, "Version").stdout.strip()
    assert run(root / "usr/bin/leaktrace", "--version").stdout == f"leaktrace {version}\n"


def test_lintian(package):
    if not shutil.which("lintian"):
        pytest.skip("lintian is missing: scripts/install-deps.sh packages")
    assert run("lintian", "--allow-root", "--display-info", package).stdout == ""


def test_manual(root):
    with gzip.open(root / "usr/share/man/man1/leaktrace.1.gz", "rt", encoding="utf-8") as file:
        shown = run("groff", "-man", "-ww", "-Tutf8", "-P-cbou", input=file.read())
    assert shown.stderr == "" and "find what a program acquires and never gives back" in shown.stdout


def test_completions(root):
    share = root / "usr/share"
    bash = run("bash", "-c", 'source "$1" && complete -p leaktrace', "sh", share / "bash-completion/completions/leaktrace")
    assert bash.returncode == 0, bash.stderr
    assert (share / "zsh/vendor-completions/_leaktrace").read_text().startswith("#compdef leaktrace")
    assert "complete -c leaktrace" in (share / "fish/vendor_completions.d/leaktrace.fish").read_text()


@needs_root
def test_traces(root):
    resource = root / "usr/share/leaktrace/resources/stdio.res"
    result = run(root / "usr/bin/leaktrace", "--check", "--resource", resource, "--", os.path.join(PROGRAMS, "basic"))
    assert result.returncode == 23 and "leak_small" in result.stderr, result.stderr


@needs_root
def test_marks(root, tmp_path):
    """The header compiles, and a command is told where the library is."""
    source = tmp_path / "marked.c"
    source.write_text('#include <leaktrace/mark.h>\nint main(void) { LEAKTRACE_MARK("ready"); return 0; }\n')
    include = root / "usr/include"
    compiled = run(os.environ.get("CC", "gcc"), "-I", include, "-o", tmp_path / "marked", source)
    assert compiled.returncode == 0, compiled.stderr
    result = run(root / "usr/bin/leaktrace", "--", "sh", "-c", '"$0" && echo "$LEAKTRACE_MARK_LIBRARY"', tmp_path / "marked")
    assert result.returncode == 0 and os.path.samefile(
        result.stdout.strip(), glob.glob(f"{root}/usr/lib/*/libleaktrace-mark.so")[0]), result.stderr
