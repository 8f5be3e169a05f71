/** A service manager's end of sd_notify(3). */

/** Binds a datagram socket at a path, or in the abstract namespace where it begins with a NUL. */
export function receiver(path: string) {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return {
    /** The next message, as it came. */
    async next(): Promise<string> {
      const [bytes] = await socket.receive();
      return new TextDecoder().decode(bytes);
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
