import { useEffect, useMemo, useState } from "react";
import { Languages } from "../shared/Languages";
import { type Language, rememberLanguage, say, startLanguage } from "../shared/words";
import { type Description, type Operation, matching, operations } from "./description";
import { Shape } from "./Shape";
import { bodyOf, inShort, resolved } from "./description";

type Reading = { state: "reading" } | { state: "unreadable" } | { state: "read"; description: Description };

/** Every operation of the server, by step, with what it takes and what it answers. */
export function Reference() {
  const [language, setLanguage] = useState<Language>(startLanguage);
  const [reading, setReading] = useState<Reading>({ state: "reading" });
  const [words, setWords] = useState("");

  useEffect(() => rememberLanguage(language), [language]);
  useEffect(() => {
    fetch("/api/openapi.json")
      .then((answer) => (answer.ok ? (answer.json() as Promise<Description>) : Promise.reject(new Error("refused"))))
      .then(
        (description) => setReading({ state: "read", description }),
        () => setReading({ state: "unreadable" }),
      );
  }, []);

  return (
    <>
      <header>
        <strong>{say(language, "reference.title")}</strong>
        <span className="spring" />
        <a href="/">{say(language, "reference.console")}</a>
        <a href="/api/openapi.json">{say(language, "reference.raw")}</a>
        <Languages language={language} onChange={setLanguage} />
      </header>
      <main>
        <p className="quiet">{say(language, "reference.intro")}</p>
        <input
          className="wide"
          type="search"
          autoFocus
          aria-label={say(language, "reference.search")}
          placeholder={say(language, "reference.search")}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        {reading.state === "reading" && <p className="quiet">{say(language, "client.loading")}</p>}
        {reading.state === "unreadable" && <p role="alert">{say(language, "reference.unreachable")}</p>}
        {reading.state === "read" && <Groups language={language} description={reading.description} words={words} />}
      </main>
    </>
  );
}

function Groups({ language, description, words }: { language: Language; description: Description; words: string }) {
  const all = useMemo(() => operations(description), [description]);
  const found = useMemo(() => matching(all, words), [all, words]);
  const tags = [...new Set(found.map((one) => one.tag))];
  return (
    <>
      <p className="quiet">
        {found.length === 0
          ? say(language, "reference.none")
          : say(language, "reference.found", { count: found.length.toLocaleString(language) })}
      </p>
      <nav className="tags">
        {tags.map((tag) => (
          <a key={tag} href={`#${anchor(tag)}`}>
            {tag}
          </a>
        ))}
      </nav>
      {tags.map((tag) => (
        <section className="card" key={tag} id={anchor(tag)}>
          <h2>{tag}</h2>
          {found
            .filter((one) => one.tag === tag)
            .map((one) => (
              <OneOperation key={one.id} language={language} description={description} operation={one} />
            ))}
        </section>
      ))}
    </>
  );
}

function anchor(tag: string): string {
  return tag.replaceAll(/[^a-z0-9]+/gi, "-");
}

function OneOperation({
  language,
  description,
  operation,
}: {
  language: Language;
  description: Description;
  operation: Operation;
}) {
  // What nobody has opened is not drawn: there are hundreds.
  const [open, setOpen] = useState(false);
  const body = bodyOf(operation.requestBody?.content);
  return (
    <details className="operation" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <b className={`method ${operation.method}`}>{operation.method.toUpperCase()}</b>
        <code>{operation.path}</code>
        <span className="quiet">{operation.summary}</span>
      </summary>
      {open && (
        <div className="inside">
          {operation.description && <p>{operation.description}</p>}
          {operation.parameters && operation.parameters.length > 0 && (
            <>
              <h3>{say(language, "reference.parameters")}</h3>
              <dl className="fields">
                {operation.parameters.map((parameter) => (
                  <div key={`${parameter.in} ${parameter.name}`}>
                    <dt>
                      <code>{parameter.name}</code> <small>{parameter.in}</small>
                      {parameter.required && <small className="must">{say(language, "reference.required")}</small>}
                    </dt>
                    <dd>
                      <small>{parameter.schema && inShort(resolved(description, parameter.schema).schema)}</small>{" "}
                      {parameter.description}
                    </dd>
                  </div>
                ))}
              </dl>
            </>
          )}
          {body && (
            <>
              <h3>
                {say(language, "reference.body")} <small>{body.media}</small>
              </h3>
              <Shape language={language} description={description} schema={body.schema} seen={[]} />
            </>
          )}
          <h3>{say(language, "reference.answers")}</h3>
          {Object.entries(operation.responses ?? {}).map(([status, answer]) => {
            const content = bodyOf(answer.content);
            return (
              <div key={status} className="answer">
                <b>{status}</b> <small>{content?.media}</small> {answer.description}
                {content && <Shape language={language} description={description} schema={content.schema} seen={[]} />}
              </div>
            );
          })}
        </div>
      )}
    </details>
  );
}
