import { assertEquals } from "@std/assert";
import { parseReference } from "../../../lib/docker/reference.ts";

Deno.test("parseReference() tells a registry's port from a tag, and defaults to latest", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const cases: [reference: string, repository: string, tag: string][] = [
    ["ubuntu", "ubuntu", "latest"],
    ["ubuntu:24.04", "ubuntu", "24.04"],
    ["registry:5000/team/app", "registry:5000/team/app", "latest"],
    ["registry:5000/team/app:1.2", "registry:5000/team/app", "1.2"],
    ["[::1]:5000/app:1", "[::1]:5000/app", "1"],
    [`ubuntu@${digest}`, "ubuntu", digest],
    [`registry:5000/app:1.2@${digest}`, "registry:5000/app", digest],
    ["ubuntu:", "ubuntu", "latest"],
  ];
  for (const [reference, repository, tag] of cases) {
    assertEquals(parseReference(reference), { repository, tag });
  }
});
