/** SFTP's packets, and files that are read and written in pieces. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FilesError } from "../../../lib/protocol/files.ts";
import type { SessionFiles } from "../../../lib/sessions/files/files.ts";
import { Reading, type Room, Writing } from "../../../lib/ssh/sftp_handles.ts";
import { answers, PacketError, requestOf } from "../../../lib/ssh/sftp_wire.ts";
import { ScriptedFiles } from "../sessions/scripted_files.ts";

const over = new AbortController().signal;
const usual = { mode: null, kept: 0 };

function roomWith(kept: Record<string, Uint8Array<ArrayBuffer>>): Room & { files: ScriptedFiles } {
  const files = new ScriptedFiles();
  for (const [path, bytes] of Object.entries(kept)) files.kept.set(`box:${path}`, bytes);
  return { files: files as unknown as SessionFiles & ScriptedFiles, of: "box", over };
}

Deno.test("a packet that is cut is one that makes no sense, and not one of another size", () => {
  const open = [3, 0, 0, 0, 7, 0, 0, 0, 2, 47, 120, 0, 0, 0, 1, 0, 0, 0, 0];
  const wants = { size: null, owner: null, mode: null, changed: null };
  assertEquals(requestOf(new Uint8Array(open)), {
    ...{ id: 7, verb: "open", path: "/x", flags: 1, wants },
  });
  for (let length = 0; length < open.length; length++) {
    assertThrows(() => requestOf(new Uint8Array(open.slice(0, length))), PacketError);
  }
  const far = [5, 0, 0, 0, 7, 0, 0, 0, 1, 49, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1];
  assertThrows(() => requestOf(new Uint8Array(far)), PacketError);
  assertEquals(requestOf(new Uint8Array([200, 0, 0, 0, 7])), { id: 7, verb: "other" });
  assertEquals([...answers.handle(7, "1")], [0, 0, 0, 10, 102, 0, 0, 0, 7, 0, 0, 0, 1, 49]);
});

Deno.test("a file is read on from any place, and back only so often", async () => {
  const room = roomWith({ "/x": new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) });
  await using reading = await Reading.open(room, "/x");
  assertEquals([...(await reading.read(0, 4))!], [0, 1, 2, 3]);
  assertEquals([...(await reading.read(6, 2))!], [6, 7]);
  assertEquals([...(await reading.read(8, 9))!], [8, 9]);
  assertEquals(await reading.read(10, 1), null);
  assertEquals([...(await reading.read(3, 1))!], [3]);
  assertEquals(await reading.read(99, 1), null);
  const again = async () => {
    for (let times = 0; times < 20; times++) await reading.read(0, 1);
  };
  await assertRejects(again, FilesError, "from its start to its end");
  await assertRejects(() => Reading.open(room, "/folder"), FilesError, "is a folder");
});

Deno.test("a file is written from its start on, and is there when it is finished", async () => {
  const room = roomWith({});
  await using writing = new Writing(room, "/x", { mode: 0o600, kept: 0 });
  await writing.write(0, new Uint8Array([1, 2]));
  await writing.write(2, new Uint8Array([3]));
  assertEquals(room.files.kept.size, 0);
  writing.amend({ mode: null, changed: 9 });
  await writing.finish();
  assertEquals([...room.files.kept.get("box:/x")!], [1, 2, 3]);
  assertEquals(room.files.amended.get("box:/x"), { mode: null, changed: 9 });
});

Deno.test("a file that is there is written over whole, or stays", async () => {
  const before = new Uint8Array([1, 2, 3]);
  const room = roomWith({ "/x": before });
  {
    await using writing = new Writing(room, "/x", { mode: null, kept: 3 });
    await writing.write(0, new Uint8Array([7]));
    assertThrows(() => writing.cut(2), FilesError, "not cut");
    await assertRejects(() => writing.finish(), FilesError, "The rest of /x would be lost");
  }
  assertEquals(room.files.kept.get("box:/x"), before);
  await using writing = new Writing(room, "/x", { mode: null, kept: 3 });
  await writing.write(0, new Uint8Array([7]));
  writing.cut(1);
  await writing.finish();
  assertEquals([...room.files.kept.get("box:/x")!], [7]);
});

Deno.test("of a file that is written here and there nothing is kept", async () => {
  const room = roomWith({});
  await using writing = new Writing(room, "/x", usual);
  await writing.write(0, new Uint8Array([1, 2]));
  await assertRejects(() => writing.write(5, new Uint8Array([3])), FilesError, "to its end");
  await assertRejects(() => writing.finish(), FilesError, "to its end");
  await writing[Symbol.asyncDispose]();
  assertEquals(room.files.kept.size, 0);
});

Deno.test("what goes wrong with an upload is told with the next piece, and at its end", async () => {
  const room = roomWith({});
  await using writing = new Writing(room, "/full", usual);
  const write = async () => {
    for (let at = 0; at < 10; at++) await writing.write(at, new Uint8Array(1));
  };
  await assertRejects(write, FilesError, "no room");
  await assertRejects(() => writing.finish(), FilesError, "no room");
});
