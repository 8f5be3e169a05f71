/** What is used of ssh2, which comes without types. */

declare module "ssh2" {
  import type { Buffer } from "node:buffer";
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";
  import type { Duplex, Writable } from "node:stream";

  type Method = "password" | "publickey";

  interface AnyAuthContext {
    readonly username: string;
    accept(): void;
    reject(methodsLeft?: readonly Method[]): void;
  }
  interface PasswordContext extends AnyAuthContext {
    readonly method: "password";
    /** No text where another one is to be set. */
    readonly password: unknown;
  }
  interface KeyContext extends AnyAuthContext {
    readonly method: "publickey";
    readonly key: { readonly algo: string; readonly data: Buffer };
    /** Of RSA; undefined is SHA-1. */
    readonly hashAlgo?: string;
    /** Undefined where the client asks whether it need sign at all. */
    readonly signature?: Buffer;
    /** What was signed. */
    readonly blob?: Buffer;
  }
  interface OtherContext extends AnyAuthContext {
    readonly method: "none" | "hostbased" | "keyboard-interactive";
  }
  type AuthContext = PasswordContext | KeyContext | OtherContext;

  interface Winsize {
    readonly cols: number;
    readonly rows: number;
  }

  interface ServerChannel extends Duplex {
    readonly stderr: Writable;
    exit(status: number): void;
    /** @param signal without SIG */
    exit(signal: string, coreDumped: boolean, message: string): void;
  }

  interface Session extends EventEmitter {
    on(
      event: "pty" | "window-change",
      listener: (accept: (() => void) | undefined, reject: unknown, size: Winsize) => void,
    ): this;
    on(
      event: "signal",
      listener: (accept: (() => void) | undefined, reject: unknown, info: { name: string }) => void,
    ): this;
    on(event: "shell", listener: (accept: () => ServerChannel | undefined) => void): this;
    on(
      event: "exec",
      listener: (
        accept: () => ServerChannel | undefined,
        reject: unknown,
        info: { command: string },
      ) => void,
    ): this;
    on(
      event: "subsystem",
      listener: (
        accept: () => ServerChannel | undefined,
        reject: (() => void) | undefined,
        info: { name: string },
      ) => void,
    ): this;
    on(event: "close", listener: () => void): this;
  }

  /** Where a client wants to be connected. */
  interface TcpipInfo {
    readonly destIP: string;
    readonly destPort: number;
  }

  interface Connection extends EventEmitter {
    on(event: "authentication", listener: (context: AuthContext) => void): this;
    on(event: "rekey" | "end" | "close", listener: () => void): this;
    on(event: "session", listener: (accept: () => Session, reject: () => void) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(
      event: "tcpip",
      listener: (
        accept: () => ServerChannel | undefined,
        reject: () => void,
        info: TcpipInfo,
      ) => void,
    ): this;
    /** No part of its interface: where it writes why it opens no channel. */
    readonly _protocol: {
      channelOpenFail(to: number, code: number, words: string): unknown;
    };
    /** Says good-bye. */
    end(): void;
  }

  interface Origin {
    readonly ip: string | undefined;
    readonly port: number | undefined;
  }

  interface ParsedKey {
    readonly type: string;
    getPublicSSH(): Buffer;
    verify(data: Buffer, signature: Buffer, hashAlgorithm?: string): boolean | Error;
  }

  interface ServerConfig {
    readonly hostKeys: readonly string[];
    readonly ident?: string;
    /** Looked at for each connection. */
    readonly banner?: string | undefined;
    readonly algorithms: Readonly<
      Record<"kex" | "cipher" | "hmac" | "compress", readonly string[]>
    >;
  }

  class Server {
    constructor(config: ServerConfig, listener: (connection: Connection, from: Origin) => void);
    /** Serves a connection that another server has taken. */
    injectSocket(socket: Socket): void;
  }

  const ssh2: {
    readonly Server: typeof Server;
    readonly utils: {
      parseKey(text: string | Buffer): ParsedKey | Error | ParsedKey[];
      generateKeyPairSync(type: "ed25519"): { readonly private: string; readonly public: string };
    };
  };
  export type {
    AuthContext,
    Connection,
    KeyContext,
    ParsedKey,
    Server,
    ServerChannel,
    Session,
    TcpipInfo,
  };
  export default ssh2;
}
