#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command under another kernel, in this machine's own file tree.

    vm.py KERNEL [--seconds N] [--memory MB] -- COMMAND [ARGUMENT...]

KERNEL is a name of PACKAGES, which is fetched from the distribution's packages and kept, or the
path of a kernel image; its modules are looked for in ../lib/modules beside it. The command runs
as root in the present folder; the tree is read-only but for the build folder, /tmp is its own.
With "arm64" for KERNEL, which scripts/arm64-sysroot.sh fetches, programs are arm64's as well: what is
outside of the present folder is what that script has unpacked.
The machine is emulated (qemu's tcg), so it needs no rights and no hardware, and is slow: expect
a tenth of the speed. Returns the command's status; 125 when the machine did not come so far.
"""
import argparse
import glob
import lzma
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
KEPT = os.path.join(BUILD, "kernels")
ARM64_ROOT = os.path.join(BUILD, "arm64", "root")
# Debian's packages that depend on the latest kernel of a series.
PACKAGES = {"6.1": "linux-image-amd64", "6.12": "linux-image-6.12-amd64"}
# What the file tree comes in by.
MODULES = ("virtio_pci", "9pnet_virtio", "9p")
CANNOT = 125
# By whether it is arm64: the machine, its console, the root of its file tree.
MACHINES = {
    False: (["qemu-system-x86_64", "-machine", "q35", "-cpu", "max"], "ttyS0", "/"),
    True: (["qemu-system-aarch64", "-machine", "virt", "-cpu", "max,pauth-impdef=on"], "ttyAMA0", ARM64_ROOT),
}

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module" 2>/dev/null; done
share='trans=virtio,version=9p2000.L,msize=512000'
mount -t 9p -o "$share,ro,cache=loose" root /root || poweroff -f
mount -t tmpfs tmp /root/tmp
mkdir -p "/root{tree}" "/root{build}" 2>/dev/null # they may be in /tmp
mount -t 9p -o "$share,ro,cache=loose" tree "/root{tree}" || poweroff -f
mount -t 9p -o "$share,cache=mmap" build "/root{build}" || poweroff -f
mount --move /proc /root/proc
mount --move /sys /root/sys
mount --move /dev /root/dev
mount -t tmpfs run /root/run
mount -t tmpfs home /root/root
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts -o ptmxmode=666 pts /root/dev/pts
mount -t tmpfs shm /root/dev/shm
ln -sf /proc/self/fd /root/dev/fd
chmod 1777 /root/tmp /root/dev/shm
mount -t tracefs tracing /root/sys/kernel/tracing
mount -t debugfs debug /root/sys/kernel/debug
mount -t bpf bpf /root/sys/fs/bpf
mount -t cgroup2 cgroup /root/sys/fs/cgroup
ip link set lo up
exec switch_root /root /bin/sh "{script}"
"""

# The status is written last: without it the machine did not come so far. A command that fills the
# console waits for it, so its output goes to a file.
SCRIPT = """cd {folder}
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 {environment}
timeout -k 10 {seconds} {command} >{out} 2>&1 </dev/null
echo $? >{status}
sync
echo o >/proc/sysrq-trigger
sleep 60
"""


def fail(message):
    print(f"vm: {message}", file=sys.stderr)
    sys.exit(CANNOT)


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def package_of(name):
    """The package with the image itself, which the series' package depends on."""
    lines = run("apt-cache", "depends", "--important", PACKAGES[name]).splitlines()
    images = [line.split()[-1] for line in lines if "Depends: linux-image-" in line]
    if not images:
        fail(f"no package {PACKAGES[name]} in this distribution's lists: apt-get update, or name an image")
    return images[0]


def fetch_arm64():
    """The kernel image of the arm64 tree."""
    run(os.path.join(os.path.dirname(__file__), "../../scripts/arm64-sysroot.sh"), env=dict(os.environ, BUILD=BUILD))
    return glob.glob(f"{ARM64_ROOT}/boot/vmlinuz-*")[0]


def fetch(name):
    """The kernel image of a series, unpacked under KEPT."""
    folder = os.path.join(KEPT, name)
    if not glob.glob(f"{folder}/boot/vmlinuz-*"):
        with tempfile.TemporaryDirectory() as work:
            os.chmod(work, 0o755)
            run("apt-get", "download", "-q", package_of(name), cwd=work, stderr=subprocess.DEVNULL)
            run("dpkg-deb", "-x", glob.glob(f"{work}/*.deb")[0], folder)
        version = os.listdir(f"{folder}/lib/modules")[0]
        run("/sbin/depmod", "-b", folder, version)
    return glob.glob(f"{folder}/boot/vmlinuz-*")[0]


def module_files(image):
    """The files of MODULES and what they need, in the order to load them; none where they are built in."""
    base = os.path.dirname(os.path.dirname(os.path.abspath(image)))
    version = os.path.basename(image).partition("-")[2]
    if not os.path.isdir(f"{base}/lib/modules/{version}"):
        return []
    files = []
    for name in MODULES:
        lines = run("/sbin/modprobe", "-d", base, "-S", version, "--show-depends", name).splitlines()
        files += [line.split()[1] for line in lines if line.startswith("insmod")]
    return list(dict.fromkeys(files))


def make_initramfs(image, folder, script, root):
    """What the kernel starts with: busybox, the modules, the order of mounts."""
    tree = os.path.join(folder, "initramfs")
    for name in ("bin", "proc", "sys", "dev", "root", "modules"):
        os.makedirs(os.path.join(tree, name))
    shutil.copy(os.path.join(root, "bin/busybox"), os.path.join(tree, "bin"))
    order = []
    for file in module_files(image):
        order.append(os.path.basename(file).removesuffix(".xz"))
        with (lzma.open if file.endswith(".xz") else open)(file, "rb") as source:
            with open(os.path.join(tree, "modules", order[-1]), "wb") as target:
                target.write(source.read())
    with open(os.path.join(tree, "modules/order"), "w", encoding="ascii") as file:
        file.write("\n".join(order))
    with open(os.path.join(tree, "init"), "w", encoding="utf-8") as file:
        file.write(INIT.format(tree=os.getcwd(), build=BUILD, script=script))
    os.chmod(os.path.join(tree, "init"), 0o755)
    archive = os.path.join(folder, "initramfs.cpio")
    names = subprocess.run(["find", "."], cwd=tree, check=True, stdout=subprocess.PIPE).stdout
    with open(archive, "wb") as file:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=names, stdout=file, check=True)
    return archive


