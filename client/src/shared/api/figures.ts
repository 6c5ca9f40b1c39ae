// The day's figures, as the shop computes them from its log and its journals.
import createClient from "openapi-fetch";
import type { Language } from "../words";
import type { components, paths } from "./schema";

export type Site = components["schemas"]["SiteCard"];
export type Indicator = components["schemas"]["IndicatorCard"];
export type DayFigures = components["schemas"]["Figures"];

const api = createClient<paths>({ baseUrl: "/api" });

export async function sites(): Promise<Site[]> {
  return need((await api.GET("/sites")).data);
}

export async function indicators(language: Language): Promise<Indicator[]> {
  return need((await api.GET("/indicators", { headers: { "accept-language": language } })).data);
}

/** Now by the shop's clock, which in a demonstration is not ours. */
export async function today(): Promise<Date> {
  return new Date(need((await api.GET("/clock")).data).at);
}

export async function figuresOf(site: Site, day: string): Promise<DayFigures> {
  return need((await api.GET("/indicators/day", { params: { query: { site: site.id, day } } })).data);
}

/** The business day at a site: a night shift that packs until two still packs for the day on which it began. */
export function dayOf(site: Pick<Site, "time_zone" | "day_turns_at_minute">, at: Date): string {
  const turned = new Date(at.getTime() - site.day_turns_at_minute * 60_000);
  // Swedish dates are written year first, as the API wants them.
  return turned.toLocaleDateString("sv-SE", { timeZone: site.time_zone });
}

function need<T>(data: T | undefined): T {
  if (data === undefined) throw new Error("the shop does not answer");
  return data;
}
