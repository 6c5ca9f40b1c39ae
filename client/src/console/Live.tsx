import { useEffect, useRef, useState } from "react";
import { type ShopEvent, follow } from "../shared/api/events";
import { sites } from "../shared/api/figures";
import { type Language, eventName, say } from "../shared/words";

/** Events that stay on the page. */
const SHOWN = 100;
/** A busy shop tells hundreds of things a second; the page is drawn a few times. */
const DRAWN_EVERY_MS = 250;

type Seen = { events: readonly ShopEvent[]; counts: ReadonlyMap<string, number> };

/** The live log: what happens in the shop, the latest first, and how often each thing has happened since you look. */
export function Live({ language }: { language: Language }) {
  const [live, setLive] = useState(false);
  const [seen, setSeen] = useState<Seen>({ events: [], counts: new Map() });
  const [zone, setZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const waiting = useRef<ShopEvent[]>([]);

  useEffect(() => {
    // The shop's own clock on the wall; the reader's, until it is known.
    sites().then((found) => found[0] && setZone(found[0].time_zone), ignore);
  }, []);

  useEffect(() => {
    const stop = follow((event) => waiting.current.push(event), setLive);
    const drawing = setInterval(() => {
      const news = waiting.current.splice(0);
      if (news.length > 0) setSeen((known) => withNews(known, news));
    }, DRAWN_EVERY_MS);
    return () => {
      clearInterval(drawing);
      stop();
    };
  }, []);

  const most = [...seen.counts].sort(([, a], [, b]) => b - a);
  return (
    <section className="card live">
      <h2>
        {say(language, "client.happening")}
        <span className="state" data-live={live}>
          {say(language, live ? "client.connected" : "client.reconnecting")}
        </span>
      </h2>
      {most.length > 0 && (
        <details>
          <summary>{say(language, "client.since_you_look")}</summary>
          <dl className="counts">
            {most.map(([kind, count]) => (
              <div key={kind}>
                <dt>{eventName(language, kind)}</dt>
                <dd>{count.toLocaleString(language)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {seen.events.length === 0 && <p className="quiet">{say(language, "client.nothing_yet")}</p>}
      <ol className="events">
        {seen.events.map((event) => (
          <li key={event.position}>
            <time dateTime={event.at}>{new Date(event.at).toLocaleTimeString(language, { hour12: false, timeZone: zone })}</time>
            <span>{eventName(language, event.kind)}</span>
            <code>{numberOf(event)}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}

function ignore() {
  // Nothing is lost but the shop's own time.
}

function withNews(known: Seen, news: readonly ShopEvent[]): Seen {
  const counts = new Map(known.counts);
  for (const event of news) counts.set(event.kind, (counts.get(event.kind) ?? 0) + 1);
  return { events: [...news].reverse().concat(known.events).slice(0, SHOWN), counts };
}

/** The number that people know the thing by, where the event tells it. */
function numberOf(event: ShopEvent): string {
  const body = event.body as Readonly<Record<string, unknown>>;
  const known = [body["number"], body["code"], body["lot_code"]].find((value) => typeof value === "string");
  return typeof known === "string" ? known : event.subject.noun.replaceAll("_", " ");
}
