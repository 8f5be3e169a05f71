/** The system calls that a container's programs may make: a seccomp profile, as Docker takes one. */

const EPERM = 1, ENOSYS = 38, EPROTONOSUPPORT = 93, EOPNOTSUPP = 95, EAFNOSUPPORT = 97;

/** All of these, however they are called. */
const ALLOWED = [
  // Files, folders, what is known about them, and watching them.
  "access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat",
  "faccessat2 fadvise64 fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync",
  "fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd",
  "getdents getdents64 getxattr getxattrat inotify_add_watch inotify_init inotify_init1",
  "inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr listxattrat llistxattr lremovexattr",
  "lseek lsetxattr lstat mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2",
  "pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv",
  "removexattr removexattrat rename renameat renameat2 rmdir sendfile setxattr setxattrat splice stat",
  "statfs statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime",
  "utimensat utimes vmsplice write writev",
  // Waiting for them and for others.
  "epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 pipe",
  "pipe2 poll ppoll pselect6 select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_settime",
  // Memory.
  "brk cachestat madvise membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap",
  "mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect map_shadow_stack",
  "remap_file_pages",
  // Processes, threads and signals.
  "alarm arch_prctl execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv",
  "futex_wake get_robust_list getitimer getpgid getpgrp getpid getppid getpriority getsid gettid kill",
  "pause pidfd_open pidfd_send_signal prctl process_mrelease restart_syscall rseq rt_sigaction",
  "rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait",
  "rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr",
  "sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr",
  "sched_setparam sched_setscheduler sched_yield set_robust_list set_tid_address setitimer setpgid",
  "setpriority setsid sigaltstack tgkill tkill vfork wait4 waitid",
  // Debuggers, which see their own container's processes only.
  "process_vm_readv process_vm_writev ptrace",
  // Users, groups, rights and limits; each can only be made less.
  "capget capset getegid geteuid getgid getgroups getresgid getresuid getrlimit getrusage getuid",
  "ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset landlock_restrict_self prlimit64",
  "seccomp setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid setrlimit setuid",
  // Time, and what the machine is.
  "adjtimex clock_adjtime clock_getres clock_gettime clock_nanosleep getcpu getrandom gettimeofday",
  "nanosleep sysinfo time timer_create timer_delete timer_getoverrun timer_gettime timer_settime times",
  "uname",
  // Talking to other programs; `socket` itself is below.
  "accept accept4 bind connect getpeername getsockname getsockopt listen mq_getsetattr mq_notify",
  "mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg",
  "recvmsg semctl semget semop semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget",
  "shutdown socketpair",
];

/**
 * These do not exist, and programs do without. io_uring and the kernel's own asynchronous files are
 * one table for the whole server, and io_uring has had the most holes of all; the flags of clone3
 * cannot be looked at, and libc then takes clone.
 */
const MISSING = [
  "clone3 io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit io_uring_enter",
  "io_uring_register io_uring_setup memfd_secret userfaultfd",
];

/** clone(2): each flag that makes a new namespace. */
const CLONE_NEW = 0x7e02_0000;
/** personality(2): the usual one, a 32-bit one, both with an old version number, and asking. */
const PERSONALITIES = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

const AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16;
/** Whichever is the usual one, ICMP for ping, TCP, UDP, and ICMPv6. */
const PROTOCOLS = [0, 1, 6, 17, 58];
/** Addresses and routes, and a list of one's own sockets. */
const NETLINK_PROTOCOLS = [0, 4];

interface Rule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_NE" | "SCMP_CMP_GT" | "SCMP_CMP_MASKED_EQ";
  }[];
}

/** Allowed where its first arguments are these; null is any. */
function allow(name: string, ...values: readonly (number | null)[]): Rule {
  const args = values.flatMap((value, index) =>
    value === null ? [] : [{ index, value, op: "SCMP_CMP_EQ" as const }]
  );
  return { names: [name], action: "SCMP_ACT_ALLOW", args };
}

const socketRules: readonly Rule[] = [
  allow("socket", AF_UNIX),
  ...[AF_INET, AF_INET6].flatMap((family) =>
    PROTOCOLS.map((protocol) => allow("socket", family, null, protocol))
  ),
  ...NETLINK_PROTOCOLS.map((protocol) => allow("socket", AF_NETLINK, null, protocol)),
  // useradd gives up where the audit's protocol is forbidden, and goes on where it is not there.
  {
    names: ["socket"],
    action: "SCMP_ACT_ERRNO",
    errnoRet: EPROTONOSUPPORT,
    args: [
      { index: 0, value: AF_NETLINK, op: "SCMP_CMP_EQ" },
      { index: 2, value: Math.max(...NETLINK_PROTOCOLS), op: "SCMP_CMP_GT" },
    ],
  },
  // The machine's own radio, bus, hypervisor and cipher sockets, and whatever else is in the kernel.
  {
    names: ["socket"],
    action: "SCMP_ACT_ERRNO",
    errnoRet: EAFNOSUPPORT,
    args: [{ index: 0, value: AF_NETLINK, op: "SCMP_CMP_GT" }],
  },
];

/** fallocate(2): taking space out of a file, which keeps its size. */
const PUNCH_HOLE = 0x3;

/**
 * Reserving is over in no time and may be for more than a file shows: the disk would be full before
 * anybody looks. Programs and libc write instead, as on file systems that cannot reserve.
 */
const reserveRules: readonly Rule[] = [
  allow("fallocate", null, PUNCH_HOLE),
  {
    names: ["fallocate"],
    action: "SCMP_ACT_ERRNO",
    errnoRet: EOPNOTSUPP,
    args: [{ index: 1, value: PUNCH_HOLE, op: "SCMP_CMP_NE" }],
  },
];

const words = (lines: readonly string[]) => lines.flatMap((line) => line.split(" "));

/**
 * What is not named is refused: all that Docker's own profile refuses, and much that it allows. Calls
 * of 32-bit programs are not looked at one by one, so such programs are ended.
 */
export const SECCOMP_PROFILE: string = JSON.stringify({
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: EPERM,
  archMap: [
    { architecture: "SCMP_ARCH_X86_64", subArchitectures: [] },
    { architecture: "SCMP_ARCH_AARCH64", subArchitectures: [] },
  ],
  syscalls: [
    { names: words(ALLOWED), action: "SCMP_ACT_ALLOW" },
    { names: words(MISSING), action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
    {
      names: ["clone"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: CLONE_NEW, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
    },
    ...PERSONALITIES.map((persona) => allow("personality", persona)),
    ...socketRules,
    ...reserveRules,
  ] satisfies Rule[],
});
