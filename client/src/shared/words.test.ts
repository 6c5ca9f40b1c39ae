import { expect, test } from "vitest";
import { firstLanguage, languages, say } from "./words";

test("a sentence carries its values in every language", () => {
  for (const language of languages) {
    expect(say(language, "client.signed_in_as", { name: "Ann" })).toContain("Ann");
  }
});

test("the device's last choice wins over the browser", () => {
  expect(firstLanguage("en", ["zh-TW"])).toBe("en");
});

test("browsers get the script they read", () => {
  expect(firstLanguage(null, ["zh-CN", "en"])).toBe("zh-Hans");
  expect(firstLanguage(null, ["zh-HK"])).toBe("zh-Hant");
  expect(firstLanguage(null, ["fr", "en-GB"])).toBe("en");
  expect(firstLanguage(null, ["fr"])).toBe("zh-Hant");
});
