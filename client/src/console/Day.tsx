import { useEffect, useState } from "react";
import { type ShopEvent, follow } from "../shared/api/events";
import type { Me } from "../shared/api/session";
import { type Language, say } from "../shared/words";

const SHOWN = 200;

/** The live log: what happens in the shop, the latest first, and how often each thing has happened since you look. */
export function Day({ language, me }: { language: Language; me: Me }) {
  const [live, setLive] = useState(false);
  const [events, setEvents] = useState<ShopEvent[]>([]);
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  const mayWatch = me.duties.includes("read_events");

  useEffect(() => {
    if (!mayWatch) return;
    return follow((event) => {
      setEvents((known) => [event, ...known].slice(0, SHOWN));
      setCounts((known) => new Map(known).set(event.kind, (known.get(event.kind) ?? 0) + 1));
    }, setLive);
  }, [mayWatch]);

  if (!mayWatch) return <p className="quiet">{say(language, "client.no_view")}</p>;
  return (
    <>
      <section className="card">
        <h2>{say(language, "client.since_you_look")}</h2>
        <dl className="figures">
          {[...counts].map(([kind, count]) => (
            <div key={kind}>
              <dt>{kind.replaceAll("_", " ")}</dt>
              <dd>{count.toLocaleString(language)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section className="card">
        <h2>
          {say(language, "client.happening")}
          <span className="state" data-live={live}>
            {say(language, live ? "client.connected" : "client.reconnecting")}
          </span>
        </h2>
        {events.length === 0 && <p className="quiet">{say(language, "client.nothing_yet")}</p>}
        <ol className="events">
          {events.map((event) => (
            <li key={event.position}>
              <time dateTime={event.at}>{new Date(event.at).toLocaleTimeString(language)}</time>
              <span>{event.kind.replaceAll("_", " ")}</span>
              <code>{event.subject.noun}</code>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}
