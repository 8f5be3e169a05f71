/** Certificates that a test makes, and a look at the one that a server shows. */
import { connect } from "node:tls";
import { run } from "./run.ts";

/**
 * Makes a key and a certificate for it, NAME.key and NAME.crt in a directory, with the name in it.
 *
 * @param alternatives such as "DNS:shell.example"
 */
export async function makeCertificate(
  dir: string,
  name: string,
  alternatives: readonly string[] = [],
): Promise<void> {
  const { code, stderr } = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", `${dir}/${name}.key`, "-out", `${dir}/${name}.crt`],
    ...["-days", "2", "-subj", `/CN=${name}`, "-addext", "basicConstraints=critical,CA:FALSE"],
    ...(alternatives.length > 0 ? ["-addext", `subjectAltName=${alternatives.join(",")}`] : []),
  ]);
  if (code !== 0) throw new Error(`Cannot make a certificate: ${stderr}`);
}

/** The name in the certificate that a server at "host:port" shows to a new connection. */
export function shownCertificate(host: string): Promise<string> {
  const { hostname, port } = new URL(`https://${host}`);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: hostname, port: Number(port || 443), rejectUnauthorized: false });
  socket.once("secureConnect", () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  });
  socket.once("error", reject);
  return promise;
}
