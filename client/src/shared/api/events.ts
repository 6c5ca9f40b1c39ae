// The live log, as server-sent events whose ids are positions: a lost stream resumes without a gap.
import type { components } from "./schema";

export type ShopEvent = components["schemas"]["SealedEvent"];

/** Follows the log from now on; answers how to stop. */
export function follow(onEvent: (event: ShopEvent) => void, onLive: (live: boolean) => void): () => void {
  const source = new EventSource("/api/events/stream");
  source.onopen = () => onLive(true);
  source.onerror = () => onLive(false);
  source.onmessage = (message) => onEvent(JSON.parse(String(message.data)) as ShopEvent);
  return () => source.close();
}
