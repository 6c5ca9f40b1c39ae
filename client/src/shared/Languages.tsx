import { type Language, languageNames, languages, say } from "./words";

/** The choice between our three languages. */
export function Languages({ language, onChange }: { language: Language; onChange: (language: Language) => void }) {
  return (
    <label>
      <span className="unseen">{say(language, "client.language")}</span>
      <select
        value={language}
        onChange={(event) => onChange(languages.find((known) => known === event.target.value) ?? language)}
      >
        {languages.map((known) => (
          <option key={known} value={known}>
            {languageNames[known]}
          </option>
        ))}
      </select>
    </label>
  );
}
