import { useCallback, useEffect, useState } from "preact/hooks";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { Hello } from "./wire.ts";

interface Delivery {
  id: string;
  kind: string;
  channel: string;
  to?: string;
  reason?: string;
  text?: string;
}

interface Props {
  connection: GatewayConnection;
  hello: Hello;
  /** Grows when a turn failed. */
  revision: number;
}

/** Channels' deliveries that fail are told in no event. */
const REFRESH_MS = 30_000;

/** Messages that could not be delivered or answered, and the button that tries them again. */
export function DeadLetters({ connection, hello, revision }: Props) {
  const [dead, setDead] = useState<readonly Delivery[]>([]);
  const offered = hello.features?.methods?.includes("deliveries.list") ?? false;

  const refresh = useCallback(() => {
    connection
      .request<{ deliveries: Delivery[] }>("deliveries.list", { status: "dead", limit: 50 })
      .then(({ deliveries }) => setDead(deliveries))
      .catch(() => {});
  }, [connection]);

  useEffect(() => {
    if (!offered) return;
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => clearInterval(timer);
  }, [offered, refresh, revision]);

  const replay = (delivery: Delivery) =>
    connection
      .request("deliveries.replay", { id: delivery.id })
      .then(refresh)
      .catch(() => refresh());

  if (dead.length === 0) return null;
  return (
    <details class="dead-letters">
      <summary>
        {dead.length === 1 ? "1 message was not delivered" : `${dead.length} messages were not delivered`}
      </summary>
      <ul>
        {dead.map((delivery) => (
          <li key={delivery.id}>
            <span>
              {delivery.kind} · {delivery.channel}
              {delivery.to && ` → ${delivery.to}`}: {delivery.reason ?? "no reason was recorded"}
            </span>
            <button type="button" onClick={() => void replay(delivery)}>
              Try again
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
