/** What a request says of itself: its cookie, its origin, its Basic credential. */
import { assertEquals } from "@std/assert";
import { BASIC_CHARS, parseBasic } from "../../../lib/auth/basic.ts";
import type { CookieScope } from "../../../lib/auth/cookie.ts";
import {
  clearLoginCookie,
  loginCookieName,
  readLoginCookie,
  setLoginCookie,
} from "../../../lib/auth/cookie.ts";
import { checkOrigin } from "../../../lib/auth/origin.ts";

const SCOPES: readonly (readonly [CookieScope, string, string])[] = [
  [{ scheme: "https", basePath: "/" }, "__Host-ttygate", "Secure; "],
  [{ scheme: "https", basePath: "/term" }, "__Secure-ttygate", "Secure; "],
  [{ scheme: "http", basePath: "/" }, "ttygate", ""],
  [{ scheme: "http", basePath: "/term" }, "ttygate", ""],
];

for (const [scope, name, secure] of SCOPES) {
  Deno.test(`over ${scope.scheme} under ${scope.basePath} the cookie is ${name}`, () => {
    assertEquals(loginCookieName(scope), name);
    const headers = new Headers();
    setLoginCookie(headers, scope, { token: "id.secret", ttlMs: 90_500 });
    const [set] = headers.getSetCookie();
    assertEquals(
      set,
      `${name}=id.secret; ${secure}HttpOnly; Max-Age=90; SameSite=Strict; Path=${scope.basePath}`,
    );
    const cleared = new Headers();
    clearLoginCookie(cleared, scope);
    assertEquals(
      cleared.getSetCookie()[0],
      `${name}=; ${secure}HttpOnly; SameSite=Strict; Path=${scope.basePath}; ` +
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    );
    const request = new Headers({ cookie: `other=1; ${name}=id.secret; ${name}x=2` });
    assertEquals(readLoginCookie(request, scope), "id.secret");
  });
}

Deno.test("readLoginCookie() takes the first of a name, and null for none, another's or nonsense", () => {
  const scope: CookieScope = { scheme: "http", basePath: "/term" };
  const read = (cookie: string) => readLoginCookie(new Headers({ cookie }), scope);
  assertEquals(readLoginCookie(new Headers(), scope), null);
  assertEquals(read("ttygate=inner; ttygate=outer"), "inner");
  for (const cookie of ["", "=x", "ttygate", "ttygate=", "__Host-ttygate=x", "xttygate=x", ";;="]) {
    assertEquals(read(cookie), null, cookie);
  }
  assertEquals(read("=x; ttygate=good"), "good");
});

Deno.test("over TLS a cookie without the prefix counts for nothing", () => {
  const scope: CookieScope = { scheme: "https", basePath: "/" };
  assertEquals(readLoginCookie(new Headers({ cookie: "ttygate=x" }), scope), null);
});

Deno.test("checkOrigin() judges each row of the table", () => {
  const allowedOrigins = ["https://portal.example.org", "HTTP://Dev.example:80/"];
  const rows: [string | null, string | null, ReturnType<typeof checkOrigin>][] = [
    [null, "a.example", "missing"],
    [null, null, "missing"],
    ["https://a.example", "a.example", "same"],
    ["https://A.Example", "a.eXample", "same"],
    ["https://a.example", "a.example:443", "same"],
    ["https://a.example:443", "a.example", "same"],
    ["http://a.example", "a.example:80", "same"],
    ["http://127.0.0.1:8080", "127.0.0.1:8080", "same"],
    ["http://[::1]:8080", "[::1]:8080", "same"],
    ["http://localhost:8080", "127.0.0.1:8080", "foreign"],
    ["https://a.example", "a.example:80", "foreign"],
    ["https://a.example:8443", "a.example", "foreign"],
    ["https://b.a.example", "a.example", "foreign"],
    ["https://a.example.evil", "a.example", "foreign"],
    ["https://evil.example", "a.example", "foreign"],
    ["https://a.example", null, "foreign"],
    ["https://portal.example.org", "a.example", "allowed"],
    ["https://portal.example.org", null, "allowed"],
    ["https://PORTAL.example.org:443", "a.example", "allowed"],
    ["http://portal.example.org", "a.example", "foreign"],
    ["https://portal.example.org:8443", "a.example", "foreign"],
    ["http://dev.example", "a.example", "allowed"],
    ["null", "a.example", "foreign"],
    ["null", "null", "foreign"],
    ["", "a.example", "foreign"],
    ["a.example", "a.example", "foreign"],
    ["https://", "", "foreign"],
    ["https://a.example/path", "a.example", "foreign"],
    ["https://user@a.example", "a.example", "foreign"],
    ["https://evil.example", "evil.example@a.example", "foreign"],
    ["https://a.example https://evil.example", "a.example", "foreign"],
    ["https://a.example:99999", "a.example:99999", "foreign"],
    ["file://", "a.example", "foreign"],
    ["chrome-extension://abcdef", "abcdef", "foreign"],
  ];
  for (const [origin, host, verdict] of rows) {
    assertEquals(
      checkOrigin({ origin, host, scheme: null, allowedOrigins }),
      verdict,
      `${origin} at ${host}`,
    );
  }
});

Deno.test("checkOrigin() compares the scheme where it is known", () => {
  const judge = (origin: string, scheme: "http" | "https") =>
    checkOrigin({ origin, host: "a.example", scheme, allowedOrigins: [] });
  assertEquals(judge("https://a.example", "https"), "same");
  assertEquals(judge("https://a.example:443", "https"), "same");
  assertEquals(judge("http://a.example", "https"), "foreign");
  assertEquals(judge("http://a.example:80", "http"), "same");
  assertEquals(judge("https://a.example", "http"), "foreign");
});

Deno.test('checkOrigin() allows no opaque origin, even when "null" is listed', () => {
  const allowedOrigins = ["null", "", "*"];
  assertEquals(checkOrigin({ origin: "null", host: "a", scheme: null, allowedOrigins }), "foreign");
  assertEquals(
    checkOrigin({ origin: "https://b", host: "a", scheme: null, allowedOrigins }),
    "foreign",
  );
});

function basic(pair: string): string {
  return `Basic ${new TextEncoder().encode(pair).toBase64()}`;
}

Deno.test("parseBasic() reads name and password as UTF-8, the name up to the first colon", () => {
  // The example of RFC 7617 section 2.
  assertEquals(parseBasic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), {
    name: "Aladdin",
    password: "open sesame",
  });
  // The example of section 2.1.
  assertEquals(parseBasic("Basic dGVzdDoxMjPCow=="), { name: "test", password: "123£" });
  assertEquals(parseBasic(basic("alice:a:b:")), { name: "alice", password: "a:b:" });
  assertEquals(parseBasic(basic(":")), { name: "", password: "" });
  assertEquals(parseBasic(basic("a:b").replace("Basic", "bAsIc ")), { name: "a", password: "b" });
});

Deno.test("parseBasic() is null for what is absent, of another scheme, malformed or too long", () => {
  const malformed = [
    null,
    "",
    "Basic",
    "Basic ",
    "Bearer QTpC",
    "Basic !!!!",
    "Basic QTpC QTpC",
    basic("no colon"),
    basic("a:b\0c"),
    basic("a\n:b"),
    "Basic /zp4",
    "Basic QTpCA",
    basic(`a:${"x".repeat(BASIC_CHARS)}`),
  ];
  for (const header of malformed) assertEquals(parseBasic(header), null, String(header));
});
