import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Assets, basePrefix, type Manifest } from "../../../lib/http/assets.ts";
import { loginPage, SECURITY_HEADERS, sharedPage, terminalPage } from "../../../lib/http/pages.ts";

const SCRIPT = "console.log('a script long enough to be worth compressing');\n".repeat(100);

/** A small bundle in a directory of its own, with the project's real templates. */
async function bundle(): Promise<AsyncDisposable & { dir: string; assets: Assets }> {
  const dir = await Deno.makeTempDir();
  const file = (name: string, type: string, gzip: boolean) => ({
    file: name,
    type,
    etag: `W/"${name.split(".")[1]}"`,
    gzip,
    parts: name.startsWith("terminal.aa") ? ["chunk-AAAAAAAA.js", "chunk-BBBBBBBB.js"] : [],
  });
  const manifest: Manifest = {
    inputs: "0",
    files: {
      "terminal.js": file("terminal.aa.js", "text/javascript; charset=utf-8", true),
      "terminal.css": file("terminal.bb.css", "text/css; charset=utf-8", false),
      "login.js": file("login.ee.js", "text/javascript; charset=utf-8", false),
      "login.css": file("login.cc.css", "text/css; charset=utf-8", false),
      "shared.js": file("shared.ee.js", "text/javascript; charset=utf-8", false),
      "shared.css": file("shared.ff.css", "text/css; charset=utf-8", false),
      "favicon.svg": file("favicon.dd.svg", "image/svg+xml", false),
      ...Object.fromEntries(["bell", "warning", "ended", "lost"].map((sign) => {
        const name = `favicon-${sign}`;
        return [`${name}.svg`, file(`${name}.dd.svg`, "image/svg+xml", false)];
      })),
    },
    templates: ["login.html", "terminal.html", "shared.html", "app.webmanifest"],
  };
  await Deno.writeTextFile(`${dir}/manifest.json`, JSON.stringify(manifest));
  for (const { file } of Object.values(manifest.files)) {
    await Deno.writeTextFile(`${dir}/${file}`, SCRIPT);
  }
  const compressed = new Blob([SCRIPT]).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${dir}/terminal.aa.js.gz`, compressed);
  for (const name of manifest.templates) {
    await Deno.copyFile(new URL(`../../../static/${name}`, import.meta.url), `${dir}/${name}`);
  }
  return {
    dir,
    assets: await Assets.load(dir),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

function get(headers: HeadersInit = {}, method = "GET"): Request {
  return new Request("http://gate/assets/x", { method, headers });
}

Deno.test("Assets.load() takes a path and a file URL, with or without a last slash", async () => {
  await using made = await bundle();
  for (const dir of [`file://${made.dir}`, `file://${made.dir}/`]) {
    assertEquals((await Assets.load(new URL(dir))).url("login.css", "/"), "/assets/login.cc.css");
  }
});

Deno.test("Assets.load() says how to make a front end that is not there", async () => {
  await assertRejects(
    () => Assets.load("/nonexistent/assets"),
    Error,
    'run scripts/setup.sh or "deno',
  );
});

Deno.test("Assets.load() refuses a bundle with a file missing", async () => {
  await using made = await bundle();
  await Deno.remove(`${made.dir}/login.cc.css`);
  await assertRejects(() => Assets.load(made.dir), Error, "login.cc.css");
});

Deno.test("an asset is served with its type, a tag and a long cache", async () => {
  await using made = await bundle();
  const response = made.assets.respond(get(), "terminal.aa.js")!;
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/javascript; charset=utf-8");
  assertEquals(response.headers.get("etag"), 'W/"aa"');
  assertEquals(response.headers.get("cache-control"), "public, max-age=31536000, immutable");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertEquals(response.headers.get("vary"), "accept-encoding");
  assertEquals(response.headers.get("content-length"), `${SCRIPT.length}`);
  assertEquals(await response.text(), SCRIPT);
});

