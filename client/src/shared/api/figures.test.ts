import { expect, test } from "vitest";
import { dayOf } from "./figures";

test("a business day turns when the site says, by the site's own clock", () => {
  const taipei = { time_zone: "Asia/Taipei", day_turns_at_minute: 240 };
  expect(dayOf(taipei, new Date("2026-03-01T22:00:00Z"))).toBe("2026-03-02");
  expect(dayOf(taipei, new Date("2026-03-01T19:59:00Z"))).toBe("2026-03-01");
});
