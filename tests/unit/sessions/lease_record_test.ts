import { assertEquals } from "@std/assert";
import { decodeRecord, encodeRecord, newRecord } from "../../../lib/sessions/lease_record.ts";
import { PROFILE } from "./scripted.ts";

/** A record as 0.1.0 wrote it; it stays as it is. */
const OF_0_1_0 = '{"user":"alice","profile":{"image":"ubuntu:24.04","command":["/bin/bash","-l"],' +
  '"limits":{"cpus":0.5,"memoryBytes":209715200,"pids":128,"diskBytes":1073741824},' +
  '"network":"ttygate","runtime":"","user":""},"startedAt":1764000000000,' +
  '"activeAt":1764000060000,"inputBytes":12,"viewers":2,"left":true,"end":5000}\n';
const OUTPUT = Uint8Array.of(0, 10, 255);

const bytes = (head: string) => Uint8Array.of(...new TextEncoder().encode(head), ...OUTPUT);
const withHead = (change: (head: Record<string, unknown>) => unknown) =>
  bytes(JSON.stringify(change(JSON.parse(OF_0_1_0))) + "\n");

Deno.test("a session of 0.1.0 goes on", () => {
  const profile = {
    image: "ubuntu:24.04",
    command: ["/bin/bash", "-l"],
    limits: { cpus: 0.5, memoryBytes: 209715200, pids: 128, diskBytes: 1073741824 },
    network: "ttygate",
    runtime: "",
    user: "",
  };
  assertEquals(decodeRecord(bytes(OF_0_1_0)), {
    ...{ user: "alice", profile, startedAt: 1764000000000, activeAt: 1764000060000 },
    ...{ output: { bytes: OUTPUT, end: 5000 }, greetingBytes: 0 },
    ...{ inputBytes: 12, viewers: 2, keptMs: 0, left: true },
  });
});

Deno.test("what a later version adds is passed over, what an earlier one lacks is filled in", () => {
  const known = decodeRecord(bytes(OF_0_1_0));
  const added = withHead((head) => ({ ...head, format: 1, node: "a", home: { volume: "v" } }));
  assertEquals(decodeRecord(added), known);
  const lacking = withHead(({ inputBytes: _i, viewers: _v, left: _l, ...head }) => head);
  assertEquals(decodeRecord(lacking), { ...known!, inputBytes: 0, viewers: 0, left: false });
});

Deno.test("a record in a format that is not known yet is not guessed at", () => {
  assertEquals(decodeRecord(withHead((head) => ({ ...head, format: 2 }))), null);
});

Deno.test("what is written is read again", () => {
  const record = { ...newRecord("alice", PROFILE), output: { bytes: OUTPUT, end: 7 }, left: true };
  assertEquals(decodeRecord(Uint8Array.from(encodeRecord(record))), record);
  const set = { ...record, output: { ...record.output, modes: "\x1b[?1049h\x1b]2;t\x07" } };
  assertEquals(decodeRecord(Uint8Array.from(encodeRecord(set))), set);
});
