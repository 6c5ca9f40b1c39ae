import { useEffect, useState } from "react";
import { Languages } from "../shared/Languages";
import { type Me, signOut, whoAmI } from "../shared/api/session";
import { type Language, rememberLanguage, say, startLanguage } from "../shared/words";
import { Figures } from "./Figures";
import { Live } from "./Live";
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
            <button type="button" onClick={() => signOut(session.me).then(() => setSession({ state: "nobody" }))}>
              {say(language, "client.sign_out")}
            </button>
          </>
        )}
        <a href="/api/docs">{say(language, "client.api")}</a>
        <Languages language={language} onChange={setLanguage} />
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

/** What a role may see of the day: its figures, and what happens while one looks. */
function Day({ language, me }: { language: Language; me: Me }) {
  const [reads, watches] = [me.duties.includes("read_indicators"), me.duties.includes("read_events")];
  if (!reads && !watches) return <p className="quiet">{say(language, "client.no_view")}</p>;
  return (
    <div className="day">
      {reads && <Figures language={language} />}
      {watches && <Live language={language} />}
    </div>
  );
}