Deno.test("an asset is compressed for whoever accepts gzip, and for no one else", async () => {
  await using made = await bundle();
  const encoding = (accept: string, file = "terminal.aa.js") =>
    made.assets.respond(get({ "accept-encoding": accept }), file)!.headers.get("content-encoding");
  for (const accept of ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"]) {
    assertEquals(encoding(accept), "gzip");
  }
  for (const accept of ["", "br", "gzip;q=0", "*, gzip;q=0.0", "xgzip"]) {
    assertEquals(encoding(accept), null);
  }
  assertEquals(encoding("gzip", "login.cc.css"), null); // it has no compressed form
  const response = made.assets.respond(get({ "accept-encoding": "gzip" }), "terminal.aa.js")!;
  const plain = response.body!.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(plain).text(), SCRIPT);
});

Deno.test("a tag that still holds is answered 304 without a body", async () => {
  await using made = await bundle();
  for (const tag of ['W/"aa"', '"aa"', '"zz", W/"aa"', "*"]) {
    const response = made.assets.respond(get({ "if-none-match": tag }), "terminal.aa.js")!;
    assertEquals([response.status, response.body], [304, null]);
    assertEquals(response.headers.get("etag"), 'W/"aa"');
  }
  const changed = made.assets.respond(get({ "if-none-match": '"zz"' }), "terminal.aa.js")!;
  assertEquals(changed.status, 200);
});

