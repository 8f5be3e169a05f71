import { assertEquals } from "@std/assert";
import { BlockList } from "node:net";
import { safeNext } from "../../lib/http/answers.ts";
import { callerOf } from "../../lib/http/caller.ts";

const proxies = new BlockList();
proxies.addSubnet("10.0.0.0", 8, "ipv4");
proxies.addAddress("::1", "ipv6");

function seen(
  address: string | undefined,
  headers: Record<string, string> = {},
  { basePath = "/", encrypted = false, url = "/" } = {},
) {
  return callerOf(
    { method: "GET", url, headers: new Headers(headers) },
    { address, encrypted },
    { door: "web", basePath, trustedProxies: proxies },
  );
}

Deno.test("a stranger's X-Forwarded headers count for nothing", () => {
  const caller = seen("192.0.2.1", { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https" });
  assertEquals([caller.remote, caller.scheme], ["192.0.2.1", "http"]);
});

Deno.test("a trusted proxy says who the client is and what it speaks", () => {
  const headers = { "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https" };
  for (const proxy of ["10.1.2.3", "::ffff:10.1.2.3", "::1", undefined]) {
    const caller = seen(proxy, headers);
    assertEquals([caller.remote, caller.scheme], ["192.0.2.7", "https"]);
  }
});

Deno.test("an IPv4 client on a socket of both families is known by its IPv4 address", () => {
  assertEquals(seen("::ffff:192.0.2.7").remote, "192.0.2.7");
  assertEquals(seen("::ffff:c000:207").remote, "::ffff:c000:207");
  assertEquals(seen("2001:db8::7").remote, "2001:db8::7");
});

Deno.test("of a chain, the last address that is no proxy is the client: the rest it may have made up", () => {
  const caller = seen("10.0.0.1", { "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.0.0.2" });
  assertEquals(caller.remote, "192.0.2.7");
});

Deno.test("nonsense in X-Forwarded-For is nobody's address but harms nothing", () => {
  assertEquals(seen("10.0.0.1", { "x-forwarded-for": "garbage" }).remote, "garbage");
  assertEquals(seen("10.0.0.1", { "x-forwarded-for": "" }).remote, "10.0.0.1");
});

Deno.test("TLS on the gateway itself is https", () => {
  assertEquals(seen("192.0.2.1", {}, { encrypted: true }).scheme, "https");
});

Deno.test("the path is what lies below the base path, and null outside of it", () => {
  const at = (url: string) => seen("192.0.2.1", {}, { basePath: "/shell", url }).path;
  assertEquals(at("/shell"), "/");
  assertEquals(at("/shell/"), "/");
  assertEquals(at("/shell/login?next=x"), "/login");
  assertEquals(at("/shellfish"), null);
  assertEquals(at("/"), null);
});

Deno.test("safeNext() leads nowhere but to paths of the gateway", () => {
  assertEquals(safeNext("/?session=abc#x", "/"), "/?session=abc#x");
  assertEquals(safeNext(null, "/shell"), "/shell/");
  const evil = [
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "\\\\evil.example",
    "evil",
    "/\n//evil.example",
    "/..//evil.example",
  ];
  for (const next of evil) assertEquals(safeNext(next, "/"), "/", next);
});
