import { useEffect, useState } from "react";
import { type Me, signOut, whoAmI } from "../shared/api/session";
import { type Language, languageNames, languages, rememberLanguage, say, startLanguage } from "../shared/words";
import { Day } from "./Day";
import { SignIn } from "./SignIn";

type Session = { state: "asking" } | { state: "nobody" } | { state: "unreachable" } | { state: "signed_in"; me: Me };

/** The console: signed out it asks who you are, signed in it shows the day. */
export function App() {
  const [language, setLanguage] = useState<Language>(startLanguage);
  const [session, setSession] = useState<Session>({ state: "asking" });

  useEffect(() => rememberLanguage(language), [language]);
  useEffect(() => {
    whoAmI().then(
      (me) => setSession(me ? { state: "signed_in", me } : { state: "nobody" }),
      () => setSession({ state: "unreachable" }),
    );
  }, []);

  return (
    <>
      <header>
        <strong>{say(language, "client.title")}</strong>
        <span className="spring" />
        {session.state === "signed_in" && (
          <>
            <span>{say(language, "client.signed_in_as", { name: session.me.name })}</span>
            <button
              type="button"
              onClick={() => signOut(session.me).then(() => setSession({ state: "nobody" }))}
            >
              {say(language, "client.sign_out")}
            </button>
          </>
        )}
        <label>
          <span className="unseen">{say(language, "client.language")}</span>
          <select
            value={language}
            onChange={(event) => setLanguage(languages.find((known) => known === event.target.value) ?? language)}
          >
            {languages.map((known) => (
              <option key={known} value={known}>
                {languageNames[known]}
              </option>
            ))}
          </select>
        </label>
      </header>
      <main>
        {session.state === "asking" && <p className="quiet">{say(language, "client.loading")}</p>}
        {session.state === "unreachable" && <p role="alert">{say(language, "client.unreachable")}</p>}
        {session.state === "nobody" && (
          <SignIn language={language} onSignedIn={(me) => setSession({ state: "signed_in", me })} />
        )}
        {session.state === "signed_in" && <Day language={language} me={session.me} />}
      </main>
    </>
  );
}
