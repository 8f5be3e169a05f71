/** What comes in a channel of SSH while nobody takes it, in few pieces: a packet may bring one byte. */
import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

/** How much is gathered in one piece; what is as long is one by itself. */
const PIECE_BYTES = 16 * 1024;

/**
 * Else each packet is an object of its own: of two megabytes, which a client may send before they are
 * taken, two million. To be called once a channel is there.
 */
export function gather(channel: Duplex): void {
  const push = channel.push.bind(channel);
  let piece = Buffer.alloc(0), bytes = 0;
  const handOn = () => {
    if (bytes === 0) return;
    const whole = piece.subarray(0, bytes);
    [piece, bytes] = [Buffer.alloc(0), 0];
    push(whole);
  };
  channel.on("resume", handOn);
  channel.push = (data: Uint8Array | null) => {
    // Also when it is to flow again, and has not yet: nothing overtakes what is gathered.
    const isTaken = bytes === 0 && channel.readableFlowing === true;
    if (isTaken || data === null || bytes + data.length > PIECE_BYTES) handOn();
    if (isTaken || data === null) return push(data);
    if (data.length >= PIECE_BYTES) push(data);
    else {
      if (bytes === 0) piece = Buffer.alloc(PIECE_BYTES);
      piece.set(data, bytes);
      bytes += data.length;
    }
    return false; // so that the client's window stays as it is
  };
}
