/** Tells systemd how the service fares, sd_notify(3). */

/** How long the manager may take to take a message. */
const SEND_MS = 500;

/** Sends assignments such as "READY=1" and "STATUS=…"; resolves to whether they were sent. */
export type Notify = (...assignments: readonly string[]) => Promise<boolean>;

/**
 * Makes the function that notifies the socket named by `NOTIFY_SOCKET`: a path, or "@name" in the
 * abstract namespace. Without one, or with one of another kind (systemd also knows "vsock:"), it
 * does nothing. It never throws: a service manager that does not listen is no reason to fail. Line
 * feeds inside an assignment become spaces, as they would begin another one.
 */
export function createNotify(socket: string | undefined): Notify {
  if (!socket?.match(/^[/@]./)) return () => Promise.resolve(false);
  const path = socket.replace(/^@/, "\0");
  return async (...assignments) => {
    const text = assignments.map((each) => each.replaceAll("\n", " ")).join("\n");
    let sender: Deno.DatagramConn | undefined;
    // While the manager's queue is full Deno tries again without a pause.
    const timer = setTimeout(() => sender?.close(), SEND_MS);
    try {
      // A datagram socket must be bound to send; an abstract name leaves no file behind.
      const own = `\0ttygate-notify-${crypto.randomUUID()}`;
      sender = Deno.listenDatagram({ transport: "unixpacket", path: own });
      await sender.send(new TextEncoder().encode(text), { transport: "unixpacket", path });
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      try {
        sender?.close();
      } catch {
        // It was closed as its time was up.
      }
    }
  };
}

/** Notifies the manager of this process, if it has one that listens. */
export const notify: Notify = (...assignments) =>
  createNotify(Deno.env.get("NOTIFY_SOCKET"))(...assignments);
