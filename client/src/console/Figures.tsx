import { useEffect, useState } from "react";
import { type DayFigures, type Indicator, type Site, dayOf, figuresOf, indicators, sites, today } from "../shared/api/figures";
import { type Key, type Language, say } from "../shared/words";

const CHAPTERS = ["3", "2", "4", "1", "6", "5", "0"] as const;
const REFRESH_MS = 5_000;
const GRAMS_MAX = 10_000;

type Shown = { day: string; figures: DayFigures };

/** The figures of a site's business day, by chapter, as they stand now. */
export function Figures({ language }: { language: Language }) {
  const [known, setKnown] = useState<readonly Site[]>([]);
  const [site, setSite] = useState<Site>();
  const [dictionary, setDictionary] = useState<ReadonlyMap<string, Indicator>>(new Map());
  const [shown, setShown] = useState<Shown>();

  useEffect(() => {
    sites().then((found) => {
      setKnown(found);
      setSite(found[0]);
    }, ignore);
  }, []);
  useEffect(() => {
    indicators(language).then((found) => setDictionary(new Map(found.map((one) => [one.name, one]))), ignore);
  }, [language]);
  useEffect(() => {
    if (!site) return;
    let current = true;
    const look = async () => {
      if (document.hidden) return;
      const at = await today();
      const day = dayOf(site, at);
      const figures = await figuresOf(site, day);
      if (current) setShown({ day, figures });
    };
    const again = () => void look().catch(ignore);
    again();
    const timer = setInterval(again, REFRESH_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [site]);

  return (
    <section className="card">
      <h2>
        {say(language, "client.the_day")}
        <span className="state">{shown?.day}</span>
        <span className="spring" />
        {known.length > 1 && (
          <label>
            <span className="unseen">{say(language, "client.site")}</span>
            <select value={site?.id} onChange={(event) => setSite(known.find((one) => one.id === event.target.value))}>
              {known.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )}
      </h2>
      {shown && shown.figures.figures.every((figure) => figure.of === 0) && (
        <p className="quiet">{say(language, "client.no_figures")}</p>
      )}
      {shown &&
        CHAPTERS.map((chapter) => (
          <Chapter key={chapter} chapter={chapter} language={language} dictionary={dictionary} shown={shown} />
        ))}
    </section>
  );
}

function Chapter({
  chapter,
  language,
  dictionary,
  shown,
}: {
  chapter: (typeof CHAPTERS)[number];
  language: Language;
  dictionary: ReadonlyMap<string, Indicator>;
  shown: Shown;
}) {
  const rows = shown.figures.figures.flatMap((figure) => {
    const indicator = dictionary.get(figure.name);
    const value = figure.value ?? undefined;
    if (!indicator?.step.startsWith(chapter) || figure.of === 0 || value === undefined) return [];
    return [{ figure, indicator, value }];
  });
  if (rows.length === 0) return null;
  const written = (indicator: Indicator, value: number) => inUnit(language, indicator.unit, value, shown.figures.currency);
  return (
    <>
      <h3>{say(language, `client.chapter.${chapter}` satisfies Key)}</h3>
      <dl className="figures">
        {rows.map(({ figure, indicator, value }) => (
          <div
            key={figure.name}
            data-verdict={verdict(indicator, value)}
            title={say(language, "client.rests_on", { count: figure.of.toLocaleString(language) })}
          >
            <dt>{indicator.label}</dt>
            <dd>{written(indicator, value)}</dd>
            {indicator.target !== undefined && indicator.target !== null && (
              <small>{say(language, "client.target", { value: written(indicator, indicator.target) })}</small>
            )}
          </div>
        ))}
      </dl>
    </>
  );
}

/** Whether a figure is where it should be. */
export function verdict(indicator: Pick<Indicator, "better" | "target">, value: number): "kept" | "missed" | undefined {
  const target = indicator.target;
  if (target === undefined || target === null || indicator.better === "neither") return undefined;
  return (indicator.better === "higher" ? value >= target : value <= target) ? "kept" : "missed";
}

/** A figure as people say it. */
export function inUnit(language: Language, unit: Indicator["unit"], value: number, currency: string): string {
  const number = (amount: number, digits: number) =>
    amount.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  switch (unit) {
    case "count":
      return number(value, 0);
    case "basis_points":
      return `${number(value / 100, 1)} %`;
    case "hundredths":
      return number(value / 100, 2);
    case "seconds":
      return say(language, "client.unit.seconds", { value: number(value, 0) });
    case "minutes":
      return say(language, "client.unit.minutes", { value: number(value, 0) });
    case "metres":
      return say(language, "client.unit.kilometres", { value: number(value / 1000, 1) });
    case "grams":
      // What is lost per parcel is a matter of grams, what a day moves one of kilograms.
      return Math.abs(value) < GRAMS_MAX
        ? say(language, "client.unit.grams", { value: number(value, 0) })
        : say(language, "client.unit.kilograms", { value: number(value / 1000, 1) });
    case "money":
      return (value / 10 ** minorDigits(currency)).toLocaleString(language, { style: "currency", currency, minimumFractionDigits: minorDigits(currency), maximumFractionDigits: minorDigits(currency) });
  }
}

/** New Taiwan dollars are counted whole. */
function minorDigits(currency: string): number {
  return currency === "TWD" ? 0 : 2;
}

function ignore() {
  // The page keeps what it showed; the next look may succeed.
}
