/** Connections to the ports of a machine: each goes through a small program that Docker runs in it. */
import { type Docker, DockerError, type Program } from "deno-docker-api";
import { whenAborted } from "../clock.ts";
import { Pieces, type PortStream } from "../protocol/port_stream.ts";
import { asEngineError } from "./docker_calls.ts";
import { PortError } from "./machine_engine.ts";

/** How long it may take to connect, and how long nothing may move then. */
const CONNECT_MS = 10_000, IDLE_SECONDS = 60 * 60;

/** Of a shell that found no such program (sh(1), "Exit status"). */
const NOT_FOUND = 127;

/**
 * Passes bytes between its input and output, which are {@linkcode Pieces}, and a port of its own
 * localhost. Its first piece says how connecting went. The end of its input without an empty piece
 * before is that of the agent: it leaves at once, whatever the server does.
 *
 * In Perl, which every image of Debian and Ubuntu has: a shell can connect, but cannot end one way
 * alone (shutdown(2)).
 */
const RELAY = String.raw`
use strict;
use Socket qw(:all);
use Fcntl;
use Errno qw(EAGAIN EINTR ECONNREFUSED);
my ($port, $idle, $most) = (@ARGV, 65536);
my ($server, $why);
for my $to (pack_sockaddr_in($port, inet_aton('127.0.0.1')),
    pack_sockaddr_in6($port, inet_pton(AF_INET6, '::1'))) {
  undef $server;
  last if socket($server, sockaddr_family($to), SOCK_STREAM, 0) && connect($server, $to);
  $why //= $! == ECONNREFUSED ? 'refused' : "$!";
  undef $server;
}
my $said = $server ? 'open' : $why;
my ($typed, $up, $down) = ('', '', pack('n', length $said) . $said);
my ($is_fed, $is_shut, $is_over) = (0, 0, !$server);
$is_shut = 1 unless $server;
$SIG{PIPE} = 'IGNORE';
setsockopt($server, IPPROTO_TCP, TCP_NODELAY, 1) if $server;
for my $file (\*STDIN, \*STDOUT, $server) {
  fcntl($file, F_SETFL, fcntl($file, F_GETFL, 0) | O_NONBLOCK) if $file;
}
my $number = $server ? fileno $server : 0;
while (1) {
  while (!$is_fed && length $up < $most && length $typed >= 2) {
    my $length = unpack 'n', $typed;
    if ($length == 0) { $is_fed = 1; last }
    last if length $typed < 2 + $length;
    $up .= substr $typed, 2, $length;
    substr($typed, 0, 2 + $length) = '';
  }
  $typed = '' if $is_fed;
  if ($is_fed && $up eq '' && !$is_shut) { shutdown $server, 1; $is_shut = 1 }
  exit if $is_over && $is_shut && $down eq '';
  my ($r, $w) = ('', '');
  vec($r, 0, 1) = 1 if length $typed < 2 * $most;
  vec($r, $number, 1) = 1 if !$is_over && length $down < $most;
  vec($w, 1, 1) = 1 if $down ne '';
  vec($w, $number, 1) = 1 if $up ne '';
  my $count = select $r, $w, undef, $idle;
  exit if $count == 0;
  next if $count < 0;
  if (vec $r, 0, 1) {
    my $got = sysread STDIN, $typed, $most, length $typed;
    exit if defined $got && $got == 0;
  }
  if ($server && vec $r, $number, 1) {
    my $got = sysread $server, my $bytes, 32768;
    if ($got) { $down .= pack('n', $got) . $bytes }
    elsif (defined $got) { $down .= "\0\0"; $is_over = 1 }
    elsif ($! != EAGAIN && $! != EINTR) { $is_over = $is_shut = 1; $up = '' }
  }
  if ($server && vec $w, $number, 1) {
    my $put = syswrite $server, $up;
    if (defined $put) { substr($up, 0, $put) = '' }
    elsif ($! != EAGAIN && $! != EINTR) { $up = ''; $is_fed = $is_shut = 1 }
  }
  if (vec $w, 1, 1) {
    my $put = syswrite STDOUT, $down;
    if (defined $put) { substr($down, 0, $put) = '' }
    elsif ($! != EAGAIN && $! != EINTR) { exit }
  }
}`;

/**
 * Connects to a port on the localhost of a container that runs.
 *
 * @throws {PortError} where nothing listens there, or its image cannot do it
 * @throws {EngineError}
 */
export async function connectPort(
  { containers }: Pick<Docker, "containers">,
  container: string,
  port: number,
  wanted: AbortSignal,
): Promise<PortStream> {
  const signal = AbortSignal.any([AbortSignal.timeout(CONNECT_MS), wanted]);
  const command = ["perl", "-e", RELAY, `${port}`, `${IDLE_SECONDS}`];
  const relay = await asEngineError(
    containers.run(container, ["/bin/sh", "-c", 'exec "$@"', "sh", ...command], { signal }),
  );
  using _stop = whenAborted(signal, () => void relay[Symbol.asyncDispose]());
  try {
    const stream = new Pieces(relay);
    const said = await stream.read().catch(() => null);
    wanted.throwIfAborted();
    if (signal.aborted) throw new PortError("failed", "it took too long");
    if (said === null) throw await whyNone(relay);
    const words = new TextDecoder().decode(said);
    if (words === "refused") throw new PortError("refused", "nothing listens there");
    if (words !== "open") throw new PortError("failed", words);
    return stream;
  } catch (error) {
    await relay[Symbol.asyncDispose]();
    throw error;
  }
}

async function whyNone(relay: Program): Promise<Error> {
  const status = await relay.exitCode().catch((error) => {
    if (!(error instanceof DockerError)) throw error;
    return null;
  });
  if (status !== NOT_FOUND) return new PortError("failed", relay.errors.trim().slice(0, 200));
  return new PortError("unable", "its image has no perl, through which connections go");
}
