import { assertEquals } from "@std/assert";
import { BlockList } from "node:net";
import { safeNext } from "../../../lib/http/answers.ts";
import { callerOf, peerOf, sourceOf } from "../../../lib/http/caller.ts";

const proxies = new BlockList();
proxies.addSubnet("10.0.0.0", 8, "ipv4");
proxies.addAddress("::1", "ipv6");

function seen(
  address: string | undefined,
  headers: Record<string, string> = {},
  { basePath = "/", encrypted = false, url = "/" } = {},
) {
  return callerOf(
    { method: "GET", url, headers: new Headers(headers), host: "localhost" },
    peerOf(address === undefined ? "unix" : "tcp", address, encrypted)!,
    { listener: "web", basePath, trustedProxies: proxies },
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

Deno.test("a TCP connection that has lost its address is nobody's, and no trusted proxy's", () => {
  assertEquals(peerOf("tcp", undefined, false), null);
  assertEquals(peerOf("unix", undefined, false), { address: null, encrypted: false });
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

Deno.test("what is no address in X-Forwarded-For is nobody's: the way is known up to there", () => {
  const remote = (chain: string) => seen("10.0.0.1", { "x-forwarded-for": chain }).remote;
  for (const chain of ["garbage", "", "1.2.3", "6.6.6.6, unknown", "6.6.6.6, 1.2.3.4 user=root"]) {
    assertEquals(remote(chain), "10.0.0.1", chain);
  }
  assertEquals(remote("6.6.6.6, unknown, 10.0.0.2"), "10.0.0.2");
  assertEquals(seen(undefined, { "x-forwarded-for": "root" }).remote, "unix");
});

Deno.test("an address in X-Forwarded-For may have a port, and be IPv4 in IPv6's clothes", () => {
  const remote = (chain: string) => seen("10.0.0.1", { "x-forwarded-for": chain }).remote;
  assertEquals(remote("192.0.2.7:4711"), "192.0.2.7");
  assertEquals(remote("[2001:db8::7]:4711"), "2001:db8::7");
  assertEquals(remote("[2001:db8::7]"), "2001:db8::7");
  assertEquals(remote("2001:db8::7"), "2001:db8::7");
  assertEquals(remote("::ffff:192.0.2.7"), "192.0.2.7");
});

Deno.test("shares are by IPv4 address and by the /64 of IPv6", () => {
  assertEquals(sourceOf("192.0.2.7"), "192.0.2.7");
  assertEquals(sourceOf("::ffff:192.0.2.7"), "192.0.2.7");
  assertEquals(sourceOf("2001:DB8:0:1:2:3:4:5"), "2001:db8:0:1::/64");
  assertEquals(sourceOf("2001:db8:0:1::9"), "2001:db8:0:1::/64");
  assertEquals(sourceOf("2001:db8::1:0:0:0:1"), "2001:db8:0:1::/64");
  assertEquals(sourceOf("fe80::1%eth0"), "fe80:0:0:0::/64");
  assertEquals(sourceOf("::1"), "0:0:0:0::/64");
  assertEquals(sourceOf("unix"), "unix");
  assertEquals(seen("10.0.0.1", { "x-forwarded-for": "2001:db8::7" }).source, "2001:db8:0:0::/64");
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
