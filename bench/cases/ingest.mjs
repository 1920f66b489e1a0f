// Ingest of captured events; the case and its floor program lie in bench/capture.
export { name, run } from "../capture/ingest.mjs";
