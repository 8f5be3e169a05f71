import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DockerError, type PullProgress } from "deno-docker-api";
import { testImage } from "../support/image.ts";
import { Engine } from "./engine.ts";
import { TinyRegistry } from "./registry.ts";

Deno.test("an image is tagged, inspected by its new name, and that name removed", async () => {
  await using engine = new Engine();
  const { images } = engine.docker;
  const name = `ttygate-test/${engine.id}:one`;
  await images.tag(testImage(), name);
  const { Id, RepoTags } = await images.inspect(name);
  assert(RepoTags?.includes(name));
  assertEquals((await images.inspect(testImage())).Id, Id);
  assertEquals(await images.remove(name), [{ Untagged: name }]);
  const error = await assertRejects(() => images.inspect(name), DockerError) as DockerError;
  assert(error.isNotFound);
  assertStringIncludes(error.dockerMessage, "No such image");
});

Deno.test("pull() brings the image that a reference names, and that one only", async () => {
  await using registry = await TinyRegistry.serve();
  await using engine = new Engine();
  const { images } = engine.docker;
  const repository = `127.0.0.1:${registry.port}/test/app`;
  const references = [repository, `${repository}:other`, `${repository}@${registry.digest}`];
  for (const reference of references) {
    registry.manifests.length = 0;
    const seen: PullProgress[] = await Array.fromAsync(images.pull(reference));
    try {
      assertStringIncludes(seen.map(({ status }) => status).join("\n"), "Downloaded newer image");
      assert(seen.some(({ id, status }) => id && status === "Pull complete"));
      assertEquals((await images.inspect(reference)).Config?.Labels?.["ttygate.test"], registry.id);
      const named = reference.slice(repository.length + 1) || "latest";
      assert(registry.manifests.every((asked) => asked === named || asked === registry.digest));
    } finally {
      await images.remove(reference, { force: true });
    }
  }
});

Deno.test("pull() of an image that cannot be had says why in Docker's words", async () => {
  await using registry = await TinyRegistry.serve();
  await using engine = new Engine();
  const { images } = engine.docker;
  const here = `127.0.0.1:${registry.port}/test/app:none`;
  for (
    const [reference, words] of [["127.0.0.1:1/none", "refused"], [
      here,
      "manifest unknown",
    ]] as const
  ) {
    const pull = () => Array.fromAsync(images.pull(reference));
    const error = await assertRejects(pull, DockerError, `Cannot pull image ${reference}: `);
    assertStringIncludes((error as DockerError).dockerMessage, words);
  }
});
