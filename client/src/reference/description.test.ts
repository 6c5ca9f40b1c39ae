import { expect, test } from "vitest";
import { type Description, inShort, matching, operations, resolved } from "./description";

const described: Description = {
  paths: {
    "/sites": { get: { tags: ["0 catalog"], operationId: "list_sites", summary: "Every site." } },
    "/arrivals": { post: { tags: ["1.6 receiving"], operationId: "arrive", summary: "A truck is here." } },
    "/orders": { get: { tags: ["3.1 intake"], operationId: "list_orders" } },
  },
  components: {
    schemas: { Lot: { type: "object", properties: { parent: { $ref: "#/components/schemas/Lot" } } }, Id: { $ref: "#/components/schemas/Text" }, Text: { type: "string", maxLength: 20 } },
  },
};

test("operations stand in the order of the workflow, the ground last", () => {
  expect(operations(described).map((one) => one.id)).toEqual(["arrive", "list_orders", "list_sites"]);
});

test("a search wants every word", () => {
  const all = operations(described);
  expect(matching(all, "truck POST").map((one) => one.id)).toEqual(["arrive"]);
  expect(matching(all, "truck get")).toEqual([]);
  expect(matching(all, "  ")).toHaveLength(3);
});

test("a reference is followed to its end, and one that leads nowhere is shown as it is", () => {
  expect(resolved(described, { $ref: "#/components/schemas/Id" })).toEqual({ name: "Text", schema: { type: "string", maxLength: 20 } });
  expect(resolved(described, { $ref: "#/components/schemas/Gone" }).name).toBe("Gone");
});

test("limits are told in short", () => {
  expect(inShort({ type: "integer", format: "int64", minimum: 1, maximum: 200 })).toBe("integer · int64 · 1–200");
  expect(inShort({ type: "string", enum: ["a", "b"] })).toBe('string · "a" | "b"');
});
