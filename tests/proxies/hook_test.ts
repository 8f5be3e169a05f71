/** The hook of docs/tls.md, by which a certificate that certbot has renewed counts at once. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { makeCertificate, shownCertificate } from "../support/certificate.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { documented } from "../support/proxy.ts";
import { run } from "../support/run.ts";

Deno.test("the documented hook hands a renewed certificate to a gateway that runs", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    const [lineage, to] = [join(home, "lineage"), join(home, "tls")];
    await Deno.mkdir(lineage);
    const script = (await documented("tls.md", "sh", 1))
      .replaceAll("/etc/ttygate/tls", to)
      .replaceAll("-g ttygate", "-g root")
      .replace(
        "systemctl try-reload-or-restart ttygate",
        '[ -z "$GATEWAY" ] || kill -HUP "$GATEWAY"',
      );
    const renew = async (name: string, gateway: number | "") => {
      await makeCertificate(lineage, name);
      await Deno.rename(`${lineage}/${name}.crt`, `${lineage}/fullchain.pem`);
      await Deno.rename(`${lineage}/${name}.key`, `${lineage}/privkey.pem`);
      const env = { RENEWED_LINEAGE: lineage, GATEWAY: `${gateway}` };
      const { code, stderr } = await run("sh", ["-c", script], { env });
      assertEquals([code, stderr], [0, ""]);
    };
    await renew("first.example", "");
    assertEquals((await Deno.stat(join(to, "key.pem"))).mode! & 0o777, 0o640);
    assertEquals((await Deno.stat(to)).mode! & 0o777, 0o750);
    await using gateway = await TestGateway.start({
      home,
      env: {
        TTYGATE_GATEWAY_TLS_CERT: join(to, "cert.pem"),
        TTYGATE_GATEWAY_TLS_KEY: join(to, "key.pem"),
      },
    });
    assertEquals(await shownCertificate(gateway.host), "first.example");
    await renew("second.example", gateway.process.pid);
    await until(async () => await shownCertificate(gateway.host) === "second.example");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
