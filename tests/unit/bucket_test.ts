import { assertEquals } from "@std/assert";
import { Bucket } from "../../lib/bucket.ts";
import { ManualClock } from "../support/manual_clock.ts";

Deno.test("what was used comes back with time, up to what fits in", async () => {
  const clock = new ManualClock();
  const bucket = new Bucket(clock, { most: 10, perSecond: 2 });
  assertEquals([bucket.level, bucket.waitMs], [10, 0]);
  bucket.spend(10);
  assertEquals([bucket.level, bucket.waitMs], [0, 0]);
  await clock.advance(1500);
  assertEquals(bucket.level, 3);
  await clock.advance(60_000);
  assertEquals(bucket.level, 10);
});

Deno.test("who uses more than there is waits until that has come back", async () => {
  const clock = new ManualClock();
  const bucket = new Bucket(clock, { most: 10, perSecond: 3 });
  bucket.spend(11);
  assertEquals([bucket.level, bucket.waitMs], [-1, 334]);
  await clock.advance(bucket.waitMs);
  assertEquals(bucket.waitMs, 0);
});

Deno.test("what is given back is there at once, and never more than fits in", () => {
  const bucket = new Bucket(new ManualClock(), { most: 10, perSecond: 1 });
  bucket.spend(4);
  bucket.spend(-3);
  assertEquals(bucket.level, 9);
  bucket.spend(-3);
  assertEquals(bucket.level, 10);
  bucket.spend(1);
  assertEquals(bucket.level, 9);
});

Deno.test("looking changes nothing, however often", async () => {
  const clock = new ManualClock();
  const [seen, unseen] = [0, 1].map(() => new Bucket(clock, { most: 10, perSecond: 1 }));
  for (const bucket of [seen!, unseen!]) bucket.spend(10);
  for (let look = 0; look < 100; look++) {
    await clock.advance(7);
    void seen!.level;
  }
  assertEquals(seen!.level, unseen!.level);
});