Deno.test("HEAD has the headers of GET and no body; other methods are refused", async () => {
  await using made = await bundle();
  const head = made.assets.respond(get({}, "HEAD"), "favicon.dd.svg")!;
  assertEquals([head.status, head.body], [200, null]);
  assertEquals(head.headers.get("content-length"), `${SCRIPT.length}`);
  const post = made.assets.respond(get({}, "POST"), "favicon.dd.svg")!;
  assertEquals([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
});

Deno.test("only the manifest's files are assets, by their hashed names", async () => {
  await using made = await bundle();
  for (
    const name of [
      "",
      "terminal.js",
      "manifest.json",
      "login.html",
      "terminal.aa.js.gz",
      "..",
      "__proto__",
    ]
  ) {
    assertEquals(made.assets.respond(get(), name), null);
  }
});

Deno.test("Assets.url() puts the base path in front, and knows no other names", async () => {
  await using made = await bundle();
  assertEquals(made.assets.url("terminal.js", "/"), "/assets/terminal.aa.js");
  assertEquals(made.assets.url("terminal.js", "/shell"), "/shell/assets/terminal.aa.js");
  assertEquals(made.assets.url("terminal.js", "/shell/"), "/shell/assets/terminal.aa.js");
  assertThrows(() => made.assets.url("other.js", "/"), Error, "other.js");
});

Deno.test("basePrefix() leaves a path that another can follow", () => {
  assertEquals(["/", "", "/a", "/a/", "/a/b//"].map(basePrefix), ["", "", "/a", "/a", "/a/b"]);
});

Deno.test("the pages carry every security header and are not stored", async () => {
  await using made = await bundle();
  const { assets } = made;
  for (
    const page of [
      loginPage({ basePath: "/", language: "en", assets, next: "/" }),
      terminalPage({ basePath: "/", language: "en", assets, known: null, user: "anna" }),
      sharedPage({ basePath: "/", language: "en", assets, user: "anna" }),
    ]
  ) {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      // The terminal's alone lets what is its own compile WebAssembly.
      assertEquals(page.headers.get(name)?.replace(" 'wasm-unsafe-eval'", ""), value);
    }
    assertEquals(page.headers.get("cache-control"), "no-store");
    assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  }
});

Deno.test("the policy allows nothing inline, nothing evaluated and nothing from elsewhere", () => {
  const policy = SECURITY_HEADERS["content-security-policy"]!;
  assertMatch(policy, /^default-src 'none'; /);
  assertMatch(policy, /frame-ancestors 'none'/);
  assertEquals(/unsafe|data:|https?:|\*/.test(policy), false);
});

Deno.test("the terminal's page alone may compile WebAssembly, of its own scripts", async () => {
  await using made = await bundle();
  const page = terminalPage({
    basePath: "/",
    assets: made.assets,
    known: null,
    user: "anna",
    language: "en",
  });
  const policy = page.headers.get("content-security-policy")!;
  assertEquals(policy.match(/unsafe|script-src[^;]*/g), ["script-src 'self' 'wasm-unsafe-eval'"]);
});

Deno.test("the pages have no inline script, style or handler, and no placeholder left", async () => {
  await using made = await bundle();
  const { assets } = made;
  for (
    const page of [
      loginPage({ basePath: "/x/", language: "en", assets, next: "/x/" }),
      terminalPage({ basePath: "/x/", language: "en", assets, known: null, user: "anna" }),
      sharedPage({ basePath: "/x/", language: "en", assets, user: "anna" }),
    ]
  ) {
    const html = await page.text();
    assertEquals(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|\[\[/i.test(html), false);
    assertMatch(html, /href="\/x\/assets\//);
  }
});

Deno.test("a page names at once what its script imports, and the log-in fetches that ahead", async () => {
  await using made = await bundle();
  const { assets } = made;
  const page = { basePath: "/x/", language: "en", assets } as const;
  const links = async (response: Response, rel: string) =>
    Array.from((await response.text()).matchAll(/<link rel="(\w+)"[^>]* href="([^"]+\.js)"/g))
      .filter(([, found]) => found === rel).map(([, , href]) => href);
  const parts = ["/x/assets/chunk-AAAAAAAA.js", "/x/assets/chunk-BBBBBBBB.js"];
  const terminal = terminalPage({ ...page, known: null, user: "anna" });
  assertEquals(await links(terminal, "modulepreload"), parts);
  const login = loginPage({ ...page, next: "/" });
  assertEquals(await links(login, "prefetch"), ["/x/assets/terminal.aa.js", ...parts]);
});

Deno.test("what a person typed is escaped wherever it appears", async () => {
  await using made = await bundle();
  const { assets } = made;
  const evil = `"><script>alert('&')</script>$&`;
  const escaped = "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;$&amp;";
  const login = loginPage({
    basePath: "/",
    language: "en",
    assets,
    next: evil,
    username: evil,
    banner: evil,
  }, 401);
  assertEquals(login.status, 401);
  const html = await login.text();
  assertEquals(html.split(escaped).length - 1, 3);
  assertEquals(html.includes("<script>"), false);
  const terminal = await terminalPage({
    basePath: "/",
    language: "en",
    assets,
    known: null,
    user: evil,
  }).text();
  assertEquals(terminal.split(escaped).length - 1, 1);
  assertEquals(terminal.includes("<script>"), false);
});

Deno.test("the log-in form focuses the first field there is something to type into", async () => {
  await using made = await bundle();
  const { assets } = made;
  const focused = async (username?: string) => {
    const html = await loginPage({ basePath: "/", language: "en", assets, next: "/", username })
      .text();
    return html.match(/<input[^>]*autofocus[^>]*>/g)?.map((input) => /id="(\w+)"/.exec(input)?.[1]);
  };
  assertEquals(await focused(), ["username"]);
  assertEquals(await focused("anna"), ["password"]);
});

Deno.test("the log-in form shows an error as an alert, and an empty one without one", async () => {
  await using made = await bundle();
  const { assets } = made;
  const alert = async (refusal?: "denied" | "locked", retryAfter?: number) =>
    /<p id="error" role="alert">([^]*?)<\/p>/.exec(
      await loginPage({ basePath: "/", language: "en", assets, next: "/", refusal, retryAfter })
        .text(),
    )?.[1];
  assertEquals(await alert("denied"), "The user name or the password is wrong.");
  assertEquals(await alert("locked", 600), "Too many failed log-ins. Try again in 10 minutes.");
  assertEquals(await alert(), ""); // no white space either: the style hides what is :empty
});

Deno.test("the log-in form says in how many seconds another attempt is heard, where that is known", async () => {
  await using made = await bundle();
  const { assets } = made;
  const wait = async (retryAfter?: number) =>
    /<form[^>]* data-retry-after="(\w*)"/.exec(
      await loginPage({ basePath: "/", language: "en", assets, next: "/", retryAfter }).text(),
    )?.[1];
  assertEquals(await wait(552), "552");
  assertEquals(await wait(), "");
});
