/** HTTP written byte by byte, for what fetch would never send. */

/** What came back until the other side closed, or for so long. */
export interface RawAnswer {
  /** 0 when no answer came. */
  readonly status: number;
  readonly text: string;
}

/** Sends the parts one after another and reads until the connection ends. */
export async function rawHttp(host: string, ...parts: string[]): Promise<RawAnswer> {
  using connection = await rawConnection(host);
  for (const part of parts) {
    await connection.write(Uint8Array.from(part, (char) => char.charCodeAt(0))).catch(() => {});
  }
  return await readAnswer(connection);
}

/** Connects to "host:port" or "[ipv6]:port". */
export function rawConnection(host: string): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(`http://${host}`);
  return Deno.connect({ hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) });
}

/** Reads until the other side closes. */
export async function readAnswer(connection: Deno.Conn): Promise<RawAnswer> {
  let text = "";
  try {
    const decoder = new TextDecoder();
    for await (const chunk of connection.readable) text += decoder.decode(chunk, { stream: true });
  } catch {
    // A reset is an end like any other.
  }
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}
