// Who is signed in. The session itself is a cookie that no script can read.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";
import type { Language } from "../words";

export type Me = components["schemas"]["WhoAmI"];

const api = createClient<paths>({ baseUrl: "/api" });

export async function whoAmI(): Promise<Me | undefined> {
  const { data, response } = await api.GET("/session");
  if (response.status >= 500) throw new Error("the shop does not answer");
  return data?.actor.kind === "anonymous" ? undefined : data;
}

export async function signIn(
  login: string,
  password: string,
  language: Language,
): Promise<{ me: Me } | { refused: string }> {
  const { data, error } = await api.POST("/session", {
    body: { login, password },
    headers: { "accept-language": language },
  });
  if (data) return { me: data };
  return { refused: error?.detail ?? "" };
}

export async function signOut(me: Me): Promise<void> {
  await api.DELETE("/session", { headers: { "x-csrf-token": me.csrf_token ?? "" } });
}
