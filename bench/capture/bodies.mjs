// Prebuilt ingest bodies of 500 events with references that no other body has.
const WORDS =
  "roadmap budget review release customer meeting design garden invoice travel kitchen weather".split(" ");

function sentence(seed) {
  let text = "";
  for (let word = 0; word < 9; word++) text += `${WORDS[(seed * 7 + word * 5) % WORDS.length]} `;
  return `${text}${seed}.`;
}

export function makeBodies(count, events, series) {
  const now = Math.floor(Date.now() / 1_000);
  return Array.from({ length: count }, (_, batch) =>
    Buffer.from(
      JSON.stringify({
        source_type: "audio_system",
        platform: "linux",
        device_id: "550e8400-e29b-41d4-a716-446655440000",
        plugin_id: "bench",
        plugin_version: "1.0.0",
        timestamp: now,
        events: Array.from({ length: events }, (_, event) => ({
          timestamp: now - event,
          data: {
            text: sentence(batch * events + event),
            duration: 60,
            app_name: "Google Meet",
            confidence: 0.95,
          },
          raw_ref: `${series}-${batch}-${event}`,
        })),
      }),
    ),
  );
}
