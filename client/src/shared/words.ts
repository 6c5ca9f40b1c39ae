// What the client says, from the one catalogue that the server speaks from too.
import catalogue from "../../../locales/client.json";

export const languages = ["zh-Hant", "zh-Hans", "en"] as const;
export type Language = (typeof languages)[number];
export type Key = keyof typeof catalogue;

export const languageNames = { "zh-Hant": "繁體中文", "zh-Hans": "简体中文", en: "English" } as const satisfies Record<
  Language,
  string
>;

/** The sentence under `key`, its `{names}` filled in. */
export function say(language: Language, key: Key, values: Readonly<Record<string, string>> = {}): string {
  return catalogue[key][language].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** What an event is called; one that has no name here yet is shown under its own. */
export function eventName(language: Language, kind: string): string {
  const named = `client.event.${kind}`;
  return named in catalogue ? say(language, named as Key) : kind.replaceAll("_", " ");
}

const remembered = "freshet.language";

/** What was chosen last on this device; otherwise the browser's own language, if we speak it. */
export function firstLanguage(stored: string | null, browser: readonly string[]): Language {
  const chosen = languages.find((language) => language === stored);
  if (chosen) return chosen;
  for (const tag of browser.map((tag) => tag.toLowerCase())) {
    if (tag === "zh-cn" || tag === "zh-sg" || tag.startsWith("zh-hans")) return "zh-Hans";
    if (tag.startsWith("zh")) return "zh-Hant";
    if (tag.startsWith("en")) return "en";
  }
  return "zh-Hant";
}

export function startLanguage(): Language {
  return firstLanguage(localStorage.getItem(remembered), navigator.languages);
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(remembered, language);
  document.documentElement.lang = language;
}
