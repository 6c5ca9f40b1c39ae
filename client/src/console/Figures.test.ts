import { expect, test } from "vitest";
import { inUnit, verdict } from "./Figures";

test("a figure is judged by which way is good", () => {
  expect(verdict({ better: "higher", target: 9500 }, 9600)).toBe("kept");
  expect(verdict({ better: "lower", target: 30 }, 31)).toBe("missed");
  expect(verdict({ better: "neither", target: 30 }, 31)).toBeUndefined();
  expect(verdict({ better: "higher" }, 1)).toBeUndefined();
});

test("figures are written as people say them", () => {
  expect(inUnit("en", "basis_points", 9637, "TWD")).toBe("96.4 %");
  expect(inUnit("zh-Hant", "grams", 12500, "TWD")).toBe("12.5 公斤");
  expect(inUnit("en", "grams", 85, "TWD")).toBe("85 g");
  expect(inUnit("en", "money", 123456, "CNY")).toContain("1,234.56");
  expect(inUnit("en", "money", 123456, "TWD")).toContain("123,456");
});
