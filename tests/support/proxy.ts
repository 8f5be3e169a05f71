/** Debian's nginx and Caddy in front of a gateway, configured by what the documentation shows. */
import { join } from "node:path";
import { until } from "./gateway.ts";
import { makeCertificate } from "./certificate.ts";

/** The name in the documentation, and what it is in tests. */
const NAME = "shell.example.org", HERE = "localhost";

/**
 * A block of a page of docs/ in a language.
 *
 * @param nth which of them, from 0
 */
export async function documented(page: string, language: string, nth = 0): Promise<string> {
  const text = await Deno.readTextFile(new URL(`../../docs/${page}`, import.meta.url));
  const blocks = [...text.matchAll(new RegExp("^```" + language + "\n([^]*?)^```$", "gm"))];
  const block = blocks[nth]?.[1];
  if (block === undefined) throw new Error(`docs/${page} has no block ${nth} of ${language}`);
  return block;
}

/** A port that nobody listens on now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Where a proxy is reached, what it leads to, and its certificate. */
interface Place {
  readonly dir: string;
  /** "host:port" of the gateway. */
  readonly gateway: string;
  readonly http: number;
  readonly https: number;
}

/** A proxy that runs. */
export class TestProxy implements AsyncDisposable {
  private constructor(
    private readonly process: Deno.ChildProcess,
    private readonly place: Place,
  ) {}

  get plain(): string {
    return `http://${HERE}:${this.place.http}`;
  }

  get secure(): string {
    return `https://${HERE}:${this.place.https}`;
  }

  /** The file of its certificate. */
  get certificate(): string {
    return `${this.place.dir}/${HERE}.crt`;
  }

  /** What a configuration of the documentation for nginx is, with this machine's places. */
  static async nginx(gateway: string, documented: string): Promise<TestProxy> {
    const place = await makePlace(gateway);
    const { dir, http, https } = place;
    const servers = documented
      .replace(/^ *listen \[::\].*\n/gm, "")
      .replace(/listen 80;/g, `listen 127.0.0.1:${http};`)
      .replace(/listen 443 ssl;/g, `listen 127.0.0.1:${https} ssl;`)
      .replace(/ssl_certificate \S+;/g, `ssl_certificate ${dir}/${HERE}.crt;`)
      .replace(/ssl_certificate_key \S+;/g, `ssl_certificate_key ${dir}/${HERE}.key;`)
      .replaceAll("127.0.0.1:8080", gateway)
      .replaceAll(NAME, HERE);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${dir}/${name};`).join(" ");
    const config = `daemon off; pid ${dir}/pid; error_log ${dir}/log; worker_processes 1;
      events {} http { access_log off; ${paths}\n${servers}\n}`;
    await Deno.writeTextFile(join(dir, "nginx.conf"), config);
    return await TestProxy.#start("/usr/sbin/nginx", ["-c", `${dir}/nginx.conf`], place);
  }

  /** The same for Caddy; over TLS unless its sites are to speak plain HTTP. */
  static async caddy(
    gateway: string,
    documented: string,
    scheme: "http" | "https" = "https",
  ): Promise<TestProxy> {
    const place = await makePlace(gateway);
    const { dir, http, https } = place;
    const site = scheme === "http"
      ? `http://${HERE}:${http} {`
      : `https://${HERE}:${https} {\n\ttls ${dir}/${HERE}.crt ${dir}/${HERE}.key`;
    const sites = documented.replaceAll(`${NAME} {`, site).replaceAll("127.0.0.1:8080", gateway);
    const config = `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${sites}`;
    await Deno.writeTextFile(join(dir, "Caddyfile"), config);
    const args = ["run", "--config", `${dir}/Caddyfile`, "--adapter", "caddyfile"];
    return await TestProxy.#start("caddy", args, place);
  }

  static async #start(program: string, args: string[], place: Place): Promise<TestProxy> {
    const env = { HOME: place.dir, XDG_DATA_HOME: place.dir, XDG_CONFIG_HOME: place.dir };
    const process = new Deno.Command(program, { args, env, stdout: "null", stderr: "null" })
      .spawn();
    const proxy = new TestProxy(process, place);
    const answers = (port: number) =>
      Deno.connect({ port }).then((connection) => {
        connection.close();
        return true;
      }, () => false);
    await until(async () => await answers(place.http) || await answers(place.https));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGTERM");
    await this.process.status;
    await Deno.remove(this.place.dir, { recursive: true });
  }
}

async function makePlace(gateway: string): Promise<Place> {
  const dir = await Deno.makeTempDir({ prefix: "ttygate-proxy-" });
  await Deno.chmod(dir, 0o755); // nginx's workers are nobody's
  await makeCertificate(dir, HERE, [`DNS:${HERE}`]);
  return { dir, gateway, http: freePort(), https: freePort() };
}
