/** Proves the messages of D-Bus against bytes as a bus wrote them. */
import { assertEquals, assertThrows } from "@std/assert";
import { unitPath } from "../../../lib/systemd/bus.ts";
import {
  decodeMessage,
  encodeCall,
  HEAD_BYTES,
  messageBytes,
} from "../../../lib/systemd/bus_message.ts";

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  const whole = Uint8Array.fromHex(hex);
  assertEquals(messageBytes(whole.slice(0, HEAD_BYTES)), whole.length);
  return whole;
}

Deno.test("an answer has the serial of its call, and values of every type that is asked for", () => {
  const strings =
    "6c0201011f000000200000002d000000050175000200000006017300040000003a312e3500000000" +
    "080167000176000007017300040000003a312e30000000000261730017000000120000006d616e3a646275732d" +
    "6461656d6f6e28312900";
  const pair =
    "6c02010115000000220000002d000000050175000400000006017300040000003a312e350000000008" +
    "0167000176000007017300040000003a312e3000000000042873732900000000000000000000000000000000";
  assertEquals(decodeMessage(bytes(strings)), {
    answers: 2,
    failed: false,
    body: [["man:dbus-daemon(1)"]],
  });
  assertEquals(decodeMessage(bytes(pair)), { answers: 4, failed: false, body: [["", ""]] });
});

Deno.test("an error has the bus's words, and a signal answers nothing", () => {
  const error =
    "6c030101460000002300000065000000050175000500000006017300040000003a312e350000000004" +
    "0173002a0000006f72672e667265656465736b746f702e444275732e4572726f722e556e6b6e6f776e50726f70" +
    "65727479000000000000080167000173000007017300040000003a312e300000000041000000556e6b6e6f776e" +
    "20696e74657266616365206f72672e667265656465736b746f702e73797374656d64312e556e6974206f722070" +
    "726f7065727479204e6f70652e00";
  assertEquals(decodeMessage(bytes(error)), {
    answers: 5,
    failed: true,
    body: ["Unknown interface org.freedesktop.systemd1.Unit or property Nope."],
  });
  const signal =
    "6c04010109000000020000008d00000001016f00150000002f6f72672f667265656465736b746f702f" +
    "4442757300000002017300140000006f72672e667265656465736b746f702e4442757300000000030173000c00" +
    "00004e616d6541637175697265640000000006017300040000003a312e35000000000801670001730000070173" +
    "00140000006f72672e667265656465736b746f702e4442757300000000040000003a312e3500";
  assertEquals(decodeMessage(bytes(signal)), { answers: null, failed: false, body: [":1.5"] });
});

Deno.test("a call is a message that is read back as it was written", () => {
  const method = { destination: "a.b", path: "/c", interface: "d.e", name: "Get" };
  for (const args of [[], ["one"], ["Ünit", "LoadState"]]) {
    const call = encodeCall(7, method, args);
    assertEquals(messageBytes(call), call.length);
    assertEquals(decodeMessage(call), { answers: null, failed: false, body: args });
  }
});

Deno.test("what is no message of this kind is refused", () => {
  const call = encodeCall(1, { destination: "a.b", path: "/", interface: "a.b", name: "x" }, ["y"]);
  assertThrows(() => decodeMessage(call.slice(0, -3)), RangeError);
  call[0] = "B".charCodeAt(0);
  assertThrows(() => messageBytes(call), Error, "little-endian");
});

Deno.test("a unit's path has all but letters and digits escaped", () => {
  assertEquals(
    unitPath("ttygate-sweep.timer"),
    "/org/freedesktop/systemd1/unit/ttygate_2dsweep_2etimer",
  );
});