def share(tag, path, *more):
    return ["-virtfs", ",".join((f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap",) + more)]


def boot(options, folder):
    """Runs the machine until it turns itself off, or its time is over."""
    is_arm64 = options.kernel == "arm64"
    machine, terminal, root = MACHINES[is_arm64]
    image = fetch_arm64() if is_arm64 else fetch(options.kernel) if options.kernel in PACKAGES else options.kernel
    if not os.path.exists(image):
        fail(f"{image}: no such kernel image, and none of {', '.join(PACKAGES)}")
    names = {name: os.path.join(folder, name) for name in ("script", "out", "status", "console")}
    environment = " ".join(shlex.quote(word) for word in options.env)
    with open(names["script"], "w", encoding="utf-8") as file:
        file.write(SCRIPT.format(folder=shlex.quote(os.getcwd()), seconds=options.seconds, environment=environment,
                                 command=shlex.join(options.command), out=names["out"], status=names["status"]))
    command = machine + [
        "-accel", "tcg,thread=single", "-smp", "2", "-m", str(options.memory), "-nographic", "-no-reboot",
        "-kernel", image, "-initrd", make_initramfs(image, folder, names["script"], root),
        "-append", f"console={terminal} panic=-1 loglevel=4 mitigations=off"]
    command += share("root", root, "readonly=on") + share("tree", os.getcwd(), "readonly=on") + share("build", BUILD)
    with open(names["console"], "wb") as console:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                           timeout=options.seconds + 120, check=False)
        except subprocess.TimeoutExpired:
            pass
    return names


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("kernel")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--memory", type=int, default=3072, metavar="MB")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    os.makedirs(KEPT, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        names = boot(options, folder)
        if os.path.exists(names["out"]):
            with open(names["out"], "rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
        try:
            with open(names["status"], encoding="ascii") as file:
                status = int(file.read())
        except (OSError, ValueError):
            with open(names["console"], errors="replace", encoding="utf-8") as file:
                fail("the machine did not come to the command's end; its console says:\n"
                     + "".join(file.readlines()[-30:]))
    sys.exit(status)


main()
