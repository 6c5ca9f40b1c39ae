import { type FormEvent, useState } from "react";
import { type Me, signIn } from "../shared/api/session";
import { type Language, say } from "../shared/words";

/** Name and password; a refusal is shown in the server's own words, which are in the reader's language. */
export function SignIn({ language, onSignedIn }: { language: Language; onSignedIn: (me: Me) => void }) {
  const [refusal, setRefusal] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    const answer = await signIn(String(form.get("login")), String(form.get("password")), language).catch(() => ({
      refused: say(language, "client.unreachable"),
    }));
    setBusy(false);
    if ("refused" in answer) setRefusal(answer.refused);
    else onSignedIn(answer.me);
  }

  return (
    <form className="card narrow" onSubmit={submit}>
      <label>
        {say(language, "client.login")}
        <input name="login" autoComplete="username" required autoFocus />
      </label>
      <label>
        {say(language, "client.password")}
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {refusal && <p role="alert">{refusal}</p>}
      <button type="submit" disabled={busy}>
        {say(language, "client.sign_in")}
      </button>
    </form>
  );
}
