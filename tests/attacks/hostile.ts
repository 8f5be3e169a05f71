/** Someone with an account who does in their own containers whatever may hurt others. */
import { TestTerminal } from "../support/terminal.ts";
import { type Attack, pause } from "./attack.ts";

/** At scale 10 so many sessions at once; each does one thing after the other. */
const SESSIONS_AT_10 = 3;
/** How long each thing goes on at most; the next one has a fresh container. */
const EACH_MS = 5_000;

/** Perl is in Debian's smallest image; the numbers are those of x86-64. */
function perl(script: string): string {
  return `perl -e '${script}'`;
}

/** In as many processes as there may be. */
function everywhere(script: string): string {
  return perl(
    `while (1) { my $child = fork; last if defined $child && $child == 0; ` +
      `last unless defined $child } ${script}; sleep 1 while 1`,
  );
}

/** What is done, by a line for bash each. */
const NUISANCES: Readonly<Record<string, string>> = {
  "fork bomb": "bomb() { bomb | bomb & }; bomb",
  "threads that spin": "for i in {1..120}; do (while :; do :; done) & done; wait",
  "memory, over and over": "while :; do tail /dev/zero; done",
  "memory in shared files": "while :; do head -c 60M /dev/zero >/dev/shm/$RANDOM; done",
  "disk, over and over":
    "while :; do head -c 200M /dev/zero >/var/tmp/x; sync; rm /var/tmp/x; done",
  "many small files": "cd /var/tmp; while :; do mkdir $RANDOM; : >$RANDOM; done",
  "a flood of lines": "yes",
  "a flood of empty lines": "stty -opost; yes ''",
  "a flood of bytes": "cat /dev/urandom",
  "a flood of one line": "tr '\\0' x </dev/zero",
  "answers asked for": "while :; do printf '\\e[6n\\e[c\\e]11;?\\a'; done",
  "a title without an end": "printf '\\e]0;'; tr '\\0' x </dev/zero",
  "alternate screens": "while :; do printf '\\e[?1049h\\e[2J\\e[?1049l\\ec'; done",
  "inotify instances": everywhere("1 while syscall(253) >= 0"),
  "terminals": everywhere('my @held; while (open my $one, "+<", "/dev/ptmx") { push @held, $one }'),
  "asynchronous files": everywhere('my $x = "\\0" x 8; 1 while syscall(206, 1000, $x) == 0'),
  "epoll": everywhere("1 while syscall(291, 0) >= 0"),
  "pipes, filled": everywhere(
    'my @held; while (pipe my $r, my $w) { $w->blocking(0); syswrite $w, "x" x 65536; ' +
      "push @held, $r, $w }",
  ),
  "sockets": everywhere("my @held; while (socket my $one, 1, 1, 0) { push @held, $one }"),
  "waiting signals": everywhere("1 while syscall(129, $$, 64, 0) == 0"),
  "kill -1": "kill -9 -1",
  "everything stopped": "sleep 1000 & kill -STOP -1; kill -STOP $$",
  "the shell stopped": "kill -STOP $$",
  "zombies": "for i in {1..120}; do (: & exec sleep 1000) & done; wait",
  "orphans": "while :; do (setsid sleep 1000 &) done",
  "signals that are not heard": "trap '' 1 2 3 15; while :; do sleep 1 & wait; done",
  "long names": "exec -a \"$(head -c 100000 /dev/zero | tr '\\0' x)\" sleep 1000",
  "a large environment":
    "x=$(head -c 100000 /dev/zero | tr '\\0' x); while :; do A=$x B=$x C=$x true; done",
  "loads at once": "while :; do find / -xdev -type f -exec cat {} + >/dev/null 2>&1; done",
};

export const attack: Attack = {
  summary: "a hostile session: forks, memory, disk, floods, the kernel's tables, signals, in turn",
  account: true,
  async play(victim, { scale, signal }) {
    const names = Object.keys(NUISANCES);
    let turn = 0, refused = 0;
    const ends: Record<string, number> = {};
    const one = async () => {
      while (!signal.aborted) {
        const name = names[turn++ % names.length]!;
        try {
          const terminal = await TestTerminal.open(victim, { cookie: victim.cookie });
          terminal.type(`${NUISANCES[name]}\r`);
          await Promise.race([pause(EACH_MS, signal), terminal.closed]);
          terminal.cut();
          const end = terminal.events.find(({ type }) => type === "ended");
          if (end?.type === "ended") ends[end.reason] = (ends[end.reason] ?? 0) + 1;
        } catch {
          refused++;
          await pause(EACH_MS / 10, signal);
        }
      }
    };
    const sessions = Math.max(1, Math.round(scale * SESSIONS_AT_10 / 10));
    await Promise.all(Array.from({ length: sessions }, one));
    const ended = Object.entries(ends).map(([reason, count]) => [`ended with ${reason}`, count]);
    return {
      "things done": turn,
      "of them kinds": Math.min(turn, names.length),
      refused,
      ...Object.fromEntries(ended),
    };
  },
};
